"""The ownership rules of projects, and whom they suggest for issues."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, select

from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.issue.suggestion import Suggestion
from tocsin.domain.ownership import AutoAssignment, Ownership
from tocsin.storage.state.rows import insert_into, insert_missing, portions
from tocsin.storage.state.tables import ownership, suggested_team, suggested_user


def of_projects(connection: Connection, project_ids: Collection[ProjectId]) -> dict[ProjectId, Ownership]:
    """Return the rules of those projects that have any."""
    found: dict[ProjectId, Ownership] = {}
    for some in portions(project_ids):
        for row in connection.execute(select(ownership).where(ownership.c.project_id.in_(some))).mappings():
            values = dict(row) | {"auto_assignment": AutoAssignment(row["auto_assignment"])}
            found[row["project_id"]] = Ownership(**values)
    return found


def save(connection: Connection, changed: Ownership) -> None:
    """Write the rules of a project, in place of those it had."""
    values = structs.asdict(changed)
    fresh = {name: value for name, value in values.items() if name not in {"project_id", "created_at"}}
    statement = insert_into(connection, ownership).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_=fresh))


def suggest(connection: Connection, suggested: Mapping[IssueId, Sequence[Suggestion]]) -> None:
    """Add suggestions to issues; those that are there stay."""
    rows = [(issue_id, one) for issue_id in sorted(suggested) for one in suggested[issue_id]]
    insert_missing(
        connection,
        suggested_user,
        [{"user_id": one.user_id, **_common(issue_id, one)} for issue_id, one in rows if one.user_id is not None],
    )
    insert_missing(
        connection,
        suggested_team,
        [{"team_id": one.team_id, **_common(issue_id, one)} for issue_id, one in rows if one.team_id is not None],
    )


def suggestions(connection: Connection, issue_ids: Iterable[IssueId]) -> dict[IssueId, list[Suggestion]]:
    """Return who is suggested for each of the issues, oldest first; an issue without a suggestion has no entry."""
    found: dict[IssueId, list[Suggestion]] = {}
    for some in portions(issue_ids):
        for table, name in ((suggested_user, "user_id"), (suggested_team, "team_id")):
            for row in connection.execute(select(table).where(table.c.issue_id.in_(some))).mappings():
                one = Suggestion(reason=row["reason"], added_at=row["added_at"], **{name: row[name]})
                found.setdefault(row["issue_id"], []).append(one)
    return {issue_id: sorted(those, key=_age) for issue_id, those in found.items()}


def _common(issue_id: IssueId, one: Suggestion) -> dict[str, object]:
    return {"issue_id": issue_id, "reason": one.reason, "added_at": one.added_at}


def _age(one: Suggestion) -> tuple[datetime, int, int]:
    return one.added_at, one.user_id or 0, one.team_id or 0
