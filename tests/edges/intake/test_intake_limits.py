"""What an SDK sees of a cap, and what is kept and counted of a request that meets one (spec/ingest.md 1.7, 1.8, 6.9)."""

from datetime import timedelta

import msgspec
import pytest

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.pipeline import digest
from tocsin.domain.rate_limit import Caps, caps_of_key, caps_of_project

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
URL = "/api/42/envelope/"
STORE_URL = "/api/42/store/"
AUTH = ("X-Sentry-Auth", f"Sentry sentry_key={KEY}, sentry_version=7")
EVENT = '{"type":"event"}\n{"exception":{"values":[{"type":"E"}]}}\n'
SESSION = '{"type":"session"}\n{"sid":"a"}\n'
REPORT = '{"type":"client_report"}\n{"discarded_events":[{"reason":"x","category":"span","quantity":1}]}\n'
FILE = '{"type":"attachment","length":5}\n12345\n'
WORDS = '{"type":"user_report"}\n{"name":"Jane"}\n'
PROFILE = '{"type":"profile"}\n{}\n'
ID = "9ec79c33ec9942ab8353589fcb2e04dc"
LIMITED = "60:error;default;security:key:key_quota"
DUMP = b"MDMP" + bytes(28)


def envelope(*items):
    return f'{{"event_id":"{ID}"}}\n{"".join(items)}'.encode()


@pytest.fixture
def one_a_minute(make_intake):
    """An intake whose key lets one event through a minute."""
    return make_intake(key={"caps": caps_of_key(KEY, 1, 60)})


@pytest.fixture
def exhausted(one_a_minute):
    """The same when the event of this minute is through."""
    assert one_a_minute.post(URL, envelope(EVENT), AUTH).status == 200
    one_a_minute.kept.clear()
    return one_a_minute


def test_the_last_event_that_fits_hears_of_nothing(one_a_minute):
    answer = one_a_minute.post(URL, envelope(EVENT), AUTH)
    assert (answer.status, "x-sentry-rate-limits" in answer.headers) == (200, False)


def test_an_event_too_many_is_declined_and_the_client_is_told_for_how_long(exhausted):
    exhausted.now += timedelta(seconds=12.5)
    answer = exhausted.post(URL, envelope(EVENT), AUTH)
    assert (answer.status, answer.headers["retry-after"]) == (429, "48")
    assert answer.headers["x-sentry-rate-limits"] == "48:error;default;security:key:key_quota"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "retry-after" in answer.headers["access-control-expose-headers"]
    assert "key_quota" in answer.json["detail"]
    assert (exhausted.kept, exhausted.counted()) == ([], {("error", "rate_limited", "key_quota"): 1})


@pytest.mark.parametrize(
    ("items", "declined"),
    [
        pytest.param([EVENT, SESSION], (0,), id="ingest-A40"),
        pytest.param([SESSION, EVENT, FILE, WORDS, PROFILE, REPORT], (1, 2, 3, 4), id="what-goes-with-the-event"),
        pytest.param([FILE, SESSION, EVENT, EVENT], (0, 2, 3), id="two-events"),
    ],
)
def test_what_does_not_belong_to_a_declined_event_is_kept(exhausted, items, declined):
    body = envelope(*items)
    assert exhausted.post(URL, body, AUTH).status == 429
    (kept,) = exhausted.kept
    assert (kept.body, kept.declined) == (body, declined)
    digested = digest(kept, IntakeLimits())
    assert (digested.events, digested.attachments) == ((), ())
    assert len({outcome.category for outcome in digested.outcomes}) == len(items) - len(declined)


def test_what_goes_with_an_event_is_counted_each_as_what_it_is(exhausted):
    exhausted.post(URL, envelope(EVENT, FILE, FILE, WORDS, PROFILE, SESSION), AUTH)
    assert exhausted.counted() == {
        ("error", "rate_limited", "key_quota"): 1,
        ("attachment", "rate_limited", "key_quota"): 10,
        ("attachment_item", "rate_limited", "key_quota"): 2,
        ("feedback", "rate_limited", "key_quota"): 1,
        ("profile", "rate_limited", "key_quota"): 1,
    }


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        ('{"message":"hi"}', "default"),
        ('{"exception":null,"message":"hi"}', "default"),
        ('{"exception":[{"type":"E"}]}', "error"),
        ('{"csp":{"effective_directive":"img-src"}}', "security"),
        ("{oops", "error"),
    ],
)
def test_a_declined_event_is_counted_as_the_event_it_would_have_been(exhausted, payload, category):
    exhausted.post(URL, envelope(f'{{"type":"event"}}\n{payload}\n'), AUTH)
    assert exhausted.counted() == {(category, "rate_limited", "key_quota"): 1}


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([REPORT], id="ingest-A41"),
        pytest.param([SESSION], id="session"),
        pytest.param([FILE], id="attachment-of-an-event-that-came-through"),
        pytest.param(['{"type":"check_in"}\n{}\n'], id="check-in"),
    ],
)
def test_a_request_without_an_event_is_taken_and_told_of_the_limit(exhausted, items):
    answer = exhausted.post(URL, envelope(*items), AUTH)
    assert (answer.status, answer.json) == (200, {"id": ID})
    assert (answer.headers["x-sentry-rate-limits"], answer.headers["retry-after"]) == (LIMITED, "60")
    assert [kept.declined for kept in exhausted.kept] == [()]
    assert exhausted.counted() == {}


