"""Tables over events for screens: what history counts, with the projects and issues named."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.issue.issue import Issue, ProjectId
from tocsin.domain.issue.short_id import encode
from tocsin.domain.organization import Project
from tocsin.domain.query.resolve import resolve
from tocsin.domain.query.table import Figure, Function, Place, Table
from tocsin.domain.query.tree import And, Expression
from tocsin.domain.query.window import Grid, Window
from tocsin.storage.history import events, table
from tocsin.storage.history.filters import ALWAYS
from tocsin.storage.history.matching import matching
from tocsin.storage.history.scope import Page, ProjectScope, Selection
from tocsin.storage.history.table import OTHERS, ROWS_MAX, Asked
from tocsin.storage.state import issue_hashes, issues
from tocsin.storage.views import named_releases
from tocsin.storage.views.stores import Views

__all__ = ["Line", "Lines", "TableQuestion", "count", "lines", "rows", "series", "series_of_lines"]


class TableQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted."""

    projects: tuple[Project, ...]
    window: Window
    environments: tuple[str, ...] = ()
    query: Expression = And()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Events that have the same values, as one line of a chart."""

    values: Mapping[str, Any]
    """By the names of the columns."""
    keys: tuple[str, ...]
    """By which history knows them."""


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """The lines that stand out among some events."""

    question: TableQuestion
    table: Table
    lines: tuple[Line, ...]


def rows(
    views: Views, question: TableQuestion, wanted: Table, now: datetime, *, limit: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Return some rows of the table, by the names of its columns, no more than ``ROWS_MAX`` in all."""
    if not question.projects:
        return []
    asked = _asked(views, question, wanted, now)
    if not (wanted.figures and wanted.names_issues):
        return _named(views, question, wanted, table.rows(views.history, asked, Page(limit, offset)))
    # An issue may have several hashes: only what they come to together can be sorted and cut.
    by_hash = table.rows(views.history, asked, Page(ROWS_MAX))
    return _merged(wanted, _named(views, question, wanted, by_hash))[offset : offset + limit]


def count(views: Views, question: TableQuestion, now: datetime) -> int:
    """Return how many events there are."""
    if not question.projects:
        return 0
    return events.count(views.history, _scope(question), _selection(views, question, now))


def series(
    views: Views, question: TableQuestion, figures: Sequence[Figure], grid: Grid, now: datetime
) -> Mapping[int, Sequence[Any]]:
    """Return the figures over the events of each interval, by its index; an interval without events is missing."""
    if not question.projects:
        return {}
    selection = _selection(views, question, now)
    return table.series(views.history, _scope(question), selection, figures, grid)


def lines(views: Views, question: TableQuestion, wanted: Table, now: datetime, limit: int) -> Lines:
    """Return the first *limit* rows of a table with figures, as groups whose figures over time can be asked for."""
    if not question.projects:
        return Lines(question=question, table=wanted, lines=())
    asked = msgspec.structs.replace(_asked(views, question, wanted, now), tells_keys=True)
    found = table.rows(views.history, asked, Page(ROWS_MAX if wanted.names_issues else limit))
    named = _named(views, question, wanted, found)
    keys: dict[tuple[Any, ...], list[str]] = {}
    for raw, row in zip(found, named, strict=True):
        keys.setdefault(_identity(wanted, row), []).append(raw["group_key"])
    first = [
        Line(values={one.name: row[one.name] for one in wanted.values}, keys=tuple(keys[_identity(wanted, row)]))
        for row in _merged(wanted, named)[:limit]
    ]
    return Lines(question=question, table=wanted, lines=tuple(first))


def series_of_lines(
    views: Views, found: Lines, figures: Sequence[Figure], grid: Grid, now: datetime
) -> list[dict[int, Sequence[Any]]]:
    """Return the figures over time of each of the lines, and after them those of all other events together."""
    told: list[dict[int, Sequence[Any]]] = [{} for _ in (*found.lines, OTHERS)]
    if not found.question.projects:
        return told
    numbers = {key: number for number, line in enumerate(found.lines) for key in line.keys}
    asked = _asked(views, found.question, found.table, now)
    for (key, index), values in table.grouped_series(views.history, asked, list(numbers), figures, grid).items():
        line = told[numbers.get(key, len(found.lines))]
        line[index] = _added(figures, line[index], values) if index in line else values
    return told


