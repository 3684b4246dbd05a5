"""Which events and sessions pass the inbound filters (spec/ingest.md 6.8)."""

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.domain.event.accepted import BodyForm
from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.decode import decode_event
from tocsin.domain.event.envelope import open_body
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.normalise import normalise
from tocsin.domain.filters import Filters, Sender, filters_of, why_filtered, why_filtered_session
from tocsin.domain.filters.filters import DEFAULTS, LEGACY_BROWSERS
from tocsin.domain.filters.globs import PATTERNS_MAX
from tocsin.domain.grouping.globs import expanded

CORPUS = Path(__file__).parents[2] / "corpus"
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
EVERYTHING = Filters(on=frozenset(DEFAULTS), legacy_browsers=frozenset(LEGACY_BROWSERS))
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


def event(**fields):
    return normalise(fields, Arrival(project_id=1, event_id="e" * 32, received=NOW))


def browsing(agent="", url="https://shop.test/", **headers):
    sent = {"User-Agent": agent} if agent else {}
    return event(request={"url": url, "headers": sent | {name.replace("_", "-"): v for name, v in headers.items()}})


def failing(value, type_="Error", abs_path="https://shop.test/a.js"):
    frames = [{"abs_path": abs_path, "function": "f"}, {"abs_path": "<anonymous>", "function": "g"}]
    return event(
        platform="javascript", exception={"values": [{"type": type_, "value": value, "stacktrace": {"frames": frames}}]}
    )


GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        pytest.param(GOOGLEBOT, "web-crawlers", id="ingest-H01"),
        pytest.param("Slackbot 1.0(+https://api.slack.com/robots)", None, id="ingest-H02"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "web-crawlers"),
        ("facebookexternalhit/1.1", "web-crawlers"),
        ("SomeBot/1.0", "web-crawlers"),
        ("mySpider; x", "web-crawlers"),
        ("Mozilla/5.0 (compatible; AhrefsBot; x)", "web-crawlers"),
        ("robotics-app", None),
        ("Pingdom.com_bot_version_1.4", "web-crawlers"),
        (CHROME, None),
        ("python-requests/2.32", None),
    ],
)
def test_crawlers_are_known_by_what_they_say_they_are(agent, reason):
    assert why_filtered(browsing(agent), Filters(), Sender()) == reason
    assert why_filtered(browsing(agent), Filters(on=frozenset()), Sender()) is None
    assert why_filtered_session({"user_agent": agent, "release": "1"}, Filters(), Sender()) == reason


IE = "Mozilla/5.0 (compatible; MSIE {}.0; Windows NT 6.1; Trident/{}.0)"
IE_11 = "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; AS; rv:11.0) like Gecko"
EDGE_18 = CHROME + " Edge/18.17763"
EDGE_142 = CHROME + " Edg/142.0.0.0"
SAFARI_5 = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_6_8) AppleWebKit/534 (KHTML, like Gecko) Version/5.1 Safari/534"
OPERA_12 = "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18"
OPERA_MINI_7 = "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10"
ANDROID_2 = (
    "Mozilla/5.0 (Linux; U; Android 2.3.5; en-us) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1"
)


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        (IE.format(8, 4), {"ie_pre_9"}),
        (IE.format(9, 5), {"ie9"}),
        (IE.format(10, 6), {"ie10"}),
        (IE_11, {"ie11"}),
        (EDGE_18, {"edge_pre_79"}),
        (EDGE_142, set()),
        (SAFARI_5, {"safari_pre_6"}),
        (OPERA_12, {"opera_pre_15"}),
        (OPERA_MINI_7, {"opera_mini_pre_8"}),
        (ANDROID_2, {"android_pre_4"}),
        (CHROME, set()),
        ("", set()),
    ],
)
def test_a_browser_of_long_ago_is_filtered_by_its_own_switch_alone(agent, names):
    found = {
        name
        for name in LEGACY_BROWSERS
        if why_filtered(browsing(agent), Filters(legacy_browsers=frozenset({name})), Sender()) == "legacy-browsers"
    }
    assert found == names


LOCAL = Filters(on=frozenset({"localhost"}))


