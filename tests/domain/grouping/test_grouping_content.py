"""What each kind of event is grouped by."""

from typing import Any

import pytest

from tocsin.domain.grouping import Variant, group


def values_of(payload: dict[str, Any]) -> tuple[str, ...]:
    return group(payload).variants[0].values


def with_frame(platform: str, frame: dict[str, Any]) -> dict[str, Any]:
    frames = [{"function": "f", "module": "other", "in_app": True}, {"in_app": True} | frame]
    return {"platform": platform, "stacktrace": {"frames": frames}}


@pytest.mark.parametrize(
    ("platform", "frame", "expected"),
    [
        ("python", {"module": "shop", "filename": "a.py", "function": "f"}, ("shop", "f")),
        ("python", {"filename": "C:\\srv\\Cart.py", "function": "f"}, ("cart.py", "f")),
        ("python", {"filename": "a/<anonymous>", "function": "f"}, ("<anonymous>", "f")),
        ("python", {"filename": "<anonymous>", "function": "f"}, ("f",)),
        ("python", {"module": "m", "context_line": "  a  =\t1 "}, ("m", "a = 1")),
        ("python", {"module": "m", "context_line": " spawn_main(fd=5)"}, ("m", "spawn_main(fd=<int>)")),
        ("go", {"module": "m", "context_line": "a := 1"}, ("m",)),
        ("javascript", {"function": "Cart.pay", "filename": "/a.js", "abs_path": "https://x.io/a.js"}, ("pay",)),
        ("javascript", {"function": "pay", "filename": "a.js", "abs_path": "file:///a.js"}, ("a.js", "pay")),
        ("javascript", {"module": "js/a", "abs_path": "app:///js/a", "filename": "b"}, ("b",)),
        ("javascript", {"module": "js/a", "abs_path": "app:///x.js", "filename": "b"}, ("js/a",)),
        ("javascript", {"function": "eval", "module": "m"}, ()),
        ("javascript", {"function": "pay", "abs_path": "[native code]"}, ()),
        ("javascript", {"function": "?", "abs_path": "https://x.io/a.js", "context_line": "a"}, ()),
        ("javascript", {"function": "?", "abs_path": "file:///a.js", "context_line": "a"}, ()),
        ("javascript", {"function": "?", "abs_path": "/a.js", "context_line": "a"}, ("a",)),
        ("javascript", {"function": "pay", "context_line": "a", "data": {"sourcemap": "a.map"}}, ("a",)),
        ("javascript", {"function": "pay", "data": {"sourcemap": "a.map"}}, ("pay",)),
        ("python", {"function": "A.pay", "platform": "javascript"}, ("pay",)),
        ("java", {"module": "a.B$$Lambda$14/0x0", "filename": "B.java", "function": "run"}, ("b.java", "run")),
        ("java", {"module": "a.B", "function": "lambda$run$0"}, ("a.B",)),
        ("java", {"module": "sun.reflect.GeneratedMethodAccessor41"}, ("sun.reflect.GeneratedMethodAccessor<auto>",)),
        ("java", {"module": "a.B$$SpringCGLIB$$0"}, ("a.B$$SpringCGLIB$$<auto>",)),
        ("java", {"module": "a.B$$FastClassByGuice$$7fa1"}, ("a.B$$FastClassByGuice$$<auto>",)),
        ("java", {"module": "a.B_$$_javassist_12"}, ("a.B_$$_javassist<auto>",)),
        ("java", {"module": "a.B$HibernateProxy$x7Yz"}, ("a.B$HibernateProxy$<auto>",)),
        ("java", {"module": "a.B$MockitoMock$123"}, ("a.B$MockitoMock$<auto>",)),
        ("java", {"module": "a.$Proxy12"}, ("a.$Proxy<auto>",)),
        ("java", {"module": "a.$ProxyFactory"}, ("a.$ProxyFactory",)),
        ("java", {"module": "a.B$$ExternalSyntheticLambda3"}, ("a.B$$ExternalSyntheticLambda<auto>",)),
        ("kotlin", {"module": "a.B$$SpringCGLIB$$0"}, ("a.B$$SpringCGLIB$$<auto>",)),
        ("csharp", {"module": "a.B+<Total>d__5", "function": "MoveNext"}, ("a.B+<Total>d__", "MoveNext")),
        ("csharp", {"module": "a.B+<>c__DisplayClass5_0"}, ("a.B+<>c__DisplayClass",)),
        ("javascript", {"filename": "cart.ts?3f2a", "function": "f"}, ("cart.ts", "f")),
        ("python", {"filename": "what?.py", "function": "f"}, ("what?.py", "f")),
        ("java", {"module": "a.core$fn__123"}, ("a.core$fn__<auto>",)),
        ("csharp", {"module": "m", "function": "Pay", "raw_function": "Shop.Pay (System.Int32)"}, ("m", "Shop.Pay")),
        ("native", {"function": "int pay(int)", "package": "/lib/a.so"}, ("pay",)),
    ],
)
def test_a_frame_counts_by_its_place_its_function_and_its_line(platform, frame, expected):
    rest = values_of(with_frame(platform, frame))
    assert rest == ("other", "f", *expected)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"function": "?", "module": "m", "abs_path": "debugger eval"}, ()),
        ({"function": "?", "module": "m", "abs_path": "https://x.io/a.js"}, ("m",)),
        ({"function": "pay", "abs_path": "debugger eval"}, ("pay",)),
    ],
)
def test_one_unnamed_call_from_no_script_says_nothing(frame, expected):
    assert values_of({"platform": "javascript", "stacktrace": {"frames": [frame]}}) == expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            {"csp": {"effective_directive": "img-src", "blocked_uri": "https://cdn.io:8443/a.png"}},
            ("img-src", "cdn.io"),
        ),
        ({"csp": {"effective_directive": "img-src", "blocked_uri": "data:text/plain,x"}}, ("img-src", "data")),
        ({"csp": {"effective_directive": "img-src", "blocked_uri": "self"}}, ("img-src", "self")),
        ({"csp": {"violated_directive": "style-src 'self'"}}, ("style-src", "self")),
        (
            {"csp": {"effective_directive": "script-src", "violated_directive": "script-src 'unsafe-eval'"}},
            ("script-src", "'unsafe-eval'"),
        ),
        (
            {"csp": {"effective_directive": "script-src-elem", "blocked_uri": "inline"}},
            ("script-src-elem", "'unsafe-inline'"),
        ),
        ({"hpkp": {"hostname": "x.io"}}, ("hpkp", "x.io")),
        ({"expectstaple": {"hostname": "x.io"}}, ("expect-staple", "x.io")),
        ({"expectct": {"hostname": "x.io"}}, ("expect-ct", "x.io")),
        ({"template": {"filename": "cart.html", "context_line": "{% x %}"}}, ("cart.html", "{% x %}")),
        ({"logentry": {"message": "paid %s", "formatted": "paid 7"}}, ("paid %s",)),
        ({"logentry": {"formatted": "paid 7"}}, ("paid <int>",)),
    ],
)
def test_other_events_have_one_default_variant(payload, expected):
    (variant,) = group(payload).variants
    assert (variant.name, variant.values) == ("default", expected)


