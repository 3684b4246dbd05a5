"""Teams and members of an organization: making, changing and ending them (spec/search.md 5.14, 6)."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.domain.access import Role, Scope
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Forbidden, InvalidFields, NotFound
from tocsin.domain.issue.fields import Rejected, choice, nullable, read_fields, text
from tocsin.domain.issue.issue import TeamId, UserId
from tocsin.domain.naming import read_name, read_slug, slug_of
from tocsin.domain.organization import Member, MemberId, OrganizationId, Team, User
from tocsin.storage.state import organizations, teams, users
from tocsin.storage.state.engine import State, Transaction

ONLY_OWNER = "You cannot remove the only remaining owner of the organization. Make somebody else an owner first."
TEAM_KEEPERS = frozenset({Scope.TEAM_WRITE, Scope.TEAM_ADMIN, Scope.ORG_WRITE, Scope.ORG_ADMIN})
"""Who may put others into teams and take them out."""

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_RANK = {role: rank for rank, role in enumerate(Role)}


class Membership(msgspec.Struct, frozen=True):
    """What became of a request to join a team."""

    team: Team
    is_new: bool


class People:
    """Changes teams and members. Safe to share among threads."""

    def __init__(self, state: State, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock

    # Teams

    def add_team(self, reach: Reach, user: User, body: Mapping[str, Any]) -> Team:
        """Make a team with *user* in it. Raises InvalidFields, and Conflict for a slug that is taken."""
        fields = read_fields(body, _TEAM_READERS)
        organization_id = reach.organization.id
        with self._state.write() as connection:
            taken = {team.slug for team in teams.in_organization(connection, organization_id)}
            slug = fields.get("slug") or slug_of(fields.get("name") or "", taken)
            if not slug:
                raise InvalidFields({"non_field_errors": ["Name or slug is required"]})
            team_id = teams.create(connection, organization_id, slug, fields.get("name") or slug, self._clock())
            if organizations.member(connection, organization_id, user.id) is not None:
                teams.add_member(connection, team_id, user.id)
            return teams.by_ids(connection, [team_id])[team_id]

    def change_team(self, reach: Reach, reference: str, body: Mapping[str, Any]) -> Team:
        """Change name or slug of a team. Raises NotFound, InvalidFields, and Conflict for a slug that is taken."""
        sent = {name: value for name, value in read_fields(body, _TEAM_READERS).items() if value}
        with self._state.write() as connection:
            changed = replace(_team(connection, reach, reference), **sent)
            teams.save(connection, changed)
        return changed

    def remove_team(self, reach: Reach, reference: str) -> None:
        """Delete a team; issues assigned to it are nobody's afterwards. Raises NotFound."""
        with self._state.write() as connection:
            teams.remove(connection, _team(connection, reach, reference).id)

    def join(self, reach: Reach, user: User, member_id: str, team: str) -> Membership:
        """Put a member into a team. Raises NotFound, and Forbidden for those who may not."""
        with self._state.write() as connection:
            member = _member(connection, reach, user, member_id)
            joined = _team(connection, reach, team)
            is_open = bool(reach.organization.options.get("openMembership", True))
            if not (reach.scopes & TEAM_KEEPERS or (member.user.id == user.id and is_open)):
                raise Forbidden("Ask somebody who runs the team to add you.")
            is_new = member.user.id not in teams.members_of(connection, [joined.id])[joined.id]
            teams.add_member(connection, joined.id, member.user.id)
        return Membership(joined, is_new)

    def leave(self, reach: Reach, user: User, member_id: str, team: str) -> Team:
        """Take a member out of a team. Raises NotFound, and Forbidden for those who may not."""
        with self._state.write() as connection:
            member = _member(connection, reach, user, member_id)
            left = _team(connection, reach, team)
            if not (reach.scopes & TEAM_KEEPERS or member.user.id == user.id):
                raise Forbidden
            teams.remove_member(connection, left.id, member.user.id)
        return left

    def check_team_role(self, reach: Reach, user: User, member_id: str, team: str, body: Mapping[str, Any]) -> str:
        """Return the role of a member in a team, which is the only one there is.

        Raises NotFound for somebody who is not in the team, and InvalidFields for another role.
        """
        role = read_fields(body, {"teamRole": choice(frozenset({"contributor"}))}).get("teamRole", "contributor")
        with self._state.read() as connection:
            member, known = _member(connection, reach, user, member_id), _team(connection, reach, team)
            if member.user.id not in teams.members_of(connection, [known.id])[known.id]:
                raise NotFound
        return str(role)

    # Members

    def add_member(self, reach: Reach, body: Mapping[str, Any]) -> MemberId:
        """Make somebody a member, with an account if they have none, and return the membership's id.

        A new account has no password: whoever runs the installation sets one. Raises InvalidFields, and Forbidden for
        a role above that of the caller.
        """
        fields = read_fields(body, _MEMBER_READERS, required=("email",))
        organization_id, now = reach.organization.id, self._clock()
        role = _role(fields) or Role.MEMBER
        _require_rank(reach, role)
        with self._state.write() as connection:
            user_id = users.ensure(connection, fields["email"], now)
            if organizations.member(connection, organization_id, user_id) is not None:
                raise InvalidFields({"email": [f"The user {fields['email']} is already a member"]})
            member_id = organizations.set_member(connection, organization_id, user_id, role, now)
            _set_teams(connection, organization_id, user_id, _teams(fields) or ())
        return member_id

    def change_member(self, reach: Reach, user: User, member_id: str, body: Mapping[str, Any]) -> MemberId:
        """Change the role or the teams of a member.

        Raises NotFound, InvalidFields, and Forbidden where either role is above that of the caller, or nobody would be
        left to own the organization.
        """
        fields = read_fields(body, {name: read for name, read in _MEMBER_READERS.items() if name != "email"})
        role, wanted = _role(fields), _teams(fields)
        with self._state.write() as connection:
            member = _member(connection, reach, user, member_id)
            if role is not None and role is not member.role:
                _require_rank(reach, role)
                _require_rank(reach, member.role)
                _require_another_owner(connection, member)
                organizations.set_member(connection, member.organization_id, member.user.id, role, self._clock())
            if wanted is not None:
                _set_teams(connection, member.organization_id, member.user.id, wanted)
        return member.id

    def remove_member(self, reach: Reach, user: User, member_id: str) -> None:
        """End a membership, and the member's place in every team; everybody may end their own.

        Raises NotFound, and Forbidden for those who may not, or where nobody would be left to own the organization.
        """
        with self._state.write() as connection:
            member = _member(connection, reach, user, member_id)
            if member.user.id != user.id:
                reach.require(frozenset({Scope.MEMBER_ADMIN}))
                _require_rank(reach, member.role)
            _require_another_owner(connection, member)
            _set_teams(connection, member.organization_id, member.user.id, ())
            organizations.remove_member(connection, member.organization_id, member.user.id)


