"""The rows F of the cases in spec/ingest.md, one by one."""

import hashlib
import json
from typing import Any

import pytest

from tocsin.domain.grouping import apply_rules, group, parse_grouping_rules
from tocsin.domain.grouping.parameterise import normalised_message


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def copied(payload: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps(payload)) | changes


def raised(*frames: dict[str, Any], platform: str = "python", **exception: Any) -> dict[str, Any]:
    value = {"type": "Oops", "stacktrace": {"frames": list(frames)}} | exception
    return {"platform": platform, "exception": {"values": [value]}}


def frame(function: str, *, in_app: bool = True, **parts: Any) -> dict[str, Any]:
    return {"function": function, "module": "shop", "lineno": 1, "in_app": in_app} | parts


def grouped(payload: dict[str, Any], rules: Any = None) -> Any:
    rules = rules or parse_grouping_rules()
    payload = copied(payload)
    apply_rules(payload, rules)
    return group(payload, rules)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("python-uuid-messages-1", "ac9665692c8d00b04496fe532625bbc9", id="ingest-F02-first"),
        pytest.param("python-uuid-messages-2", "ac9665692c8d00b04496fe532625bbc9", id="ingest-F02-second"),
        pytest.param("python-logging-error", "d5b045f3dd5d85514d916a811fd1ed4f", id="ingest-F03"),
        pytest.param("python-message-scope", "a76f985a05ece9745e0fafa4fe44d29d", id="ingest-F06"),
        pytest.param("pythongzip-message-scope", "a76f985a05ece9745e0fafa4fe44d29d", id="ingest-F06-gzip"),
        pytest.param("python-exception-context", "25443ddf107ce38ecfa815fd20f37ccf", id="ingest-F14"),
        pytest.param("python-logging-exception", "0753671040c398c103e68b08b84298ef", id="ingest-F15"),
    ],
)
def test_a_recorded_event_has_the_hash_of_the_specification(recorded, name, expected):
    assert grouped(recorded(name)).hashes == (expected,)


def test_an_exception_in_another_encoding_is_the_same_issue(recorded):
    chained = grouped(recorded("python-exception-chained"))
    assert chained.hashes == grouped(recorded("pythongzip-exception-chained")).hashes
    assert chained.variants[0].values[:2] == ("KeyError", "__main__")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param({"checksum": "my-checksum"}, md5("my-checksum"), id="ingest-F11"),
        pytest.param({"checksum": "0" * 32, "fingerprint": ["x"]}, "0" * 32, id="ingest-F11-hex"),
        pytest.param({}, "d41d8cd98f00b204e9800998ecf8427e", id="ingest-F12"),
        pytest.param(
            {"logentry": {"formatted": "line one\n\nline two\nline three"}},
            "e2bc5da0edf305e23d769373719ef2c4",
            id="ingest-F33",
        ),
        pytest.param({"fingerprint": ["a", "b"]}, md5("ab"), id="ingest-F09-two"),
        pytest.param({"fingerprint": ["ab"]}, md5("ab"), id="ingest-F09-one"),
        pytest.param({"fingerprint": ["{{ tags.nope }}"]}, md5("<no-value-for-tag-nope>"), id="ingest-F42"),
    ],
)
def test_an_event_without_a_stack_has_the_hash_of_its_text(payload, expected):
    assert grouped(payload).hashes == (expected,)


LINE = "    total = price * count"
JAVA = "org.shop.Cart$$EnhancerBySpringCGLIB$$"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {"fingerprint": ["db-down"], "logentry": {"formatted": "x"}},
            raised(frame("f")) | {"fingerprint": ["db-down"]},
            id="ingest-F05",
        ),
        pytest.param(raised(frame("f")), raised(frame("f")) | {"fingerprint": ["{{default}}"]}, id="ingest-F08"),
        pytest.param(raised(frame("f", lineno=1)), raised(frame("f", lineno=99, colno=7)), id="ingest-F17"),
        pytest.param(
            raised(frame("f", vars={"a": "1"}), value="for 1"),
            raised(frame("f", vars={"b": "2"}), value="of a quite different kind"),
            id="ingest-F18",
        ),
        pytest.param(raised(frame("f"), frame("g")), raised(frame("f"), *[frame("g")] * 50), id="ingest-F23"),
        pytest.param(
            raised(frame("f", context_line="x" * 121)), raised(frame("f", context_line="y" * 121)), id="ingest-F24"
        ),
        pytest.param(
            raised(
                frame("f", module=None, filename="/main.8f3a.js", abs_path="https://x.io/main.8f3a.js"),
                platform="javascript",
            ),
            raised(
                frame("f", module=None, filename="/main.99aa.js", abs_path="https://x.io/main.99aa.js"),
                platform="javascript",
            ),
            id="ingest-F26",
        ),
        pytest.param(
            raised(frame("f", module=JAVA + "1a2b3c"), platform="java"),
            raised(frame("f", module=JAVA + "ffee"), platform="java"),
            id="ingest-F27",
        ),
        pytest.param(
            raised(frame("block in foo"), platform="ruby"),
            raised(frame("block (2 levels) in foo"), platform="ruby"),
            id="ingest-F29",
        ),
    ],
)
def test_these_are_the_same_issue(one, other):
    assert grouped(one).hashes == grouped(other).hashes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {"exception": {"values": [{"type": "E", "value": "no stock"}]}},
            {"exception": {"values": [{"type": "E", "value": "no money"}]}},
            id="ingest-F20",
        ),
        pytest.param(raised(frame("f")), raised(frame("g")), id="function"),
        pytest.param(raised(frame("f")), raised(frame("f", module="cart")), id="module"),
        pytest.param(
            raised(frame("f", context_line=LINE)), raised(frame("f", context_line=LINE + " + 1")), id="context-line"
        ),
        pytest.param(raised(frame("f"), type="A"), raised(frame("f"), type="B"), id="type"),
        pytest.param(raised(frame("f"), frame("g")), raised(frame("f"), frame("g"), frame("f")), id="no-recursion"),
    ],
)
def test_these_are_different_issues(one, other):
    assert grouped(one).hashes != grouped(other).hashes


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            "k='abc def' ok=true 0xDEADBEEF 1.5s", "k=<quoted_str> ok=<bool> <hex> <duration>", id="ingest-F35"
        ),
        pytest.param("user-42 paid", "user-<int> paid", id="ingest-F36"),
    ],
)
def test_a_message_is_parameterised(message, expected):
    assert normalised_message(message) == expected