@pytest.mark.parametrize(
    ("sent", "is_local"),
    [
        pytest.param(browsing(url="http://foolocalhost/"), False, id="ingest-H04"),
        pytest.param(browsing(url="http://localhost:3000/x"), True, id="ingest-H03"),
        (browsing(url="http://app.localhost/x"), True),
        (browsing(url="http://127.0.0.1/x"), True),
        (browsing(url="file:///home/x/index.html"), True),
        (browsing(url="https://localhost.example.com/"), False),
        (browsing(X_Forwarded_For="127.0.0.1"), True),
        (browsing(url=None, Host="localhost:8000"), True),
        (browsing(url=None, X_Forwarded_Host="127.0.0.1"), True),
        (browsing(url="https://shop.test/", Host="localhost"), False),
        (event(user={"ip_address": "::1"}), True),
        (event(user={"ip_address": "127.0.0.1"}), True),
        (event(user={"ip_address": "10.1.2.3"}), False),
        (event(message="hello"), False),
    ],
)
def test_what_fails_on_the_machine_of_its_developer(sent, is_local):
    assert why_filtered(sent, LOCAL, Sender()) == ("localhost" if is_local else None)


EXTENSIONS = Filters(on=frozenset({"browser-extensions"}))


@pytest.mark.parametrize(
    ("sent", "is_extension"),
    [
        pytest.param(failing("oops", abs_path="chrome-extension://x/y.js"), True, id="ingest-H05"),
        (failing("oops", abs_path="moz-extension://x/y.js"), True),
        (failing("oops", abs_path="safari-web-extension://x/y.js"), True),
        (failing("oops", abs_path="https://connect.facebook.net/sdk.js"), True),
        (failing("oops", abs_path="https://shop.test/chrome.js"), False),
        (failing("top.GLOBALS is not defined"), True),
        (failing("TypeError: can't access dead object"), True),
        (failing("jigsaw is not defined"), True),
        (failing("jigsaw puzzle is lost"), False),
        (event(message="top.GLOBALS"), False),
        (event(exception={"values": [{"type": "E", "value": "fine"}, {"type": "E", "value": "conduitPage"}]}), False),
    ],
)
def test_what_extensions_of_the_browser_do_wrong(sent, is_extension):
    assert why_filtered(sent, EXTENSIONS, Sender()) == ("browser-extensions" if is_extension else None)


@pytest.mark.parametrize(
    ("release", "globs", "is_filtered"),
    [
        pytest.param("1.4", ("1.*",), True, id="ingest-H07"),
        ("2.4", ("1.*",), False),
        ("shop@1.4+5", ("SHOP@1.*", "x"), True),
        ("1.4", ("1",), False),
        ("1.4.0", ("[!3].[0-9].*",), True),
        ("3.4.0", ("[!3].[0-9].*",), False),
        ("B.1", ("[A-C].*",), True),
        ("", ("*",), True),
    ],
)
def test_releases_that_nobody_looks_after(release, globs, is_filtered):
    sent = event(message="x", **({"release": release} if release else {}))
    assert why_filtered(sent, Filters(releases=globs), Sender()) == ("release-version" if is_filtered else None)
    session = why_filtered_session({"release": release}, Filters(releases=globs), Sender())
    assert session == ("release-version" if is_filtered else None)


@pytest.mark.parametrize(
    ("sent", "globs", "is_filtered"),
    [
        (failing("refused", type_="ConnectionError"), ("*ConnectionError*",), True),
        (failing("refused", type_="ConnectionError"), ("connectionerror: refused",), True),
        (failing("refused", type_="ConnectionError"), ("refused",), True),
        (failing("refused", type_="ConnectionError"), ("*reset*",), False),
        (event(message="disk is full"), ("disk*",), True),
        (event(logentry={"message": "disk %s is full", "params": ["a"]}), ("disk a is full",), True),
        (event(message="disk is full"), ("full",), False),
    ],
)
def test_errors_and_messages_that_are_known_and_not_wanted(sent, globs, is_filtered):
    found = why_filtered(sent, Filters(error_messages=globs), Sender())
    assert found == ("error-message" if is_filtered else None)


