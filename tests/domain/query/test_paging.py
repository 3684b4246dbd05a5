"""Cursors and pages of spec/search.md section 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.paging import Cursor, page_by_number, page_by_offset, page_by_score, parse_cursor

WORKED = [("C", 3000), ("B", 2000), ("A", 1000)]
TIES = [(4, 5), (3, 5), (2, 5), (1, 5), (5, 2)]


def shown(rows, cursor, limit):
    page = page_by_score(rows, lambda row: row[1], parse_cursor(cursor) if cursor else None, limit)
    names = [row[0] for row in page.rows]
    return names, str(page.previous.cursor), page.previous.has_results, str(page.next.cursor), page.next.has_results


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        (None, (["C"], "3000:0:1", False, "2000:0:0", True)),
        ("2000:0:0", (["B"], "2000:0:1", True, "1000:0:0", True)),
        ("1000:0:0", (["A"], "1000:0:1", True, "1000:1:0", False)),
        ("1000:1:0", ([], "1000:1:1", True, "1000:1:0", False)),
        ("1000:0:1", (["B"], "2000:0:1", True, "1000:0:0", True)),
        ("2000:0:1", (["C"], "3000:0:1", True, "2000:0:0", True)),
        ("3000:0:1", ([], "3000:0:1", False, "3000:0:0", True)),
    ],
)
def test_the_worked_example_of_the_spec_holds(cursor, expected):
    assert shown(WORKED, cursor, 1) == expected


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        (None, ([4, 3], "5:0:1", False, "5:2:0", True)),
        ("5:2:0", ([2, 1], "5:2:1", True, "2:0:0", True)),
        ("2:0:0", ([5], "2:0:1", True, "2:1:0", False)),
    ],
)
def test_ties_are_told_apart_by_the_offset(cursor, expected):
    assert shown(TIES, cursor, 2) == expected


@pytest.mark.parametrize("text", ["", "1:2", "1:2:3:4", "a:0:0", "1:b:0", "1:0:c", "nan:0:0", "inf:0:0", "1:0:2"])
def test_a_cursor_of_another_form_is_refused(text):
    with pytest.raises(InvalidQuery, match="Invalid cursor parameter"):
        parse_cursor(text)


@given(
    st.lists(st.integers(0, 20), max_size=40).map(lambda scores: sorted(scores, reverse=True)),
    st.integers(1, 7),
)
def test_walking_forward_shows_every_row_once(scores, limit):
    rows = list(enumerate(scores))
    seen, cursor = [], None
    for _ in range(len(rows) + 1):
        page = page_by_score(rows, lambda row: row[1], cursor, limit)
        seen += page.rows
        cursor = page.next.cursor
        if not page.next.has_results:
            break
    assert seen == rows


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=40).map(lambda scores: sorted(scores, reverse=True)),
    st.integers(1, 7),
)
def test_walking_back_from_the_end_shows_every_row_once(scores, limit):
    rows = list(enumerate(scores))
    seen, cursor = [], Cursor(0, 0, is_previous=True)
    for _ in range(len(rows) + 1):
        page = page_by_score(rows, lambda row: row[1], cursor, limit)
        seen = [*page.rows, *seen]
        cursor = page.previous.cursor
        if not page.previous.has_results:
            break
    assert seen == rows


def test_rows_inserted_above_do_not_shift_the_next_page():
    page = page_by_score(WORKED, lambda row: row[1], None, 2)
    later = [("D", 4000), *WORKED]
    assert [row[0] for row in page_by_score(later, lambda row: row[1], page.next.cursor, 2).rows] == ["A"]
    assert [row[0] for row in page_by_score(later, lambda row: row[1], page.previous.cursor, 2).rows] == ["D"]


def test_row_offset_pages_count_rows():
    first = page_by_offset([1, 2, 3], None, 2)
    assert (str(first.previous.cursor), first.previous.has_results) == ("0:0:1", False)
    assert (str(first.next.cursor), first.next.has_results) == ("0:2:0", True)
    second = page_by_offset([3], first.next.cursor, 2)
    assert (str(second.previous.cursor), second.previous.has_results) == ("0:0:1", True)
    assert (str(second.next.cursor), second.next.has_results) == ("0:4:0", False)


def test_page_number_pages_count_pages():
    first = page_by_number([1, 2], None, 1)
    assert (str(first.previous.cursor), first.previous.has_results) == ("1:-1:1", False)
    assert (str(first.next.cursor), first.next.has_results) == ("1:1:0", True)
    with pytest.raises(InvalidQuery, match="cannot be negative"):
        page_by_number([], first.previous.cursor, 1)
