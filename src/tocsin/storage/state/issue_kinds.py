"""Issues by kind: read without their texts, written a kind at a time, so that thousands cost a few statements.

A command looks at few fields of an issue (``domain/issue/kind.py``). Issues that agree in them are one kind; one of
them is loaded whole and stands for the others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, delete, exists, select, type_coerce, update
from sqlalchemy.types import TypeDecorator

from tocsin.domain.issue.issue import Assignee, Issue, IssueId, ProjectId, Resolution, Snooze
from tocsin.domain.issue.kind import IN_INBOX, OVERWRITTEN, Kind
from tocsin.storage.state import issues
from tocsin.storage.state.rows import id_rows, insert_into, one_of
from tocsin.storage.state.tables import inbox, issue, resolution, snooze

_ALWAYS = ("project_id", "status", "substatus", "priority", "assignee_user_id", "assignee_team_id")
_IDS_AT_A_TIME = 50_000
"""Bounds the memory of one statement's rows."""
_APART_MAX = 50
"""Kinds with changes of their own up to which each has a statement of its own."""


def load(
    connection: Connection,
    ids: Collection[IssueId],
    *,
    project_ids: Collection[ProjectId],
    apart: Collection[str] = frozenset(),
) -> list[Kind]:
    """Return those of the issues that exist in these projects by kind, their rows locked until the transaction ends.

    Issues of one kind agree in status, substatus, priority, assignee, project, resolution, snooze, whether they are
    shared, and in the fields *apart*.
    """
    members: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(connection, ids, project_ids, apart):
        members[row[1 + len(OVERWRITTEN) :]].append(row[: 1 + len(OVERWRITTEN)])
    standing = issues.load(connection, [rows[0][0] for rows in members.values()])
    kinds = [_kind(standing[rows[0][0]], rows) for rows in members.values()]
    return sorted(kinds, key=lambda kind: kind.ids)


def _rows(
    connection: Connection, ids: Collection[IssueId], project_ids: Collection[ProjectId], apart: Collection[str]
) -> Iterator[tuple[Any, ...]]:
    """Yield, by id, the id, the fields that may differ within a kind, and all that tells kinds apart."""
    columns = _columns(apart)
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _IDS_AT_A_TIME):
        some = ordered[start : start + _IDS_AT_A_TIME]
        within = (one_of(connection, issue.c.id, some), issue.c.project_id.in_(list(project_ids)))
        query = select(*columns).where(*within).order_by(issue.c.id).with_for_update(of=issue)
        found = connection.execute(query).all()
        sides = issues.sides(connection, [row[0] for row in found if row[-1] or row[-2]])
        for row in found:
            yield (*row[:-2], sides.get(row[0]))


def _columns(apart: Collection[str]) -> list[ColumnElement[Any]]:
    """Return what :func:`_rows` reads, as the engine keeps it: to convert a million values costs a second."""
    names = [name for name in sorted(apart) if name in issue.c and name not in {*OVERWRITTEN, *_ALWAYS}]
    told_apart = [*_ALWAYS, *names, *(name for name in OVERWRITTEN if name in apart)]
    columns = [_stored(name) for name in ("id", *OVERWRITTEN, *told_apart)]
    if IN_INBOX in apart:
        columns.append(exists().where(inbox.c.issue_id == issue.c.id))
    columns.append(issue.c.share_id.is_(None))
    return [*columns, *(exists().where(table.c.issue_id == issue.c.id) for table in (resolution, snooze))]


def _stored(name: str) -> ColumnElement[Any]:
    column: Column[Any] = issue.c[name]
    return type_coerce(column, column.type.impl_instance) if isinstance(column.type, TypeDecorator) else column


def _kind(standing: Issue, rows: Sequence[tuple[Any, ...]]) -> Kind:
    """Return the kind of *rows*; the fields in which they differ are kept apart."""
    ids, *overwritten = zip(*rows, strict=True)
    each = {name: values for name, values in zip(OVERWRITTEN, overwritten, strict=True) if len(set(values)) > 1}
    return Kind(issue=standing, ids=ids, each=each)


