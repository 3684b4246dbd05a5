"""An explanation says what grouping did, neither more nor less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.grouping.test_grouping_properties import EVENTS, RULES

from tocsin.domain.grouping import CONFIGS, LATEST, OLDEST, apply_rules, explain, parse_grouping_rules
from tocsin.domain.grouping.explanation import Part

FRAMES = [
    {"module": "lib.web", "function": "call", "in_app": False},
    {"module": "shop.pay", "function": "pay", "context_line": "  pay( card )", "in_app": True, "lineno": 1},
    {"module": "shop.pay", "function": "pay", "context_line": "  pay( card )", "in_app": True, "lineno": 1},
    {"filename": "shop/Card.py", "function": "check", "context_line": "x" * 121, "in_app": True, "lineno": 3},
]
ERROR = {"type": "Declined", "value": "card 17", "stacktrace": {"frames": FRAMES}}
PAYMENT = {"platform": "python", "exception": {"values": [ERROR]}}


def explained(payload, fingerprinting="", enhancements="", config=LATEST):
    rules = parse_grouping_rules(fingerprinting, enhancements)
    return explain(apply_rules(payload, rules), rules, config)


def all_parts(part: Part) -> list[Part]:
    return [part, *(below for each in part.parts for below in all_parts(each))]


@given(EVENTS, st.sampled_from(sorted(CONFIGS)), st.sampled_from([parse_grouping_rules(), RULES]))
def test_what_an_explanation_says_is_what_was_hashed(payload, config, rules):
    evidence = apply_rules(payload, rules)
    content = CONFIGS[config](evidence, rules.enhancements)
    explanation = explain(evidence, rules, config)
    assert {name: part.said for name, part in explanation.parts.items()} == dict(content.variants)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (LATEST, ("Declined", "shop.pay", "pay", "pay( card )", "card.py", "check")),
        (OLDEST, ("shop.pay", "pay", "pay( card )", "card.py", "check", "Declined")),
    ],
)
def test_everything_that_counts_stands_in_order(config, said):
    assert explained(PAYMENT, config=config).parts["app"].said == said


def test_what_does_not_count_says_why():
    (exception,) = explained(PAYMENT).parts["app"].parts
    assert [(part.id, part.hint) for part in exception.parts] == [
        ("type", None),
        ("value", "the stack trace says more"),
        ("stacktrace", None),
    ]
    frames = exception.parts[-1].parts
    assert [frame.hint for frame in frames] == ["it is not in-app", None, "it repeats the call before it", None]
    assert [(part.id, part.hint) for part in frames[3].parts] == [
        ("module", "the event says nothing about it"),
        ("filename", None),
        ("function", None),
        ("context-line", "it is longer than 120 characters"),
    ]


@pytest.mark.parametrize(
    ("rule", "position", "hint"),
    [
        pytest.param("function:pay ^-group", 3, "a stack trace rule leaves it out", id="ingest-F44"),
        pytest.param("family:all max-frames=1", 1, "only 1 frames count", id="ingest-F45"),
        ("family:all min-frames=9", 3, "fewer than 9 frames count"),
    ],
)
def test_a_frame_names_the_rules_that_had_a_say(rule, position, hint):
    part = explained(PAYMENT, enhancements=f"# ours\n{rule}").parts["app"]
    frame = [each for each in all_parts(part) if each.id == "frame"][position]
    assert frame.hint == hint
    assert (rule, 2) in [(written.text, written.line) for written in frame.rules]


def test_a_rule_that_every_project_has_is_on_no_line():
    library = {"abs_path": "/venv/lib/site-packages/web.py", "function": "call", "in_app": True}
    payload = {"platform": "python", "exception": {"values": [ERROR | {"stacktrace": {"frames": [library]}}]}}
    frames = [part for part in all_parts(explained(payload).parts["system"]) if part.id == "frame"]
    assert [written.line for written in frames[0].rules] == [0]


def test_the_fingerprint_rule_that_decided_is_named():
    """ingest-F41: two rules match, and the first wins."""
    rules = "\ntype:Other -> other\ntype:Decl* -> payments, {{ tags.nope }}\ntype:Declined -> never"
    explanation = explained(PAYMENT, fingerprinting=rules)
    assert (explanation.rule.written.line, explanation.rule.written.text.split()[0]) == (3, "type:Decl*")
    assert explanation.grouping.fingerprint == ("payments", "<no-value-for-tag-nope>")


def test_an_exception_for_which_another_stands_says_so():
    twins = [
        {"type": "Two", "value": "same", "mechanism": {"exception_id": 2, "parent_id": 0}},
        {"type": "Two", "value": "same", "mechanism": {"exception_id": 1, "parent_id": 0}},
        {"type": "Group", "value": "both", "mechanism": {"exception_id": 0, "is_exception_group": True}},
    ]
    parts = explained({"exception": {"values": twins}}).parts["app"].parts
    assert [(part.parts[0].texts, part.contributes) for part in parts] == [
        (("Two",), True),
        (("Two",), False),
        (("Group",), False),
    ]