@pytest.mark.parametrize("in_app", [pytest.param(False, id="ingest-F21"), pytest.param(None, id="ingest-F21-missing")])
def test_without_frames_in_app_there_is_the_system_hash_alone(in_app):
    grouping = grouped(raised(frame("f", in_app=in_app), frame("g", in_app=in_app)))
    assert [(variant.name, variant.values) for variant in grouping.variants] == [
        ("system", ("Oops", "shop", "f", "shop", "g"))
    ]


def test_in_app_and_system_are_two_hashes_app_first():
    grouping = grouped(raised(frame("f", in_app=False), frame("g")))
    assert grouping.hashes == (md5("Oopsshopg"), md5("Oopsshopfshopg"))


@pytest.mark.parametrize(
    ("name", "leaves", "root"),
    [
        pytest.param("python-exception-group", ["ValueError", "TypeError"], "ExceptionGroup", id="ingest-F30"),
        pytest.param("node-aggregate-error-1", ["TypeError", "Error"], "AggregateError", id="ingest-F32"),
    ],
)
def test_a_group_of_exceptions_is_its_leaves_and_its_root(recorded, name, leaves, root):
    payload = recorded(name)
    types = {exception["type"] for exception in payload["exception"]["values"]}
    grouping = grouped(payload)
    assert [value for value in grouping.variants[0].values if value in types] == [*leaves, root]
    assert grouping.main_exception_id is None
    assert payload["exception"]["values"][-1]["type"] == root


@pytest.mark.parametrize(
    ("fingerprinting", "name", "expected", "title"),
    [
        pytest.param(
            "error.type:ConnectionError -> net-down", "python-fingerprint-static", "net-down", None, id="ingest-F38"
        ),
        pytest.param(
            'logger:"shop.*" -> logs, {{ level }} title="Logs {{ logger }}"',
            "python-logging-error",
            "logserror",
            "Logs shop.billing",
            id="ingest-F39",
        ),
        pytest.param(
            "level:error -> first\nlogger:shop.* -> second", "python-logging-error", "first", None, id="ingest-F41"
        ),
    ],
)
def test_a_fingerprint_rule_decides(recorded, fingerprinting, name, expected, title):
    grouping = grouped(recorded(name), parse_grouping_rules(fingerprinting))
    assert (grouping.hashes, grouping.title) == ((md5(expected),), title)


STACK = raised(frame("main"), frame("outer"), frame("middle"), frame("inner"))


@pytest.mark.parametrize(
    ("enhancements", "functions"),
    [
        pytest.param("stack.function:outer ^-group", ["main", "outer"], id="ingest-F44"),
        pytest.param("stack.function:outer v-group", ["outer", "middle", "inner"], id="ingest-F44-below"),
        pytest.param("family:all max-frames=1", ["inner"], id="ingest-F45"),
        pytest.param("family:all max-frames=1 invert-stacktrace=1", ["main"], id="ingest-F45-inverted"),
        pytest.param("function:inner -group\nfamily:other max-frames=2", ["outer", "middle"], id="ingest-F45-of-those"),
    ],
)
def test_a_stack_trace_rule_takes_frames_away(enhancements, functions):
    grouping = grouped(STACK, parse_grouping_rules("", enhancements))
    assert grouping.variants[0].values == ("Oops", *(part for function in functions for part in ("shop", function)))


@pytest.mark.parametrize(
    ("threads", "expected"),
    [
        pytest.param([{}, {"crashed": True}], ("shop", "thread1"), id="ingest-F48"),
        pytest.param([{"current": True}, {}], ("shop", "thread0"), id="ingest-F48-current"),
        pytest.param([{}], ("shop", "thread0"), id="ingest-F48-alone"),
        pytest.param([{}, {}], (), id="ingest-F48-undecided"),
    ],
)
def test_one_thread_speaks_for_the_event(threads, expected):
    values = [thread | {"stacktrace": {"frames": [frame(f"thread{number}")]}} for number, thread in enumerate(threads)]
    assert grouped({"threads": {"values": values}}).variants[0].values == expected
