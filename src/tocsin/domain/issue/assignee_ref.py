"""How people name an assignee, in every form any document of the API knows (spec/mutation.md 3.8)."""

from typing import Any, Final

import msgspec

from tocsin.domain.issue.fields import Rejected
from tocsin.domain.issue.issue import TeamId, UserId

UNREADABLE: Final = "Could not parse actor. Format should be `type:id` where type is `team` or `user`."
_ID_MAX = 2**63 - 1
_NAME_CHARS_MAX = 254


class UserById(msgspec.Struct, frozen=True):
    """A user by id: ``12``, ``"12"``, ``"user:12"``."""

    user_id: UserId


class UserByName(msgspec.Struct, frozen=True):
    """A user by user name or e-mail address, whichever is found: ``"jane.doe"``, ``"user:jane@acme.io"``."""

    name: str


class TeamById(msgspec.Struct, frozen=True):
    """A team by id: ``"team:34"``."""

    team_id: TeamId


class TeamBySlug(msgspec.Struct, frozen=True):
    """A team by slug: ``"team:backend"``, ``"#backend"``."""

    slug: str


AssigneeRef = UserById | UserByName | TeamById | TeamBySlug


def read_assignee(value: Any) -> AssigneeRef | None:
    """Read the field ``assignedTo``; None, for null and the empty text, unassigns."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Rejected([UNREADABLE])
    written = str(value)
    if written.startswith("#"):
        return TeamBySlug(_name(written[1:]))
    kind, colon, rest = written.partition(":")
    if colon and kind == "team":
        return TeamById(TeamId(_id(rest, "Team"))) if _is_id(rest) else TeamBySlug(_name(rest))
    name = rest if colon and kind == "user" else written
    return UserById(UserId(_id(name, "User"))) if _is_id(name) else UserByName(_name(name))


def _is_id(written: str) -> bool:
    return written.isascii() and written.isdigit()


def _id(digits: str, kind: str) -> int:
    if len(digits) > len(str(_ID_MAX)) or int(digits) > _ID_MAX:
        raise Rejected([f"{kind} does not exist"])
    return int(digits)


def _name(written: str) -> str:
    if not written.strip() or len(written) > _NAME_CHARS_MAX:
        raise Rejected([UNREADABLE])
    return written
