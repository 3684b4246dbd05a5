"""Changing the ownership rules of a project (spec/search.md 6)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.domain.errors import InvalidFields, Malformed
from tocsin.domain.issue.fields import Rejected, boolean, choice, read_fields
from tocsin.domain.organization import Project
from tocsin.domain.ownership import AutoAssignment, Owner, Ownership, parse_rules
from tocsin.storage.state import organizations, ownership, teams
from tocsin.storage.state.engine import State, Transaction


class KeepOwnership:
    """Changes ownership rules. Safe to share among threads."""

    def __init__(self, state: State) -> None:
        self._state = state

    def change(self, project: Project, body: Mapping[str, Any], now: datetime) -> Ownership:
        """Change the rules of a project and what is done with them.

        Raises InvalidFields for rules that cannot be read or name somebody who is not in the organization.
        """
        sent = read_fields(body, _READERS)
        fields = {_NAMES.get(name, name): value for name, value in sent.items()}
        with self._state.write() as connection:
            if "raw" in fields:
                _check_owners(connection, project, fields["raw"])
            kept = ownership.of_projects(connection, [project.id]).get(project.id)
            changed = replace(
                kept or Ownership(project_id=project.id, created_at=now, updated_at=now), updated_at=now, **fields
            )
            ownership.save(connection, changed)
        return changed


def _check_owners(connection: Transaction, project: Project, raw: str) -> None:
    named = dict.fromkeys(owner for rule in parse_rules(raw) for owner in rule.owners)
    people = {member.user.email for member in organizations.members(connection, project.organization_id)}
    slugs = {team.slug for team in teams.in_organization(connection, project.organization_id)}
    strange = [_shown(one) for one in named if one.identifier not in (slugs if one.kind == "team" else people)]
    if strange:
        raise InvalidFields({"raw": [f"Invalid rule owners: {', '.join(strange)}"]})


def _shown(owner: Owner) -> str:
    return f"#{owner.identifier}" if owner.kind == "team" else owner.identifier


def _raw(value: Any) -> str:
    if not isinstance(value, str):
        raise Rejected(["Not a valid string."])
    try:
        parse_rules(value)
    except Malformed as trouble:
        raise Rejected([trouble.detail]) from None
    return value


def _auto_assignment(value: Any) -> AutoAssignment:
    return AutoAssignment(choice(frozenset(AutoAssignment))(value))


_NAMES = {"autoAssignment": "auto_assignment", "isActive": "is_active"}
_READERS = {
    "raw": _raw,
    "fallthrough": boolean,
    "autoAssignment": _auto_assignment,
    "isActive": boolean,
}