def test_a_recorded_event_is_filtered_by_what_it_says():
    """ingest-H08"""
    request = msgspec.json.decode((CORPUS / "python-fingerprint-static.json").read_bytes())
    body = (CORPUS / "python-fingerprint-static.envelope").read_bytes()
    envelope = open_body(body, BodyForm.ENVELOPE, request["content_encoding"], IntakeLimits())
    (sent,) = [decode_event(item.payload) for item in envelope.items if item.type == "event"]
    found = why_filtered(event(**sent), Filters(error_messages=("*ConnectionError*",)), Sender())
    assert found == "error-message"


def test_the_newest_error_of_a_long_chain_is_judged_and_the_rest_as_far_as_it_goes():
    chain = [{"type": "Old", "value": "x" * 8000} for _ in range(40)] + [{"type": "New", "value": "refused"}]
    sent = event(exception={"values": chain})
    assert why_filtered(sent, Filters(error_messages=("New: refused",)), Sender()) == "error-message"
    assert why_filtered(sent, Filters(error_messages=("Old: x*",)), Sender()) == "error-message"


@pytest.mark.parametrize("glob", ["*a*a*b{}", "*a*{{a,b,c}}*c{}"])
def test_no_event_is_too_long_for_the_longest_list_of_globs(glob):
    globs = tuple(glob.format(number) for number in range(PATTERNS_MAX // len(expanded(glob.format(0)))))
    sent = event(exception={"values": [{"type": "E", "value": "a" * 9000} for _ in range(60)]})
    started = time.process_time()
    assert why_filtered(sent, Filters(error_messages=globs), Sender()) is None
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("address", "networks", "is_filtered"),
    [
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("10.1.2.3", ("10.1.2.4", "10.1.2.3"), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("2001:db8::1", ("2001:db8::/32",), True),
        ("10.1.2.3", ("2001:db8::/32",), False),
        ("", ("0.0.0.0/0",), False),
        ("not an address", ("0.0.0.0/0",), False),
    ],
)
def test_senders_that_are_not_wanted(address, networks, is_filtered):
    found = why_filtered(event(message="x"), Filters(addresses=networks), Sender(address))
    assert found == ("ip-address" if is_filtered else None)
    assert why_filtered_session({"release": "1"}, Filters(addresses=networks), Sender(address)) == found


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (failing("Hydration failed because the initial UI does not match"), "react-hydration-errors"),
        (failing("Minified React error #418; visit https://react.dev/errors/418?x"), "react-hydration-errors"),
        (failing("Minified React error #31; visit https://react.dev/errors/31"), None),
        (failing("Loading chunk 712 failed.\n(error: /712.js)", type_="ChunkLoadError"), "chunk-load-error"),
        (failing("Loading CSS chunk main failed."), "chunk-load-error"),
        (event(csp={"effective_directive": "img-src", "blocked_uri": "chrome-extension://x"}), "invalid-csp"),
        (event(csp={"effective_directive": "img-src", "blocked_uri": "about"}), "invalid-csp"),
        (event(csp={"effective_directive": "img-src", "blocked_uri": "https://x.superfish.com/a.png"}), "invalid-csp"),
        (event(csp={"effective_directive": "img-src", "blocked_uri": "https://cdn.test/a.png"}), None),
        (event(csp={"effective_directive": "img-src", "blocked_uri": "https://[bad/a.png"}), None),
    ],
)
def test_failures_that_are_nobodys_mistake(sent, reason):
    assert why_filtered(sent, EVERYTHING, Sender()) == reason


def test_a_project_that_said_nothing_filters_crawlers_and_foreign_content_policies():
    assert filters_of({}) == Filters()
    assert Filters().on == {"web-crawlers", "invalid-csp", "filtered-transaction"}
    assert why_filtered(failing("top.GLOBALS"), Filters(), Sender()) is None
    switched = filters_of({"filters:localhost": True, "filters:web-crawlers": False, "filters:releases": ["1.*"]})
    assert switched == replace(
        Filters(), on=frozenset({"localhost", "invalid-csp", "filtered-transaction"}), releases=("1.*",)
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(["exception", "request", "user", "csp", "logentry", "release", "message"]), JSON)
)
def test_no_event_is_too_odd_to_be_judged(body):
    filters = replace(EVERYTHING, releases=("a*",), error_messages=("b*",), addresses=("10.0.0.0/8",))
    why_filtered(event(**body), filters, Sender("10.0.0.1"))
