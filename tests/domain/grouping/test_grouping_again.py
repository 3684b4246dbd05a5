"""What is remembered of earlier events must not show in later ones."""

from copy import deepcopy
from typing import Any

import pytest

from tocsin.domain.grouping import apply_rules, group, group_evidence, parse_grouping_rules
from tocsin.domain.grouping.evidence import read_evidence


def event(type_: str, mechanism: str = "generic", **pay: Any) -> dict[str, Any]:
    frames = [{"function": "main", "in_app": False}, {"function": "pay", "in_app": False} | pay]
    error = {"type": type_, "mechanism": {"type": mechanism}, "stacktrace": {"frames": frames}}
    return {"platform": "python", "exception": {"values": [error]}}


def in_app(payload: dict[str, Any]) -> list[bool]:
    return [frame["in_app"] for frame in payload["exception"]["values"][0]["stacktrace"]["frames"]]


@pytest.mark.parametrize(
    "rule",
    [
        "error.type:Refused function:pay +app",
        "[ error.type:Refused ] | function:pay +app",
        "function:main | [ error.type:Refused ] ^+app",
        "error.mechanism:celery function:pay +app",
        "!error.mechanism:generic function:pay +app",
    ],
)
def test_the_same_stack_of_another_error_is_judged_anew(rule):
    rules = parse_grouping_rules("", rule)
    before, refused, after = event("Oops"), event("Refused", "celery"), event("Oops")
    for payload in (before, refused, after):
        apply_rules(payload, rules)
    assert [in_app(before), in_app(refused), in_app(after)] == [[False, False], [False, True], [False, False]]


def test_the_same_stack_under_other_rules_is_judged_anew():
    with_rule, without = event("Oops"), event("Oops")
    apply_rules(with_rule, parse_grouping_rules("", "function:pay +app"))
    apply_rules(without, parse_grouping_rules())
    assert [in_app(with_rule), in_app(without)] == [[False, True], [False, False]]


@pytest.mark.parametrize(
    "enhancements", ["", "function:pay +app", "function:pay category=money", "function:pay -group"]
)
def test_the_evidence_after_the_rules_is_that_of_the_changed_event(enhancements):
    rules = parse_grouping_rules("", enhancements)
    payload = event("Oops", lineno=7)
    evidence = apply_rules(payload, rules)
    assert evidence == read_evidence(payload)
    assert group_evidence(evidence, rules) == group(payload, rules)


@pytest.mark.parametrize(
    "odd", [{"lineno": [1]}, {"colno": {}}, {"data": []}, {"data": {"sourcemap": [], "category": 3}}]
)
def test_what_a_frame_says_in_an_odd_type_counts_as_not_said(odd):
    payload, plain = event("Oops", **odd), event("Oops")
    apply_rules(payload)
    apply_rules(plain)
    assert group(deepcopy(payload)).hashes == group(plain).hashes