def test_the_first_kind_of_content_that_says_anything_wins():
    payload = {
        "logentry": {"formatted": "text"},
        "stacktrace": {"frames": [{"function": "top"}]},
        "threads": {"values": [{"stacktrace": {"frames": [{"function": "thread"}]}}]},
        "exception": {"values": [{"type": "E"}]},
    }
    seen = []
    for kind in ("exception", "threads", "stacktrace", "logentry"):
        seen.append(values_of(payload))
        del payload[kind]
    assert seen == [("E",), ("thread",), ("top",), ("text",)]


def exception(type_: str, **parts: Any) -> dict[str, Any]:
    return {"type": type_, "value": f"{type_} 7"} | parts


def of(*values: dict[str, Any], **payload: Any) -> dict[str, Any]:
    return {"exception": {"values": list(values)}} | payload


def member(type_: str, id_: int, parent: int | None = None, **mechanism: Any) -> dict[str, Any]:
    return exception(type_, mechanism={"type": "chained", "exception_id": id_, "parent_id": parent} | mechanism)


FRAMES = {"stacktrace": {"frames": [{"function": "f", "in_app": True}]}}
DOMAIN = {"mechanism": {"type": "NSError", "meta": {"ns_error": {"domain": "Pay", "code": 0}}}}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (of(exception("A")), ("A", "A <int>")),
        (of(exception("A", **FRAMES)), ("A", "f")),
        (of(exception("A", mechanism={"type": "x", "synthetic": True}, **FRAMES)), ("f",)),
        (of(exception("A", **DOMAIN)), ("A", "Pay", "0")),
        (of(exception("A", **DOMAIN, **FRAMES)), ("A", "Pay", "0", "f")),
        (of(exception("A"), exception("B", **FRAMES)), ("A", "A <int>", "B", "f")),
    ],
)
def test_exceptions_count_oldest_first(payload, expected):
    (variant,) = [variant for variant in group(payload).variants if variant.contributes]
    assert (variant.name, variant.values) == ("app", expected)


GROUP = member("Group", 0, is_exception_group=True)


