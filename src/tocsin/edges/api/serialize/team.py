"""Teams as the API shows them (spec/search.md 5.14)."""

from collections.abc import Iterable
from typing import Any

from tocsin.domain.access import Scope
from tocsin.domain.issue.issue import UserId
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views.people import ShownTeam

_LACKING: dict[str, Any] = {"flags": {"idp:provisioned": False}, "isPending": False}
"""What stands for features that Tocsin does not have."""


def team_object(shown: ShownTeam, access: Iterable[Scope], user_id: UserId | None) -> dict[str, Any]:
    """Return a team as the user with *user_id* sees it; everybody may see every team."""
    is_member = user_id in shown.member_ids
    return {
        "id": str(shown.team.id),
        "slug": shown.team.slug,
        "name": shown.team.name,
        "dateCreated": iso(shown.team.created_at),
        "isMember": is_member,
        "teamRole": "contributor" if is_member else None,
        "access": sorted(access),
        "hasAccess": True,
        "memberCount": len(shown.member_ids),
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
        **_LACKING,
    }
