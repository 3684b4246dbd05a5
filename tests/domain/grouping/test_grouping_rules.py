"""How rules are read, and what they do to frames and fingerprints."""

from typing import Any

import pytest

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping import apply_rules, group, parse_grouping_rules


def stack(*frames: dict[str, Any], platform: str = "python", **exception: Any) -> dict[str, Any]:
    values = [{"type": "Oops", "value": "no stock", "stacktrace": {"frames": list(frames)}} | exception]
    return {"platform": platform, "exception": {"values": values}}


def frames_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return payload["exception"]["values"][0]["stacktrace"]["frames"]


def in_app(payload: dict[str, Any], enhancements: str = "") -> list[bool]:
    apply_rules(payload, parse_grouping_rules("", enhancements))
    return [frame["in_app"] for frame in frames_of(payload)]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (("", "\n# fine\nstack.function:f"), "line 3: a rule needs an action"),
        (("", "-app"), "line 1: a rule needs a matcher"),
        (("", "colour:red -app"), "line 1: there is no matcher 'colour'"),
        (("", "function:f -app please"), "line 1: 'please' begins with neither"),
        (("", "[ -app ] | function:f -app"), "line 1: .* names no frame"),
        (("", "x" * 5000), "line 1: a rule may have 4096 characters"),
        (("", "\n" * 1001), "line 1001: there may be 1000 lines"),
        (("type:x", ""), "line 1: '' is no matcher"),
        (("type:x -> y\nred -> y", ""), "line 2: 'red -> y' is no matcher"),
        (("-> y", ""), "line 1: a rule needs a matcher"),
        (("type:x ->", ""), "line 1: a rule needs a fingerprint"),
        (('type:x -> y "z', ""), "line 1: '\"z' is no fingerprint"),
        (("colour:red -> y", ""), "line 1: there is no matcher 'colour'"),
        (("type:{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b} -> y", ""), "line 1: .* too many alternatives"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_line(rules, message):
    with pytest.raises(Malformed, match=message):
        parse_grouping_rules(*rules)


def test_the_same_text_is_parsed_once():
    assert parse_grouping_rules("type:x -> y") is parse_grouping_rules("type:x -> y")


@pytest.mark.parametrize(
    ("platform", "frame", "expected"),
    [
        ("python", {"abs_path": "/srv/venv/lib/python3.12/site-packages/django/x.py", "in_app": True}, False),
        ("python", {"abs_path": "/srv/app/x.py", "in_app": True}, True),
        ("python", {"abs_path": "/srv/app/x.py"}, False),
        ("go", {"abs_path": "/root/go/pkg/mod/github.com/x/y.go", "in_app": True}, False),
        ("php", {"filename": "vendor/symfony/x.php", "in_app": True}, False),
        ("ruby", {"abs_path": "/usr/local/bundle/gems/rack-3.0/lib/rack.rb", "in_app": True}, False),
        ("javascript", {"abs_path": "webpack:///./src/cart.ts"}, True),
        ("javascript", {"abs_path": "app:///dist/cart.js", "in_app": False}, True),
        ("javascript", {"abs_path": "webpack:///./node_modules/react/index.js"}, False),
        ("javascript", {"abs_path": "webpack:///./~/react/index.js"}, False),
        ("javascript", {"abs_path": "https://unpkg.com/react@18/index.js", "in_app": True}, False),
        ("javascript", {"abs_path": "https://shop.io/main.js", "in_app": True}, True),
        ("node", {"abs_path": "node:internal/process/task_queues", "in_app": True}, False),
        ("java", {"module": "org.springframework.web.Servlet", "in_app": True}, False),
        ("java", {"module": "org.shop.Cart", "in_app": True}, True),
        ("java", {"module": "kotlinx.coroutines.Job", "in_app": True}, False),
        ("other", {"abs_path": "package:flutter/src/widgets.dart", "in_app": True}, False),
    ],
)
def test_the_built_in_rules_know_third_party_code(platform, frame, expected):
    assert in_app(stack(frame, platform=platform)) == [expected]


def test_helpers_of_compilers_do_not_count():
    payload = stack(
        {"function": "processTicksAndRejections", "abs_path": "node:internal/process/task_queues"},
        {"function": "asyncToGenerator", "module": "@babel/runtime/helpers"},
        {"function": "pay", "module": "shop"},
        platform="node",
    )
    apply_rules(payload)
    assert group(payload).variants[-1].values == ("Oops", "shop", "pay")


def test_what_the_sdk_said_is_kept_where_rules_say_otherwise():
    payload = stack({"function": "f"}, {"function": "g", "in_app": False}, {"function": "h", "in_app": True})
    assert in_app(payload, "function:g +app\nfunction:h -app") == [False, True, False]
    assert [frame["data"]["orig_in_app"] for frame in frames_of(payload)] == [-1, 0, 1]


def test_other_rules_start_again_from_what_the_sdk_said():
    payload = stack({"function": "f", "in_app": True})
    assert in_app(payload, "function:f -app") == [False]
    assert in_app(payload) == [True]


@pytest.mark.parametrize("place", ["stacktrace", "threads"])
def test_every_stack_trace_of_an_event_is_classified(place):
    frames = [{"function": "f"}, None]
    stacktrace = {"frames": frames}
    payload = (
        {"stacktrace": stacktrace} if place == "stacktrace" else {"threads": {"values": [{"stacktrace": stacktrace}]}}
    )
    apply_rules(payload, parse_grouping_rules("", "function:f +app"))
    assert frames == [{"function": "f", "in_app": True, "data": {"orig_in_app": -1}}, None]


@pytest.mark.parametrize(
    ("enhancements", "expected"),
    [
        ("module:shop.* +app", [True, True, False, False]),
        ("stack.module:shop.* !function:pay +app", [False, True, False, False]),
        ("function:cart ^+app", [False, False, True, True]),
        ("function:cart v+app", [True, False, False, False]),
        ("path:/srv/**/pay.py +app", [True, False, False, False]),
        ("package:libpay.so +app", [False, False, True, False]),
        ("[ function:pay ] | function:* +app", [False, True, False, False]),
        ("function:* | [ function:log ] +app", [False, False, True, False]),
        ("error.type:Oops function:pay +app", [True, False, False, False]),
        ("error.type:Other function:pay +app", [False, False, False, False]),
        ('error.value:"NO *" error.mechanism:celery function:pay +app', [True, False, False, False]),
        ("function:pay +app\napp:yes ^+app", [True, True, True, True]),
        ("function:pay category=money\ncategory:money +app", [True, False, False, False]),
        ("family:native +app", [False, False, False, True]),
        ("family:javascript,native,other function:cart +app", [False, True, False, False]),
        ("family:all +app", [True, True, True, True]),
        ("function:pay +app\nfunction:pay -app", [False, False, False, False]),
        ('function:"send *" +app', [False, False, True, False]),
    ],
)
def test_a_rule_says_whose_a_frame_is(enhancements, expected):
    payload = stack(
        {"function": "pay", "module": "shop.pay", "abs_path": "/srv/x/pay.py"},
        {"function": "cart", "module": "shop.cart", "filename": "cart.py"},
        {"function": "send mail", "module": "mail", "package": "/usr/lib/libpay.so"},
        {"function": "log", "module": "mail", "platform": "native"},
        mechanism={"type": "celery"},
    )
    assert in_app(payload, enhancements) == expected


@pytest.mark.parametrize(
    ("enhancements", "expected"),
    [
        ("app:no -group", ("Oops", "m", "b")),
        ("function:b -group", ("Oops", "m", "a")),
        ("function:a -group\nfunction:b -group\nfunction:b +group", ("Oops", "m", "b")),
        ("function:a min-frames=3", ("Oops", "no stock")),
        ("function:a min-frames=2", ("Oops", "m", "a", "m", "b")),
        ("function:a category=x\ncategory:x -group", ("Oops", "m", "b")),
    ],
)
def test_a_rule_says_which_frames_count(enhancements, expected):
    payload = stack({"function": "a", "module": "m"}, {"function": "b", "module": "m", "in_app": True})
    rules = parse_grouping_rules("", enhancements)
    apply_rules(payload, rules)
    texts = {variant.name: variant.values for variant in group(payload, rules).variants}
    assert texts.get("system", texts.get("app")) == expected


EVENT = stack(
    {"function": "pay", "module": "shop.pay", "abs_path": "/srv/pay.py", "package": "/lib/libpay.so", "in_app": True},
    {"function": "send", "module": "mail", "in_app": False},
    mechanism={"type": "celery"},
) | {
    "level": "error",
    "logger": "shop.billing",
    "transaction": "/pay/{id}",
    "release": "shop@1.0",
    "sdk": {"name": "sentry.python"},
    "tags": [["region", "eu"]],
    "logentry": {"message": "paid %s", "formatted": "paid 7"},
}


@pytest.mark.parametrize(
    "matchers",
    [
        "type:Oops",
        'error.value:"NO STOCK"',
        "mechanism:celery",
        'message:"paid %s"',
        'message:"paid 7"',
        'message:"no stock"',
        "level:ERROR",
        "logger:shop.*",
        "transaction:/pay/*",
        "release:shop@*",
        "sdk:sentry.python",
        "tags.region:eu",
        "!tags.region:us",
        "family:other",
        "path:/srv/*.py",
        "stack.module:shop.* stack.function:pay app:yes",
        "package:libpay.so",
        "type:Oops logger:shop.billing !level:info",
    ],
)
def test_a_fingerprint_rule_fits(matchers):
    assert group(EVENT, parse_grouping_rules(f"{matchers} -> ours")).fingerprint == ("ours",)


@pytest.mark.parametrize(
    "matchers",
    [
        "type:oops",
        "logger:billing",
        "tags.region:us",
        "tags.none:*",
        "function:pay module:mail",
        "family:native",
        "app:x",
    ],
)
def test_a_fingerprint_rule_does_not_fit(matchers):
    assert group(EVENT, parse_grouping_rules(f"{matchers} -> ours")).fingerprint == ("{{ default }}",)


@pytest.mark.parametrize(
    ("outcome", "fingerprint", "title"),
    [
        ("a, b", ("a", "b"), None),
        ("a b", ("a", "b"), None),
        ('"a, b", {{ type }}', ("a, b", "Oops"), None),
        ("{{default}}, {{transaction}}", ("{{ default }}", "/pay/{id}"), None),
        ('x title="{{ error.type }} in {{ stack.function }} \\"{{ tags.region }}\\""', ("x",), 'Oops in pay "eu"'),
        ('title="first" x', ("x",), "first"),
        ("err-{{ type }}", ("err-{{ type }}",), None),
    ],
)
def test_a_fingerprint_rule_names_entries_and_a_title(outcome, fingerprint, title):
    grouping = group(EVENT, parse_grouping_rules(f"type:Oops -> {outcome}"))
    assert (grouping.fingerprint, grouping.title) == (fingerprint, title)


@pytest.mark.parametrize(
    ("exception", "fingerprint"),
    [
        ({"type": "ChunkLoadError", "value": "Loading chunk 7 failed."}, ("chunkloaderror",)),
        ({"type": "Error", "value": "Loading CSS chunk 7 failed."}, ("chunkloaderror",)),
        ({"type": "Error", "value": "Hydration failed because the initial UI"}, ("hydrationerror", "/cart")),
        ({"type": "ChunkLoadError", "value": "of our own making"}, ("{{ default }}",)),
    ],
)
def test_the_built_in_fingerprint_rules(exception, fingerprint):
    payload = {"platform": "javascript", "transaction": "/cart", "exception": {"values": [exception]}}
    assert group(payload).fingerprint == fingerprint
    assert group(payload | {"platform": "python"}).fingerprint == ("{{ default }}",)


def test_a_rule_of_the_project_goes_before_the_built_in_ones():
    exception = {"type": "ChunkLoadError", "value": "Loading chunk 7 failed."}
    payload = {"platform": "javascript", "exception": {"values": [exception]}}
    assert group(payload, parse_grouping_rules("type:ChunkLoadError -> ours")).fingerprint == ("ours",)
