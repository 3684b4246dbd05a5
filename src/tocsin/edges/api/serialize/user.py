"""People as the API shows them (spec/mutation.md 6.5)."""

from datetime import datetime
from hashlib import md5
from typing import Any

from tocsin.domain.organization import User
from tocsin.edges.api.serialize.instants import iso, iso_or_none

_LACKING: dict[str, Any] = {
    "isManaged": False,
    "isSuspended": False,
    "hasPasswordAuth": True,
    "has2fa": False,
    "experiments": {},
    "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
}
_LACKING_IN_DETAIL: dict[str, Any] = {"identities": [], "permissions": [], "flags": {}, "canReset2fa": False}
"""What stands for features that Tocsin does not have."""
_DEFAULT_OPTIONS: dict[str, Any] = {"self_assign_issue": "0"}
"""Options that the user has not changed."""


def user_object(user: User) -> dict[str, Any]:
    """Return a user as others may see them."""
    return {
        "id": str(user.id),
        "name": shown_name(user),
        "username": user.username,
        "email": user.email,
        "emails": [{"id": str(user.id), "email": user.email, "is_verified": True}],
        "avatarUrl": _avatar_url(user.email),
        "isActive": user.is_active,
        "isStaff": user.is_superuser,
        "isSuperuser": user.is_superuser,
        "dateJoined": iso(user.created_at),
        "lastLogin": iso_or_none(user.last_login_at),
        "lastActive": iso_or_none(user.last_login_at),
        **_LACKING,
    }


def user_detail(user: User) -> dict[str, Any]:
    """Return a user as they see themselves."""
    return user_object(user) | {"options": _DEFAULT_OPTIONS | user.options, **_LACKING_IN_DETAIL}


def seen_by_object(user: User, seen_at: datetime) -> dict[str, Any]:
    """Return a user who looked at an issue, and when."""
    return user_object(user) | {"lastSeen": iso(seen_at)}


def participant_object(user: User) -> dict[str, Any]:
    """Return a user who hears of an issue."""
    return user_object(user) | {"type": "user"}


def shown_name(user: User) -> str:
    """Return what a user is called: the name they gave themselves or, without one, the user name."""
    return user.name or user.username


def _avatar_url(email: str) -> str:
    digest = md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()
    return f"https://gravatar.com/avatar/{digest}?s=32&d=mm"
