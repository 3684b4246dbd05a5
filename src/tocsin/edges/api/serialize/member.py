"""Members of organizations and teams as the API shows them (spec/search.md 5.14)."""

from typing import Any

from tocsin.domain.access import Role
from tocsin.domain.organization import Team
from tocsin.edges.api.serialize.instants import iso
from tocsin.edges.api.serialize.organization import role_object
from tocsin.edges.api.serialize.user import user_object
from tocsin.storage.views.people import ShownMember

_LACKING: dict[str, Any] = {
    "pending": False,
    "expired": False,
    "inviteStatus": "approved",
    "inviterName": None,
    "flags": dict.fromkeys(
        (
            *("idp:provisioned", "idp:role-restricted", "member-limit:restricted"),
            *("partnership:restricted", "sso:invalid", "sso:linked"),
        ),
        False,
    ),
}
"""What stands for features that Tocsin does not have: invitations, identity providers."""
_LACKING_IN_DETAIL: dict[str, Any] = {"invite_link": None, "teamRoleList": []}


def member_object(shown: ShownMember) -> dict[str, Any]:
    """Return a member as lists show them."""
    member = shown.member
    person = user_object(member.user)
    return {
        "id": str(member.id),
        "email": member.user.email,
        "name": person["name"],
        "user": person,
        "role": member.role,
        "roleName": member.role.capitalize(),
        "orgRole": member.role,
        "dateCreated": iso(member.created_at),
        "teams": list(shown.teams),
        **_LACKING,
    }


def member_detail(shown: ShownMember, *, is_only_owner: bool) -> dict[str, Any]:
    """Return a member with their roles and those there are."""
    return {
        **member_object(shown),
        "isOnlyOwner": is_only_owner,
        "orgRoleList": [role_object(role) for role in Role],
        "teamRoles": [{"teamSlug": slug, "role": "contributor"} for slug in shown.teams],
        **_LACKING_IN_DETAIL,
    }


def team_member_object(shown: ShownMember, team: Team) -> dict[str, Any]:
    """Return a member as one of their teams lists them."""
    return member_object(shown) | {"teamSlug": team.slug, "teamRole": "contributor"}
