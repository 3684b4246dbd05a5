"""Cursors and pages: where a list goes on, stable under inserts (spec/search.md section 4)."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from tocsin.domain.errors import InvalidQuery

Row = TypeVar("Row")

OFFSET_MAX = 1_000_000

_ABOVE_ZERO = 0.5
"""Stands for a score of 0 in a cursor that is read backwards, where 0 means the end of the list (4.3)."""

_DIRECTIONS = {"0": False, "1": True}


class Cursor(msgspec.Struct, frozen=True):
    """``value:offset:is_previous``: a place in a list, read onwards or backwards."""

    value: float
    offset: int
    is_previous: bool = False

    def __str__(self) -> str:
        value = int(self.value) if self.value == int(self.value) else self.value
        return f"{value}:{self.offset}:{int(self.is_previous)}"


class Step(msgspec.Struct, frozen=True):
    """One way to go on from a page: the cursor, and whether rows are to be expected there."""

    cursor: Cursor
    has_results: bool


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """Some rows of a list, and how to reach those before and after. ``hits`` counts the whole list, where known."""

    rows: Sequence[Row]
    previous: Step
    next: Step
    hits: int | None = None


def parse_cursor(text: str) -> Cursor:
    """Read a cursor parameter; raises InvalidQuery for anything but ``value:offset:is_previous``."""
    try:
        value, offset, is_previous = text.split(":")
        cursor = Cursor(float(value), int(offset), _DIRECTIONS[is_previous])
    except (ValueError, KeyError):
        raise InvalidQuery("Invalid cursor parameter.") from None
    if not abs(cursor.value) < 2**53:
        raise InvalidQuery("Invalid cursor parameter.")
    if abs(cursor.offset) > OFFSET_MAX:
        raise InvalidQuery("Pagination offset too large")
    return cursor


def page_by_score(rows: Sequence[Row], score: Callable[[Row], float], cursor: Cursor | None, limit: int) -> Page[Row]:
    """Return the page of *rows* at *cursor*; *rows* are all rows, by score descending (spec/search.md 4.3).

    *score* must fall along *rows*; ties keep the order of *rows*.
    """
    start, stop = _span(rows, score, cursor, limit)
    shown = rows[start:stop]
    previous, following = _neighbours(rows, score, start, stop, cursor)
    if cursor is None:
        steps = (Step(previous, False), Step(following, stop < len(rows)))
    elif cursor.is_previous:
        steps = (Step(previous, bool(shown)), Step(following, not shown or stop < len(rows)))
    else:
        steps = (Step(previous, True), Step(following, stop < len(rows)))
    return Page(shown, *steps, hits=len(rows))


def _span(rows: Sequence[Row], score: Callable[[Row], float], cursor: Cursor | None, limit: int) -> tuple[int, int]:
    if cursor is None:
        return 0, min(limit, len(rows))
    first = len(rows) if cursor.is_previous and cursor.value == 0 else _first_at_most(rows, score, cursor.value)
    anchor = min(max(first + cursor.offset, 0), len(rows))
    if cursor.is_previous:
        return max(anchor - limit, 0), anchor
    return anchor, min(anchor + limit, len(rows))


def _first_at_most(rows: Sequence[Row], score: Callable[[Row], float], value: float) -> int:
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if score(rows[middle]) > value:
            low = middle + 1
        else:
            high = middle
    return low


def _neighbours(
    rows: Sequence[Row], score: Callable[[Row], float], start: int, stop: int, cursor: Cursor | None
) -> tuple[Cursor, Cursor]:
    def anchored(index: int, *, is_previous: bool) -> Cursor:
        if not rows:
            return Cursor(cursor.value if cursor else 0, cursor.offset if cursor else 0, is_previous)
        value = score(rows[index]) if index < len(rows) else score(rows[-1])
        if is_previous and value == 0:
            value = _ABOVE_ZERO
        return Cursor(value, index - _first_at_most(rows, score, value), is_previous)

    return anchored(start, is_previous=True), anchored(stop, is_previous=False)


def page_by_offset(rows: Sequence[Row], cursor: Cursor | None, limit: int) -> Page[Row]:
    """Return a page of the row-offset family; *rows* start at the cursor's offset, one more than *limit* if there is.

    The cursor's value is always 0 and its offset absolute (spec/search.md 4.1).
    """
    offset = max(cursor.offset, 0) if cursor else 0
    return Page(
        rows[:limit],
        Step(Cursor(0, max(offset - limit, 0), is_previous=True), offset > 0),
        Step(Cursor(0, offset + limit), len(rows) > limit),
    )


def page_by_number(rows: Sequence[Row], cursor: Cursor | None, limit: int) -> Page[Row]:
    """Return a page of the page-number family; *rows* start at the page, one more than *limit* if there is.

    The cursor's value is the page size and its offset the page number (spec/search.md 4.1).
    """
    number = page_number(cursor)
    return Page(
        rows[:limit],
        Step(Cursor(limit, number - 1, is_previous=True), number > 0),
        Step(Cursor(limit, number + 1), len(rows) > limit),
    )


def page_number(cursor: Cursor | None) -> int:
    """Return the page a cursor of the page-number family names; raises InvalidQuery for one before the first."""
    if cursor is None:
        return 0
    if cursor.offset < 0:
        raise InvalidQuery("Pagination offset cannot be negative")
    return cursor.offset