def test_an_envelope_without_items_is_told_nothing(exhausted):
    assert "x-sentry-rate-limits" not in exhausted.post(URL, b"{}\n", AUTH).headers


def test_the_next_window_lets_events_through_again(exhausted):
    exhausted.now += timedelta(seconds=59.9)
    assert exhausted.post(URL, envelope(EVENT), AUTH).status == 429
    exhausted.now += timedelta(seconds=0.1)
    assert exhausted.post(URL, envelope(EVENT), AUTH).status == 200


def test_the_old_endpoints_meet_the_cap_too(exhausted):
    assert exhausted.post(STORE_URL, b'{"message":"hi"}', AUTH).status == 429
    pixel = exhausted.send("GET", f"{STORE_URL}?sentry_key={KEY}&sentry_data=%7B%22message%22:7%7D")
    assert (pixel.status, pixel.headers["retry-after"]) == (429, "60")
    assert exhausted.counted() == {("default", "rate_limited", "key_quota"): 2}


def test_a_security_report_meets_the_cap_too(exhausted):
    sent = b'{"csp-report":{"effective-directive":"img-src"}}'
    answer = exhausted.post(f"/api/42/security/?sentry_key={KEY}", sent, ("Content-Type", "application/csp-report"))
    assert (answer.status, answer.headers["x-sentry-rate-limits"]) == (429, LIMITED)
    assert exhausted.counted() == {("security", "rate_limited", "key_quota"): 1}


def test_who_would_send_again_and_again_is_not_told(exhausted):
    dump = exhausted.post(f"/api/42/minidump/?sentry_key={KEY}", DUMP, ("Content-Type", "application/x-dmp"))
    unreal = exhausted.post(f"/api/42/unreal/{KEY}/", b"x")
    assert (dump.status, unreal.status, exhausted.kept) == (200, 200, [])
    assert exhausted.counted()["error", "rate_limited", "key_quota"] == 2
    assert exhausted.send("GET", f"/api/42/cron/nightly/{KEY}?status=ok").status == 202
    assert len(exhausted.kept) == 1


def test_an_attachment_that_makes_an_event_meets_the_cap(exhausted):
    dump = '{"type":"attachment","attachment_type":"event.minidump","length":4}\nMDMP\n'
    assert exhausted.post(URL, envelope(dump), AUTH).status == 429


def test_all_caps_that_are_exhausted_are_told(make_intake):
    caps = caps_of_key(KEY, 1, 30) + caps_of_project(
        Caps(project_events_per_hour_max=1, events_per_month_max=9), 42, {}
    )
    intake = make_intake(key={"caps": caps})
    intake.post(URL, envelope(EVENT), AUTH)
    answer = intake.post(URL, envelope(EVENT), AUTH)
    assert answer.headers["x-sentry-rate-limits"] == (
        "30:error;default;security:key:key_quota, 60:error;default;security:project:project_hourly"
    )
    assert answer.headers["retry-after"] == "60"
    assert intake.counted() == {("error", "rate_limited", "key_quota"): 1}


@pytest.mark.parametrize(
    ("url", "body", "headers", "counted"),
    [
        (URL, b"{}\nnope\n", [AUTH], ("default", "invalid", "malformed")),
        (URL, b"{}\n" + b"x" * 70_000, [AUTH], ("default", "invalid", "too_large")),
        (URL, b"{}", [AUTH, ("Content-Encoding", "rot13")], ("default", "invalid", "unsupported_encoding")),
        (f"/api/42/security/?sentry_key={KEY}", b"{}", [], ("default", "invalid", "unsupported_media_type")),
        (URL, b"{}", [AUTH, ("Origin", "https://evil.example")], ("default", "invalid", "cors")),
    ],
)
def test_what_is_refused_is_counted_for_a_key_that_is_known(make_intake, url, body, headers, counted):
    intake = make_intake(key={"allowed_domains": ("shop.example.com",)})
    assert intake.post(url, body, *headers).status >= 400
    assert intake.counted() == {counted: 1}


def test_what_is_sent_with_a_disabled_key_is_counted_as_abuse(make_intake):
    intake = make_intake(key={"is_active": False})
    assert intake.post(URL, envelope(EVENT), AUTH).status == 403
    assert intake.post("/api/43/envelope/", envelope(EVENT), AUTH).status == 403
    assert intake.counted() == {("default", "abuse", "disabled_key"): 1}


def test_what_lay_in_the_spool_before_there_were_limits_is_read_as_before():
    old = {"project_id": 42, "public_key": KEY, "received": "2026-01-31T10:00:00Z", "body": b"{}\n"}
    assert msgspec.convert(old, Accepted).declined == ()
