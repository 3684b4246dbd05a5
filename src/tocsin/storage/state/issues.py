"""Issues: loaded and saved as whole values, found by id, number, old id, or by conditions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import structs
from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, or_, select, update

from tocsin.domain.issue.issue import Assignee, Issue, IssueId, ProjectId, Resolution, ResolutionType, Snooze, Status
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state import issue_merges
from tocsin.storage.state.rows import among, columns_for, insert_missing, portions
from tocsin.storage.state.tables import issue, issue_redirect, project, resolution, snooze

Side = TypeVar("Side", Resolution, Snooze)
Sides: TypeAlias = tuple[Resolution | None, Snooze | None]
NO_SIDES: Sides = (None, None)


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """Where a merged issue went."""

    previous_issue_id: IssueId
    project_id: ProjectId
    previous_number: int
    issue_id: IssueId


def load(connection: Connection, ids: Iterable[IssueId], *, lock: bool = False) -> dict[IssueId, Issue]:
    """Return those of the issues that exist, whatever their status.

    With *lock* their rows stay locked until the transaction ends, in the order of their ids.
    """
    found: dict[IssueId, Issue] = {}
    for some in portions(ids):
        query = select(issue).where(issue.c.id.in_(some)).order_by(issue.c.id)
        rows = connection.execute(query.with_for_update() if lock else query).mappings().all()
        around = sides(connection, some)
        found |= {row["id"]: _issue(row, *around.get(row["id"], NO_SIDES)) for row in rows}
    return found


def sides(connection: Connection, ids: Iterable[IssueId]) -> dict[IssueId, Sides]:
    """Return the resolution and the snooze of those of the issues that have either."""
    found: dict[IssueId, Sides] = {}
    for some in portions(ids):
        resolutions = _sides(connection, resolution, Resolution, some)
        snoozes = _sides(connection, snooze, Snooze, some)
        found |= {one: (resolutions.get(one), snoozes.get(one)) for one in resolutions.keys() | snoozes.keys()}
    return found


def put_resolutions(connection: Connection, wanted: Mapping[IssueId, Resolution | None]) -> None:
    """Replace the resolutions of the issues."""
    _put_sides(connection, resolution, wanted)


def put_snoozes(connection: Connection, wanted: Mapping[IssueId, Snooze | None]) -> None:
    """Replace the snoozes of the issues."""
    _put_sides(connection, snooze, wanted)


def create(connection: Connection, new: Sequence[Issue]) -> list[IssueId]:
    """Store issues that were never saved and return their ids in the same order; the ids they carry are ignored."""
    if not new:
        return []
    rows = [_row(one) for one in new]
    for row in rows:
        del row["id"]
    returned = insert(issue).returning(issue.c.project_id, issue.c.number, issue.c.id)
    ids = {(project_id, number): new_id for project_id, number, new_id in connection.execute(returned, rows)}
    created = [structs.replace(one, id=ids[one.project_id, one.number]) for one in new]
    _put_sides(connection, resolution, {one.id: one.resolution for one in created if one.resolution})
    _put_sides(connection, snooze, {one.id: one.snooze for one in created if one.snooze})
    return [one.id for one in created]


def save(connection: Connection, changed: Sequence[Issue]) -> None:
    """Write stored issues as they are now, and count one more version of each.

    Load them with ``lock=True`` in the same transaction: what was written in between would be lost.
    """
    if not changed:
        return
    rows = [_row(one) for one in sorted(changed, key=lambda one: one.id)]
    for row in rows:
        row["stored_id"] = row.pop("id")
        del row["project_id"], row["number"], row["version"]
    statement = update(issue).where(issue.c.id == bindparam("stored_id")).values(version=issue.c.version + 1)
    connection.execute(statement, rows)
    put_resolutions(connection, {one.id: one.resolution for one in changed})
    put_snoozes(connection, {one.id: one.snooze for one in changed})


def lock(connection: Connection, ids: Iterable[IssueId]) -> None:
    """Lock the rows of issues until the transaction ends, in the order of their ids, without reading them."""
    for some in portions(ids):
        connection.execute(select(issue.c.id).where(issue.c.id.in_(some)).order_by(issue.c.id).with_for_update())


def retire(connection: Connection, ids: Iterable[IssueId], status: Status) -> None:
    """Give issues a *status* in which nobody sees them any more; the rest of them stays until they are removed."""
    gone = {"status": status, "substatus": None, "version": issue.c.version + 1}
    for some in portions(ids):
        connection.execute(update(issue).where(issue.c.id.in_(some)).values(gone))


def remove(connection: Connection, ids: Iterable[IssueId]) -> None:
    """Delete issues with all that state keeps of them, and those merged into them.

    Free their hashes first (``issue_hashes.free``), which are those of the merged ones as well.
    """
    wanted = list(ids)
    merged = issue_merges.inside(connection, wanted).values()
    for some in portions([*wanted, *(child_id for children in merged for child_id in children)]):
        connection.execute(delete(issue).where(issue.c.id.in_(some)))


def ids_of_project(connection: Connection, project_id: ProjectId, limit: int) -> list[IssueId]:
    """Return ids of issues of the project, at most *limit*, whatever their status."""
    query = select(issue.c.id).where(issue.c.project_id == project_id).order_by(issue.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def by_numbers(connection: Connection, pairs: Iterable[tuple[ProjectId, int]]) -> dict[tuple[ProjectId, int], IssueId]:
    """Return the ids of the issues with these numbers in these projects, merged ones answering with their survivors."""
    wanted = set(pairs)
    found = _numbered(connection, issue, "number", "id", wanted)
    return found | _numbered(connection, issue_redirect, "previous_number", "issue_id", wanted)


def redirect(connection: Connection, redirects: Sequence[Redirect]) -> None:
    """Let the ids and numbers of merged issues lead to their survivors, and what led to them as well."""
    if not redirects:
        return
    led_here = issue_redirect.c.issue_id == bindparam("merged_id")
    onwards = update(issue_redirect).where(led_here).values(issue_id=bindparam("survivor_id"))
    connection.execute(
        onwards, [{"merged_id": one.previous_issue_id, "survivor_id": one.issue_id} for one in redirects]
    )
    insert_missing(connection, issue_redirect, [structs.asdict(one) for one in redirects])


def lead_back(connection: Connection, inside: Mapping[IssueId, Collection[IssueId]]) -> None:
    """Let issues answer for themselves again, and for those *inside* each of them."""
    for some in portions(inside):
        connection.execute(delete(issue_redirect).where(issue_redirect.c.previous_issue_id.in_(some)))
    back = update(issue_redirect).where(issue_redirect.c.previous_issue_id == bindparam("inner_id"))
    led = [{"inner_id": inner, "outer_id": outer} for outer, inner_ids in inside.items() for inner in inner_ids]
    if led:
        connection.execute(back.values(issue_id=bindparam("outer_id")), led)


def survivors(connection: Connection, previous_ids: Iterable[IssueId]) -> dict[IssueId, IssueId]:
    """Return, for those of the ids that were merged away, which issue answers for them (spec/mutation.md 1.2)."""
    found: dict[IssueId, IssueId] = {}
    for some in portions(previous_ids):
        query = select(issue_redirect.c.previous_issue_id, issue_redirect.c.issue_id)
        rows = connection.execute(query.where(issue_redirect.c.previous_issue_id.in_(some)))
        found |= {previous_id: issue_id for previous_id, issue_id in rows}  # noqa: C416 - rows are not pairs to mypy
    return found


def by_share_id(connection: Connection, share_id: str) -> Issue | None:
    """Return the public issue with that share id of 32 hex digits."""
    shared_id = connection.execute(select(issue.c.id).where(issue.c.share_id == share_id)).scalar()
    return None if shared_id is None else load(connection, [shared_id])[shared_id]


def with_lapsed_snooze(
    connection: Connection, now: datetime, limit: int, *, project_ids: Iterable[ProjectId] | None = None
) -> list[IssueId]:
    """Return the ignored issues whose snooze is over by the clock, longest over first (spec/mutation.md 4.2).

    Snoozes of issues that are being merged or deleted wake nobody. Without *project_ids* all projects are looked at.
    """
    query = select(snooze.c.issue_id).join_from(snooze, issue)
    query = query.where(snooze.c.until <= now, issue.c.status == Status.IGNORED)
    if project_ids is not None:
        query = query.where(issue.c.project_id.in_(list(project_ids)))
    return list(connection.execute(query.order_by(snooze.c.until, snooze.c.issue_id).limit(limit)).scalars())


def awaiting_next_release(connection: Connection, project_id: ProjectId) -> dict[IssueId, str]:
    """Return the project's issues resolved in a release that did not exist then, each with the newest that did."""
    pending = (issue.c.project_id == project_id, resolution.c.type == ResolutionType.IN_NEXT_RELEASE)
    query = select(issue.c.id, resolution.c.release).join_from(resolution, issue).where(*pending)
    rows = connection.execute(query.order_by(issue.c.id))
    return {issue_id: version for issue_id, version in rows}  # noqa: C416 - rows are not pairs to mypy