@pytest.mark.parametrize(
    ("payload", "types", "main"),
    [
        (of(member("B", 2, 0), member("A", 1, 0), GROUP), ["B", "A", "Group"], None),
        (of(member("A", 2, 0), member("B", 1, 0), GROUP), ["B", "A", "Group"], None),
        (of(member("A", 2, 0), member("A", 1, 0), GROUP), ["A"], 1),
        (of(member("Cause", 2, 1), member("A", 1, 0), GROUP), ["Cause", "A"], 1),
        (
            of(member("Deep", 3, 2), member("Inner", 2, 0, is_exception_group=True), member("A", 1, 0), GROUP),
            ["Deep", "A", "Group"],
            None,
        ),
        (of(member("A", 1, 7), GROUP), ["A", "Group"], None),
        (of(member("A", 0, 0), GROUP), ["A", "Group"], None),
        (of(GROUP), ["Group"], None),
        (
            of(member("A", 2, 0), member("A", 1, 0), GROUP, sdk={"name": "sentry.python", "version": "3.0.0"}),
            ["A", "A", "Group"],
            None,
        ),
    ],
)
def test_groups_of_exceptions(payload, types, main):
    grouping = group(payload)
    assert [value for value in grouping.variants[0].values if " " not in value] == types
    assert grouping.main_exception_id == main


REACT = "There was an error while hydrating but React was able to recover by instead client rendering the entire root."


@pytest.mark.parametrize(
    ("wrapper", "main"),
    [
        (member("Error", 0) | {"value": REACT}, 1),
        (member("Error", 0), None),
        (member("UndeliverableException", 0) | {"module": "io.reactivex.rxjava3.exceptions"}, 1),
        (member("UndeliverableException", 0) | {"module": "shop"}, None),
    ],
)
def test_what_a_wrapper_hides_names_the_issue(wrapper, main):
    assert group(of(member("Cause", 1, 0), wrapper)).main_exception_id == main


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{{ transaction }}", "<no-transaction>"),
        ("{{ message }}", "<no-message>"),
        ("{{ type }}", "<no-type>"),
        ("{{ error.value }}", "<no-value>"),
        ("{{ function }}", "<no-function>"),
        ("{{ path }}", "<no-abs-path>"),
        ("{{ stack.filename }}", "<no-filename>"),
        ("{{ module }}", "<no-module>"),
        ("{{ package }}", "<no-package>"),
        ("{{ level }}", "<no-level>"),
        ("{{ logger }}", "<no-logger>"),
        ("{{ nonsense }}", "<unrecognized-variable-nonsense>"),
        ("plain {{ type }}", "plain {{ type }}"),
    ],
)
def test_a_variable_without_a_value_says_so(entry, expected):
    assert group({"fingerprint": [entry]}).fingerprint == (expected,)


def test_variables_speak_of_the_main_exception_and_the_crash_frame():
    frames = [
        {"function": "pay", "module": "shop", "package": "/lib/libpay.so", "in_app": True},
        {"function": "send", "in_app": False},
    ]
    payload = of(exception("A"), exception("B", stacktrace={"frames": frames}))
    entries = ["{{type}}", "{{ value }}", "{{ function }}", "{{ stack.package }}", "{{ message }}"]
    assert group(payload | {"fingerprint": entries}).fingerprint == ("B", "B 7", "pay", "libpay.so", "B 7")


def test_a_mixed_fingerprint_salts_every_variant():
    frames = [{"function": "f", "in_app": False}, {"function": "g", "in_app": True}]
    payload = of(exception("A", stacktrace={"frames": frames}), fingerprint=["x", "{{ default }}"])
    assert [variant.values for variant in group(payload).variants] == [("x", "A", "g"), ("x", "A", "f", "g")]


def test_what_a_fingerprint_overrules_is_still_shown():
    custom, content = group({"fingerprint": ["x"], "logentry": {"formatted": "text"}}).variants
    assert (custom.name, custom.contributes) == ("custom-fingerprint", True)
    assert (content.name, content.contributes, content.hint) == ("default", False, "the fingerprint takes precedence")


def test_a_variant_that_says_the_same_as_another_does_not_count():
    grouping = group(of(exception("A", **FRAMES)))
    assert grouping.variants[1] == Variant(
        name="system",
        values=("A", "f"),
        hash=grouping.hashes[0],
        contributes=False,
        hint="it says the same as the app variant",
    )


def test_an_unknown_algorithm_is_an_error():
    with pytest.raises(KeyError):
        group({}, config="tocsin:1999-01-01")


def test_parts_of_a_wrong_type_count_as_absent():
    payload = {
        "platform": 7,
        "tags": {"a": "b"},
        "fingerprint": ["x", 5, "y"],
        "exception": {"values": [None, "nothing", {"type": ["A"], "value": "boom", "stacktrace": {"frames": "none"}}]},
    }
    grouping = group(payload)
    assert (grouping.fingerprint, grouping.variants[1].values) == (("x", "y"), ("boom",))


def test_half_a_surrogate_pair_can_be_hashed():
    assert group({"logentry": {"formatted": "\ud83d"}}).hashes == group({"logentry": {"formatted": "\ud83d"}}).hashes
