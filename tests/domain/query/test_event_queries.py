"""Reading event searches: AND, OR, groups, and what issue search has and this has not (spec/search.md 1.1, 1.4)."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.query.errors import MalformedQuery
from tocsin.domain.query.parse import GROUPS_DEEP_MAX, parse_event_query
from tocsin.domain.query.tree import And, Or, Term, terms_of

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
UNMATCHED = "This is commonly caused by unmatched parentheses. Enclose any text in double quotes."

READABLE = {
    "nothing": ("", ""),
    "one-term": ("level:error", "level:error"),
    "side-by-side": ("a:b c:d", "a:b c:d"),
    "and": ("a:b and c:d AND e:f", "a:b c:d e:f"),
    "and-binds-tighter": ("a:b OR c:d e:f or g:h", "a:b OR c:d e:f OR g:h"),
    "groups": ("(a:b OR c:d) e:f", "(a:b OR c:d) e:f"),
    "groups-inside-groups": ("((a:b) OR (c:d AND (e:f OR g:h)))", "a:b OR c:d (e:f OR g:h)"),
    "groups-without-need": ("(a:b c:d) (e:f)", "a:b c:d e:f"),
    "free-text": ("one two OR three", "one two OR three"),
    "free-texts-in-a-row": ("one AND two", '"one" "two"'),
    "quoted-operators": ('"one OR two"', '"one OR two"'),
    "free-text-before-a-group": ("one (two OR x:y)", "one (two OR x:y)"),
    "issue-aliases-are-tags": ("firstSeen:1 assigned:me", "tags[firstSeen]:1 tags[assigned]:me"),
    "dates-of-events": ("timestamp:>2018-01-01", "timestamp:>2018-01-01T00:00:00Z"),
    "release-latest": ("release:latest", "release:latest"),
}

UNREADABLE = {
    "nothing-on-the-left": ("OR a:b", "Condition is missing on the left side of 'OR' operator", 0),
    "nothing-on-the-left-in-a-group": ("a:b (and c:d)", "Condition is missing on the left side of 'AND' operator", 5),
    "nothing-on-the-right": ("a:b or", "Condition is missing on the right side of 'OR' operator", 6),
    "nothing-on-the-right-in-a-group": ("(a:b AND) c", "Condition is missing on the right side of 'AND' operator", 8),
    "nothing-in-between": ("a OR AND b", "Missing condition in between two condition operators: 'OR AND'", 5),
    "is": ("is:unresolved", '"is:" queries are not supported in this search.', 0),
    "an-aggregate": ("count():>5", "Aggregate filters (count()) are not supported in event searches.", 0),
    "an-open-group": (
        "(a:b",
        f"Parse error at '(a:b' (column 1). {UNMATCHED}",
        0,
    ),
    "a-closed-group": (
        "a:b)",
        f"Parse error at 'a:b)' (column 4). {UNMATCHED}",
        3,
    ),
}


@pytest.mark.parametrize(("text", "canonical"), READABLE.values(), ids=READABLE)
def test_an_event_search_means_its_canonical_text(text: str, canonical: str) -> None:
    expression = parse_event_query(text, now=NOW)
    assert str(expression) == canonical
    assert parse_event_query(canonical, now=NOW) == expression


@pytest.mark.parametrize(("text", "detail", "offset"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_malformed_event_search_is_refused_without_a_prefix(text: str, detail: str, offset: int) -> None:
    with pytest.raises(MalformedQuery) as refusal:
        parse_event_query(text, now=NOW)
    assert (refusal.value.detail, refusal.value.offset) == (detail, offset)


def test_a_group_is_a_tree() -> None:
    match parse_event_query("a:b (c:d OR e:f)", now=NOW):
        case And((Term(), Or((Term(), Term())))):
            pass
        case other:
            pytest.fail(f"read as {other!r}")


def test_terms_come_in_the_order_in_which_they_are_written() -> None:
    expression = parse_event_query("a:1 (b:2 OR c:3) OR d:4", now=NOW)
    assert [str(term) for term in terms_of(expression)] == ["a:1", "b:2", "c:3", "d:4"]


def test_groups_nest_only_so_deep() -> None:
    parse_event_query("(" * GROUPS_DEEP_MAX + "a" + ")" * GROUPS_DEEP_MAX, now=NOW)
    with pytest.raises(MalformedQuery, match=f"more than {GROUPS_DEEP_MAX} deep"):
        parse_event_query("(" * (GROUPS_DEEP_MAX + 1) + "a" + ")" * (GROUPS_DEEP_MAX + 1), now=NOW)