def naming_release(connection: Connection, organization_id: OrganizationId, version: str) -> IssueId | None:
    """Return some issue of the organization that was first or last seen in the release, or is resolved in it."""
    own = select(project.c.id).where(project.c.organization_id == organization_id)
    of_version = select(resolution.c.issue_id).where(resolution.c.release == version)
    names = or_(issue.c.first_release == version, issue.c.last_release == version, issue.c.id.in_(of_version))
    query = select(issue.c.id).where(issue.c.project_id.in_(own), issue.c.status.not_in(sorted(LEAVING)), names)
    return connection.execute(query.limit(1)).scalar()


_COLUMN_FIELDS = [name for name in Issue.__struct_fields__ if name not in {"resolution", "snooze", "assignee"}]


def _row(one: Issue) -> dict[str, Any]:
    assignee = one.assignee or Assignee()
    row = {name: getattr(one, name) for name in _COLUMN_FIELDS}
    return row | {"assignee_user_id": assignee.user_id, "assignee_team_id": assignee.team_id}


def _issue(row: RowMapping, resolved: Resolution | None, snoozed: Snooze | None) -> Issue:
    user_id, team_id = row["assignee_user_id"], row["assignee_team_id"]
    assignee = None if user_id is None and team_id is None else Assignee(user_id=user_id, team_id=team_id)
    fields = {name: row[name] for name in _COLUMN_FIELDS}
    return Issue(**fields, resolution=resolved, snooze=snoozed, assignee=assignee)


