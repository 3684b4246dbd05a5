"""What holds for every event, however odd."""

import json
import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.grouping import apply_rules, group, parse_grouping_rules
from tocsin.domain.grouping.evidence import Evidence
from tocsin.domain.grouping.parameterise import normalised_message

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of *fields*, each now and then of a type that it should not have."""
    return st.fixed_dictionaries({}, optional={name: fields[name] | JSON for name in fields})


PLATFORMS = st.sampled_from(["python", "javascript", "node", "java", "csharp", "php", "ruby", "native", "rust", "go"])
FRAMES = st.lists(
    objects(
        platform=PLATFORMS,
        function=TEXT | st.sampled_from(["?", "a::b<c>(d)", "lambda$1", "operator<<(x)", "block in f", "<a as b>::c"]),
        module=TEXT,
        filename=TEXT,
        abs_path=TEXT | st.sampled_from(["https://x.io/a.js", "/a/site-packages/b.py", "<anonymous>"]),
        package=TEXT,
        context_line=TEXT,
        lineno=st.integers(),
        in_app=st.booleans(),
        data=objects(orig_in_app=st.sampled_from([-1, 0, 1]), sourcemap=TEXT, category=TEXT),
    )
    | JSON,
    max_size=4,
)
STACKTRACES = objects(frames=FRAMES)
MECHANISMS = objects(
    exception_id=st.integers(0, 3),
    parent_id=st.integers(0, 3),
    is_exception_group=st.booleans(),
    synthetic=st.booleans(),
    meta=objects(ns_error=objects(domain=TEXT, code=st.integers())),
)
EXCEPTIONS = objects(type=TEXT, value=TEXT, module=TEXT, mechanism=MECHANISMS, stacktrace=STACKTRACES)
EVENTS = objects(
    platform=PLATFORMS,
    exception=objects(values=st.lists(EXCEPTIONS, max_size=4)),
    threads=objects(values=st.lists(objects(crashed=st.booleans(), stacktrace=STACKTRACES), max_size=3)),
    stacktrace=STACKTRACES,
    logentry=objects(message=TEXT, formatted=TEXT),
    fingerprint=st.lists(TEXT | st.sampled_from(["{{ default }}", "{{type}}", "{{ tags.a }}"]), max_size=3),
    tags=st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=2),
    csp=objects(effective_directive=TEXT, violated_directive=TEXT, blocked_uri=TEXT),
    checksum=TEXT,
)
RULES = parse_grouping_rules(
    'type:"*a*" app:yes -> {{ default }}, {{ function }} title="{{ type }}!"',
    "[ function:f ] | app:no module:* +app ^-group\nfamily:all max-frames=3 category=x",
)


@given(EVENTS | st.dictionaries(st.sampled_from(sorted(Evidence.__struct_fields__)), JSON))
def test_every_object_has_a_grouping(payload):
    for rules in (parse_grouping_rules(), RULES):
        apply_rules(payload, rules)
        grouping = group(payload, rules)
        assert grouping.hashes == tuple(variant.hash for variant in grouping.variants if variant.contributes)
        assert 1 <= len(set(grouping.hashes)) == len(grouping.hashes) <= 2


@given(EVENTS)
def test_the_same_event_twice_has_the_same_hashes(payload):
    again = json.loads(json.dumps(payload))
    apply_rules(payload)
    apply_rules(again)
    assert group(payload) == group(again)


@given(EVENTS)
def test_applying_the_rules_again_changes_nothing(payload):
    apply_rules(payload)
    once = json.dumps(payload)
    apply_rules(payload)
    assert json.dumps(payload) == once


CLEAN_FRAMES = st.lists(
    st.fixed_dictionaries(
        {
            "function": st.sampled_from(["f", "g", "h"]),
            "module": st.sampled_from(["shop", "cart"]),
            "in_app": st.booleans(),
            "lineno": st.integers(1, 3),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(CLEAN_FRAMES, st.integers(1, 1000), TEXT)
def test_where_a_line_stands_and_what_variables_hold_never_matters(frames, offset, value):
    def event(shift: int, text: str) -> dict[str, Any]:
        moved = [
            frame | {"lineno": frame["lineno"] + shift, "colno": shift, "vars": {"x": text}, "pre_context": [text]}
            for frame in frames
        ]
        return {"exception": {"values": [{"type": "E", "value": text, "stacktrace": {"frames": moved}}]}}

    assert group(event(0, "")).hashes == group(event(offset, value)).hashes


WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=4)
VALUES = st.one_of(
    st.uuids().map(str),
    st.emails(),
    st.ip_addresses().map(str),
    st.datetimes().map(str),
    st.integers().map(str),
    st.floats().map(str),
    st.timedeltas().map(lambda lapse: f"{lapse.total_seconds()}s"),
    st.integers(0).map(hex),
    st.booleans().map("ok={}".format),
    WORDS.map("k='{}'".format),
    st.sampled_from(["https://x.io/a?b=1", "api.x.io:80", "00:1a:2b:3c:4d:5e", "12:30 PM"]),
)


@given(st.lists(WORDS | VALUES, max_size=8), st.sampled_from([" ", ", ", "\n"]))
def test_a_message_once_normalised_stays_as_it_is(words, separator):
    once = normalised_message(separator.join(words))
    assert normalised_message(once) == once


@given(st.lists(WORDS, max_size=4).map(" ".join), st.uuids(), st.uuids())
def test_two_messages_about_different_ids_are_one_issue(text, one, other):
    assert normalised_message(f"{text} {one} {text}") == normalised_message(f"{text} {other} {text}")