def _team(connection: Transaction, reach: Reach, reference: str) -> Team:
    team = teams.by_reference(connection, reach.organization.id, reference)
    if team is None:
        raise NotFound
    return team


def _member(connection: Transaction, reach: Reach, user: User, reference: str) -> Member:
    """Return the member by id; ``me`` is *user*. Raises NotFound."""
    for member in organizations.members(connection, reach.organization.id):
        if reference == str(member.id) or (reference == "me" and member.user.id == user.id):
            return member
    raise NotFound


def _require_rank(reach: Reach, role: Role) -> None:
    # A token of the organization is no member: what it may do, its scopes say.
    if reach.role is not None and _RANK[role] > _RANK[reach.role]:
        raise Forbidden(f"Only those whose role is at least {role} decide about a member of that role.")


def _require_another_owner(connection: Transaction, member: Member) -> None:
    if member.role is not Role.OWNER:
        return
    everybody = organizations.members(connection, member.organization_id)
    if not any(one.role is Role.OWNER and one.id != member.id for one in everybody):
        raise Forbidden(ONLY_OWNER)


def _set_teams(connection: Transaction, organization_id: OrganizationId, user_id: UserId, slugs: Sequence[str]) -> None:
    """Put the user into exactly these teams of the organization. Raises InvalidFields for one nobody knows."""
    known = {team.slug: team.id for team in teams.in_organization(connection, organization_id)}
    if not set(slugs) <= known.keys():
        raise InvalidFields({"teams": ["Invalid teams"]})
    wanted: set[TeamId] = {known[slug] for slug in slugs}
    present = teams.of_user(connection, user_id) & set(known.values())
    for team_id in wanted - present:
        teams.add_member(connection, team_id, user_id)
    for team_id in present - wanted:
        teams.remove_member(connection, team_id, user_id)


def _role(fields: Mapping[str, Any]) -> Role | None:
    word = fields.get("orgRole") or fields.get("role")
    return Role(word) if word else None


def _teams(fields: Mapping[str, Any]) -> Sequence[str] | None:
    named: Sequence[str] | None = fields.get("teamRoles", fields.get("teams"))
    return named


def _email(value: Any) -> str:
    email = text(value).lower()
    if not _EMAIL.fullmatch(email):
        raise Rejected(["Enter a valid email address."])
    return email


def _slugs(value: Any) -> list[str]:
    """Read slugs of teams, be it alone or as objects with a role."""
    if not isinstance(value, list):
        raise Rejected(["Expected a list of items."])
    found = [one.get("teamSlug") if isinstance(one, Mapping) else one for one in value]
    slugs = [slug for slug in found if isinstance(slug, str)]
    if len(slugs) < len(found):
        raise Rejected(["Invalid teams"])
    return slugs


_ROLES = nullable(choice(frozenset(Role)))
_TEAM_READERS = {"name": nullable(read_name), "slug": nullable(read_slug)}
_MEMBER_READERS = {
    "email": _email,
    "orgRole": _ROLES,
    "role": _ROLES,
    "teams": _slugs,
    "teamRoles": _slugs,
}
