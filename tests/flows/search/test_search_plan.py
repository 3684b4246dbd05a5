"""Which store a search begins with."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.domain.query.parse import parse_issue_query
from tocsin.domain.query.split import split
from tocsin.domain.query.window import Window
from tocsin.flows.search import Sort
from tocsin.flows.search.plan import Plan, plan

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)


def planned(query="", *, ago=timedelta(0), sort=Sort.DATE, has_environments=False):
    window = Window(start=NOW - timedelta(days=90), end=NOW - ago)
    parts = split(parse_issue_query(query, now=NOW))
    return plan(parts, window, has_environments=has_environments, sort=sort, now=NOW)


@pytest.mark.parametrize("query", ["", "is:unresolved assigned:me", "firstSeen:-24h", "project:pump", "issue.id:7"])
@pytest.mark.parametrize("sort", [Sort.DATE, Sort.NEW, Sort.INBOX])
def test_state_answers_what_issues_carry_in_them(query, sort):
    assert planned(query, sort=sort) is Plan.STATE


@pytest.mark.parametrize("query", ["level:error", "disk full", "!browser:Chrome", "timesSeen:>2", "lastSeen:-2h"])
def test_history_answers_what_is_about_events(query):
    assert planned(query) is Plan.HISTORY
    assert planned(f"is:unresolved {query}") is Plan.HISTORY


@pytest.mark.parametrize("sort", [Sort.FREQ, Sort.USER, Sort.TRENDS, Sort.RECOMMENDED])
def test_history_answers_what_counts_events(sort):
    assert planned(sort=sort) is Plan.HISTORY


def test_history_answers_for_environments_and_for_windows_that_are_over():
    assert planned(has_environments=True) is Plan.HISTORY
    assert planned(ago=timedelta(seconds=1)) is Plan.HISTORY
