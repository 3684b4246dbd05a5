"""Clients may send any reason, and yet an hour has few of them."""

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.outcome import Category, OutcomeKey, Verdict
from tocsin.domain.outcome_reasons import OTHER, REASONS_MAX, reason_scope, with_few_reasons

HOUR = datetime(2026, 11, 10, 12, tzinfo=UTC)


def told(reason, project_id=1, verdict=Verdict.CLIENT_DISCARD, category=Category.ERROR):
    return OutcomeKey(project_id, "k", HOUR, category, verdict, reason)


def test_few_reasons_stay_as_they_are():
    counts = {told("sample_rate"): 2, told("the_dog_ate_it"): 1, told(""): 5}
    assert with_few_reasons(counts, {}) == counts


def test_the_reasons_that_come_too_late_are_one():
    known = {reason_scope(told("")): {f"r{n}" for n in range(REASONS_MAX - 1)}}
    counts = {told("r1"): 1, told("x1"): 2, told("x2"): 3, told("x3", category=Category.SPAN): 4, told(""): 5}
    expected = {told("r1"): 1, told("x1"): 2, told(OTHER): 3, told(OTHER, category=Category.SPAN): 4, told(""): 5}
    assert with_few_reasons(counts, known) == expected


KEYS = st.builds(
    told,
    st.text("abc", max_size=5),
    st.integers(1, 2),
    st.sampled_from([Verdict.CLIENT_DISCARD, Verdict.FILTERED]),
    st.sampled_from([Category.ERROR, Category.SPAN]),
)


@given(st.dictionaries(KEYS, st.integers(1, 9), min_size=150, max_size=400))
def test_quantities_add_up_and_every_hour_has_few_reasons(counts):
    few = with_few_reasons(counts, {})
    reasons = defaultdict(set)
    for key in few:
        reasons[reason_scope(key)].add(key.reason)
    assert sum(few.values()) == sum(counts.values())
    assert all(len(found - {OTHER, ""}) <= REASONS_MAX for found in reasons.values())
