"""Which part of a search is answered where."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.issue.issue import Substatus
from tocsin.domain.query.parse import parse_issue_query
from tocsin.domain.query.split import STATUS_OF, Split, split
from tocsin.domain.query.tree import Query
from tocsin.domain.query.words import IS_WORDS

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


def split_text(text: str) -> Split:
    return split(parse_issue_query(text, now=NOW))


def test_every_term_goes_where_it_is_evaluated() -> None:
    parts = split_text("is:unresolved !browser:Firefox timeout timesSeen:>5 project:pump lastSeen:-1h assigned:me")
    assert str(Query(parts.issue_terms)) == "status:unresolved assigned_to:me"
    assert str(Query(parts.event_terms)) == "!browser:Firefox timeout"
    assert str(Query(parts.aggregate_terms)) == "times_seen:>5 last_seen:-1h"
    assert str(Query(parts.scope_terms)) == "project:pump"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("is:resolved", "status:resolved"),
        ("!is:muted", "!status:ignored"),
        ("is:assigned", "has:assigned_to"),
        ("!is:assigned", "!has:assigned_to"),
        ("is:unassigned", "!has:assigned_to"),
        ("!is:unassigned", "has:assigned_to"),
        ("is:linked", "is:linked"),
        ("is:unlinked", "!is:linked"),
        ("!is:unlinked", "is:linked"),
        ("is:for_review", "is:for_review"),
        ("is:new", "substatus:new status:unresolved"),
        ("!is:new", "!substatus:new"),
        ("substatus:[archived_forever, new]", "substatus:[archived_forever, new] status:ignored"),
        ("is:new is:resolved", "substatus:new status:resolved"),
        ("is:regressed !status:ignored", "substatus:regressed !status:ignored"),
        ("assigned:none", "assigned_to:none"),
    ],
)
def test_is_words_stand_for_other_terms(text: str, meaning: str) -> None:
    assert str(Query(split_text(text).issue_terms)) == meaning


@pytest.mark.parametrize("word", IS_WORDS)
def test_every_is_word_is_a_term_on_issues(word: str) -> None:
    parts = split_text(f"is:{word}")
    assert parts.issue_terms
    assert parts == Split(issue_terms=parts.issue_terms)


def test_every_substatus_has_a_status() -> None:
    assert set(STATUS_OF) == set(Substatus)


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("level:error", None),
        ("!is:resolved", None),
        ("has:status", None),
        ("is:unresolved", {"unresolved"}),
        ("status:[unresolved, muted]", {"unresolved", "ignored"}),
        ("status:[unresolved, muted] is:ignored", {"ignored"}),
        ("is:resolved is:unresolved", set()),
        ("is:escalating", {"unresolved"}),
    ],
)
def test_the_statuses_asked_for_are_known(text: str, statuses: set[str] | None) -> None:
    assert split_text(text).wanted_statuses == statuses
