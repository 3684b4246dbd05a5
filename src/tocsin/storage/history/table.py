"""Tables over events: rows of values, or of figures by values, and figures over time."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tocsin.domain.query.table import Figure, Function, Place, Sorting, Table, Value
from tocsin.domain.query.window import Grid
from tocsin.storage.history.filters import Clause, bound, texts
from tocsin.storage.history.matching import value_of
from tocsin.storage.history.scope import Page, Scope, Selection
from tocsin.storage.history.store import History

ROWS_MAX = 10_000
"""No table has more rows than this."""

OTHERS = ""
"""What ``grouped_series`` calls all groups that nobody asked for."""

_EVENT_ID = "lower(hex(event_id))"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A table, and the events that it is about."""

    scope: Scope
    selection: Selection
    table: Table
    seconds: float
    """How long their window is."""
    tells_keys: bool = False
    """Whether each row has a ``group_key`` too, by which ``grouped_series`` knows it again."""


def rows(history: History, asked: Asked, part: Page) -> list[dict[str, Any]]:
    """Return a page of the table, each row by the names of its columns.

    Of the places the row has only what history knows: ``project_id`` and, where an issue is asked for,
    ``primary_hash``. Without figures each row is an event, and has ``digested_at`` too.
    """
    table = asked.table
    columns = [_column(one, asked.seconds) for one in table.fields]
    owners = _owners(table)
    chosen = asked.scope.clause() & asked.selection.clause()
    keys = [_group_key(table)] if asked.tells_keys else []
    listed = [
        *(f"{one.sql} AS c{index}" for index, one in enumerate(columns)),
        *owners,
        *(f"{one.sql} AS group_key" for one in keys),
    ]
    grouped = [f"c{index}" for index, one in enumerate(table.fields) if isinstance(one, Value)] + list(owners)
    group_by = f" GROUP BY {', '.join(grouped)}" if table.figures and grouped else ""
    sql = (
        f"SELECT {', '.join(listed)} FROM event WHERE {chosen.sql}{group_by}"
        f" ORDER BY {_order(table, grouped)} LIMIT {{limit:UInt32}} OFFSET {{offset:UInt64}}"
    )
    bindings: dict[str, Any] = {**chosen.parameters, "limit": min(part.limit, ROWS_MAX), "offset": part.offset}
    for one in (*columns, *keys):
        bindings |= one.parameters
    names = [*(one.name for one in table.fields), *owners, *(["group_key"] if keys else [])]
    return [dict(zip(names, row, strict=True)) for row in history.rows(sql, bindings)]


def series(
    history: History, scope: Scope, selection: Selection, figures: Sequence[Figure], grid: Grid
) -> dict[int, Sequence[Any]]:
    """Return the figures over the events of each interval, by its index; an interval without events is missing."""
    chosen = scope.clause() & selection.clause()
    return {index: told for (_, index), told in _series(history, chosen, Clause("''"), figures, grid).items()}


def grouped_series(
    history: History, asked: Asked, keys: Sequence[str], figures: Sequence[Figure], grid: Grid
) -> dict[tuple[str, int], Sequence[Any]]:
    """Return the figures over the events of each interval of each group, by ``group_key`` and index.

    The groups are those of *asked*, with these *keys*; all others are one together, whose key is ``OTHERS``.
    """
    key, wanted = _group_key(asked.table), texts(keys)
    known = Clause(f"if({key.sql} IN {wanted.sql}, {key.sql}, '{OTHERS}')", {**key.parameters, **wanted.parameters})
    chosen = asked.scope.clause() & asked.selection.clause()
    return _series(history, chosen, known, figures, grid)


def _series(
    history: History, chosen: Clause, key: Clause, figures: Sequence[Figure], grid: Grid
) -> dict[tuple[str, int], Sequence[Any]]:
    columns = [_figure(one, grid.step_seconds) for one in figures]
    origin, step = bound("Int64", grid.origin), bound("Int64", grid.step_seconds)
    interval = f"toInt64(floor((toUnixTimestamp(timestamp) - {origin.sql}) / {step.sql}))"
    sql = (
        f"SELECT {key.sql} AS group_key, {interval} AS interval, {', '.join(one.sql for one in columns)} FROM event"
        f" WHERE {chosen.sql} GROUP BY group_key, interval HAVING interval >= 0 AND interval < {grid.points:d}"
    )
    bindings = {**chosen.parameters, **key.parameters, **origin.parameters, **step.parameters}
    for one in columns:
        bindings |= one.parameters
    return {(group_key, index): figures_ for group_key, index, *figures_ in history.rows(sql, bindings)}


def _group_key(table: Table) -> Clause:
    """Return what tells the groups of a table apart: their values, and whose they are, as one text."""
    values = [value_of(one.key) for one in table.values if one.key is not None]
    owners = [Clause("hex(primary_hash)" if name == "primary_hash" else name) for name in _owners(table)]
    texts_ = ", '\\0', ".join(f"ifNull(toString({one.sql}), '')" for one in (*values, *owners))
    bindings = {name: value for one in values for name, value in one.parameters.items()}
    return Clause(f"concat({texts_}, '\\0')", bindings)


def _owners(table: Table) -> tuple[str, ...]:
    """Return what else must be known of a row to name the places in it."""
    if table.names_issues:
        return ("project_id", "primary_hash") if table.figures else ("project_id", "primary_hash", "digested_at")
    return ("project_id",) if any(one.place for one in table.values) else ()


def _column(one: Value | Figure, seconds: float) -> Clause:
    if isinstance(one, Figure):
        return _figure(one, seconds)
    if one.key is not None:
        return value_of(one.key)
    return Clause("project_id") if one.place in {Place.PROJECT, Place.PROJECT_ID} else Clause("''")


def _figure(one: Figure, seconds: float) -> Clause:
    value = value_of(one.key) if one.key else Clause("")
    match one.function:
        case Function.COUNT_UNIQUE:
            return Clause(f"uniqExactIf({value.sql}, toString({value.sql}) != '')", value.parameters)
        case Function.MIN | Function.MAX:
            return Clause(f"{one.function}({value.sql})", value.parameters)
        case Function.ANY:
            return Clause(f"anyIf({value.sql}, toString({value.sql}) != '')", value.parameters)
        case Function.EPM | Function.EPS:
            units = bound("Float64", max(seconds, 1) / (60 if one.function is Function.EPM else 1))
            return Clause(f"count() / {units.sql}", units.parameters)
        case _:
            return Clause(_PLAIN[one.function])


_PLAIN = {
    Function.COUNT: "count()",
    Function.FIRST_SEEN: "min(timestamp)",
    Function.LAST_SEEN: "max(timestamp)",
    Function.LATEST_EVENT: f"argMax({_EVENT_ID}, (timestamp, event_id))",
}


def _order(table: Table, grouped: Sequence[str]) -> str:
    """Return what rows are sorted by, each row in one place only."""
    first = _sorted_by(table.sorting) if table.sorting else ""
    if not table.figures:
        return ", ".join(filter(None, (first, "timestamp DESC, event_id DESC")))
    if not first:
        index = next(index for index, one in enumerate(table.fields) if isinstance(one, Figure))
        first = _sorted_by(Sorting(index, descending=True))
    return ", ".join((first, *grouped))


def _sorted_by(sorting: Sorting) -> str:
    return f"c{sorting.index} {'DESC' if sorting.descending else 'ASC'}"