def _sides(connection: Connection, table: Table, kind: type[Side], ids: Sequence[IssueId]) -> dict[IssueId, Side]:
    """Return the rows of *table* that belong to the issues."""
    query = select(table.c.issue_id, *columns_for(kind, table)).where(table.c.issue_id.in_(ids))
    names = kind.__struct_fields__
    return {
        row["issue_id"]: kind(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()
    }


def _put_sides(
    connection: Connection, table: Table, wanted: Mapping[IssueId, Resolution | None] | Mapping[IssueId, Snooze | None]
) -> None:
    for some in portions(wanted):
        connection.execute(delete(table).where(table.c.issue_id.in_(some)))
    rows = [{"issue_id": issue_id, **structs.asdict(one)} for issue_id, one in sorted(wanted.items()) if one]
    insert_missing(connection, table, rows)


def _numbered(
    connection: Connection, table: Table, number: str, target: str, pairs: Collection[tuple[ProjectId, int]]
) -> dict[tuple[ProjectId, int], IssueId]:
    """Return what the column *target* says for each pair of project and *number* that *table* knows."""
    found: dict[tuple[ProjectId, int], IssueId] = {}
    key = (table.c.project_id, table.c[number])
    for some in portions(pairs):
        rows = connection.execute(select(*key, table.c[target]).where(among(key, some)))
        found |= {(project_id, value): issue_id for project_id, value, issue_id in rows}
    return found