def _added(figures: Sequence[Figure], one: Sequence[Any], other: Sequence[Any]) -> Sequence[Any]:
    return [_sum(figure.function, *pair) for figure, *pair in zip(figures, one, other, strict=True)]


def _asked(views: Views, question: TableQuestion, wanted: Table, now: datetime) -> Asked:
    return Asked(
        scope=_scope(question),
        selection=_selection(views, question, now),
        table=wanted,
        seconds=question.window.seconds,
    )


def _scope(question: TableQuestion) -> ProjectScope:
    return ProjectScope(tuple(project.id for project in question.projects))


def _selection(views: Views, question: TableQuestion, now: datetime) -> Selection:
    where = ALWAYS
    if question.query != And():
        ids = [project.id for project in question.projects]
        met = named_releases.met_for(views.history, question.query, ids, question.environments)
        with views.state.read() as connection:
            names = named_releases.names(connection, question.query, question.projects, met)
        where = matching(resolve(question.query, names), now=now)
    return Selection(
        start=question.window.start, end=question.window.end, environments=question.environments, where=where
    )


def _named(
    views: Views, question: TableQuestion, wanted: Table, found: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return *found* with its places named, and without what names them."""
    slugs = {project.id: project.slug for project in question.projects}
    owners = _owners(views, found) if wanted.names_issues else {}
    named = []
    for row in found:
        issue = _owner(row, owners)
        places = {one.name: _place(one.place, row, issue, slugs) for one in wanted.values if one.place}
        named.append({one.name: places.get(one.name, row[one.name]) for one in wanted.fields})
    return named


def _owners(
    views: Views, found: Sequence[dict[str, Any]]
) -> dict[tuple[ProjectId, GroupingHash], tuple[Issue, datetime | None]]:
    keys = {(ProjectId(row["project_id"]), GroupingHash(row["primary_hash"].hex())) for row in found}
    with views.state.read() as connection:
        owners = issue_hashes.owners(connection, keys)
        known = issues.load(connection, {one.issue_id for one in owners.values() if one.issue_id is not None})
    return {key: (known[one.issue_id], one.since) for key, one in owners.items() if one.issue_id in known}


def _owner(
    row: Mapping[str, Any], owners: Mapping[tuple[ProjectId, GroupingHash], tuple[Issue, datetime | None]]
) -> Issue | None:
    """Return the issue of a row; none where it is gone, and nobody else's event is given to its successor."""
    if not owners:
        return None
    issue, since = owners.get((row["project_id"], GroupingHash(row["primary_hash"].hex())), (None, None))
    is_older = since is not None and "digested_at" in row and row["digested_at"] < since
    return None if is_older else issue


def _place(place: Place, row: Mapping[str, Any], issue: Issue | None, slugs: Mapping[ProjectId, str]) -> Any:
    match place:
        case Place.PROJECT:
            return slugs[row["project_id"]]
        case Place.PROJECT_ID:
            return row["project_id"]
        case Place.ISSUE:
            return encode(slugs[issue.project_id], issue.number) if issue else "unknown"
        case Place.ISSUE_ID:
            return issue.id if issue else None


def _merged(wanted: Table, named: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the same issue as one, in the order asked for."""
    together: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in named:
        key = _identity(wanted, row)
        known = together.get(key)
        together[key] = row if known is None else _joined(wanted.figures, known, row)
    sorting = wanted.sorting
    name = wanted.fields[sorting.index].name if sorting else wanted.figures[0].name
    return sorted(together.values(), key=lambda row: _rank(row[name]), reverse=sorting.descending if sorting else True)


def _identity(wanted: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(_hashable(row[one.name]) for one in wanted.values)


def _joined(figures: Sequence[Figure], one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    joined = dict(one)
    for figure in figures:
        joined[figure.name] = _sum(figure.function, one[figure.name], other[figure.name])
    return joined


def _sum(function: Function, one: Any, other: Any) -> Any:
    match function:
        case Function.COUNT | Function.EPM | Function.EPS:
            return one + other
        case Function.MIN | Function.FIRST_SEEN:
            return min(one, other)
        case Function.MAX | Function.LAST_SEEN:
            return max(one, other)
        case _:
            return one or other


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _rank(value: Any) -> tuple[bool, Any]:
    """Let what is missing come before everything, and lists and texts be compared as text."""
    return (value is not None, value if isinstance(value, int | float | datetime) else str(value))