def rewrite(connection: Connection, written: Sequence[tuple[Collection[IssueId], Mapping[str, Any]]]) -> None:
    """Set fields of stored issues, each time to the same values for many, and count one more version of each."""
    together: dict[tuple[Any, ...], list[IssueId]] = defaultdict(list)
    for ids, fields in written:
        together[tuple(sorted(_columns_of(fields).items(), key=lambda item: item[0]))].extend(ids)
    by_names: dict[tuple[str, ...], list[tuple[list[IssueId], dict[str, Any]]]] = defaultdict(list)
    for items, ids in together.items():
        by_names[tuple(name for name, _ in items)].append((ids, dict(items)))
    for alike in by_names.values():
        if len(alike) > _APART_MAX:
            _rewrite_each(connection, alike)
        else:
            _rewrite_together(connection, alike)


def _columns_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* of an issue as columns; an assignee has two, resolution and snooze have rows of their own."""
    columns = dict(fields)
    if "assignee" in columns:
        assignee = columns.pop("assignee") or Assignee()
        columns |= {"assignee_user_id": assignee.user_id, "assignee_team_id": assignee.team_id}
    return columns


_SIDES = {"resolution": resolution, "snooze": snooze}


def _rewrite_together(connection: Connection, alike: Sequence[tuple[list[IssueId], dict[str, Any]]]) -> None:
    for ids, columns in alike:
        own = {name: value for name, value in columns.items() if name not in _SIDES}
        statement = update(issue).where(one_of(connection, issue.c.id, ids))
        connection.execute(statement.values(version=issue.c.version + 1, **own))
        for name in _SIDES.keys() & columns.keys():
            _put_side(connection, name, ids, columns[name])


def _put_side(connection: Connection, name: str, ids: Collection[IssueId], value: Resolution | Snooze | None) -> None:
    table = _SIDES[name]
    connection.execute(delete(table).where(one_of(connection, table.c.issue_id, ids)))
    if value is None:
        return
    rows = id_rows(connection, ids)
    fields = type(value).__struct_fields__
    chosen = select(rows.c.value, *(bindparam(None, getattr(value, one), type_=table.c[one].type) for one in fields))
    connection.execute(insert_into(connection, table).from_select(["issue_id", *fields], chosen))


def _rewrite_each(connection: Connection, alike: Sequence[tuple[list[IssueId], dict[str, Any]]]) -> None:
    """Write many small kinds: one statement, a row of values for each issue."""
    names = [name for name in alike[0][1] if name not in _SIDES]
    values = {"version": issue.c.version + 1} | {name: bindparam(f"new_{name}") for name in names}
    rows = [
        {"stored_id": issue_id} | {f"new_{name}": columns[name] for name in names}
        for ids, columns in alike
        for issue_id in ids
    ]
    rows.sort(key=lambda row: row["stored_id"])
    connection.execute(update(issue).where(issue.c.id == bindparam("stored_id")).values(values), rows)
    if "resolution" in alike[0][1]:
        issues.put_resolutions(connection, {one: columns["resolution"] for ids, columns in alike for one in ids})
    if "snooze" in alike[0][1]:
        issues.put_snoozes(connection, {one: columns["snooze"] for ids, columns in alike for one in ids})


def put_stored(connection: Connection, name: str, values: Mapping[IssueId, Any]) -> None:
    """Set one of the ``OVERWRITTEN`` fields to what each of the issues had, as it was stored."""
    stored = type_coerce(bindparam("value"), _stored(name).type)
    rows = [{"stored_id": issue_id, "value": value} for issue_id, value in sorted(values.items())]
    connection.execute(update(issue).where(issue.c.id == bindparam("stored_id")).values({name: stored}), rows)
