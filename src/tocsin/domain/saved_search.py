"""Searches that people keep, pin, or made lately: values, and the bodies that change them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import msgspec

from tocsin.domain.issue.fields import Rejected, choice, integer, nullable, read_fields, text
from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId
from tocsin.domain.query.errors import MalformedQuery
from tocsin.domain.query.parse import parse_issue_query

SavedSearchId = NewType("SavedSearchId", int)

ISSUES = 0
"""The type of searches for issues; others are kept as they come."""
TYPES = range(10)
NAME_CHARS_MAX = 128
PINNED_NAME = "My Pinned Search"


class Visibility(StrEnum):
    """Who sees a saved search."""

    ORGANIZATION = "organization"
    """Everybody in the organization."""
    OWNER = "owner"
    """Who made it."""
    PINNED = "owner_pinned"
    """Who made it, and their list of issues begins with it; there is one at most."""


class SavedSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search with a name."""

    id: SavedSearchId = SavedSearchId(0)
    """0 until it is stored."""
    organization_id: OrganizationId
    user_id: UserId
    """Who made it."""
    type: int = ISSUES
    name: str
    query: str
    sort: str
    visibility: Visibility = Visibility.OWNER
    created_at: datetime

    def is_seen_by(self, user_id: UserId) -> bool:
        """Say whether a member of the organization sees it."""
        return self.visibility is Visibility.ORGANIZATION or self.user_id == user_id


class RecentSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search that somebody made lately."""

    id: int
    type: int
    query: str
    created_at: datetime
    last_seen: datetime
    """When they made it last."""


def read_saved_search(sent: Mapping[str, Any], now: datetime, *, sorts: frozenset[str]) -> dict[str, Any]:
    """Return the fields of a new search: name and query, sort, type and visibility. Raises InvalidFields."""
    return {"sort": "date", "type": ISSUES, "visibility": Visibility.OWNER} | read_fields(
        sent, _readers(now, sorts), required=("name", "query")
    )


def read_changes(sent: Mapping[str, Any], now: datetime, *, sorts: frozenset[str]) -> dict[str, Any]:
    """Return the fields of a saved search that are to change; its type stays. Raises InvalidFields."""
    return {name: value for name, value in read_fields(sent, _readers(now, sorts)).items() if name != "type"}


def read_pin(sent: Mapping[str, Any], now: datetime, *, sorts: frozenset[str]) -> dict[str, Any]:
    """Return type, query and sort of a search to pin. Raises InvalidFields."""
    readers = {name: reader for name, reader in _readers(now, sorts).items() if name in {"type", "query", "sort"}}
    return {"sort": "date", "type": ISSUES} | read_fields(sent, readers, required=("query",))


def read_type(sent: Mapping[str, Any]) -> int:
    """Return the type of searches that are meant. Raises InvalidFields."""
    found = read_fields(sent, {"type": _type})
    return int(found.get("type", ISSUES))


def read_recent(sent: Mapping[str, Any]) -> tuple[int, str]:
    """Return type and query of a search that was made. Raises InvalidFields."""
    found = read_fields(sent, {"type": _type, "query": text}, required=("query",))
    return int(found.get("type", ISSUES)), str(found["query"])


def _readers(now: datetime, sorts: frozenset[str]) -> dict[str, Any]:
    def query(value: Any) -> str:
        read = text(value)
        try:
            parse_issue_query(read, now=now)
        except MalformedQuery as trouble:
            raise Rejected([trouble.detail]) from None
        return read

    def sort(value: Any) -> str:
        return nullable(choice(sorts))(value) or "date"

    return {"type": _type, "name": _name, "query": query, "sort": sort, "visibility": _visibility}


def _type(value: Any) -> int:
    number = integer(value)
    if number not in TYPES:
        raise Rejected([f'"{value}" is not a valid choice.'])
    return number


def _name(value: Any) -> str:
    name = text(value)
    if len(name) > NAME_CHARS_MAX:
        raise Rejected([f"Ensure this field has no more than {NAME_CHARS_MAX} characters."])
    return name


def _visibility(value: Any) -> Visibility:
    return Visibility(choice(frozenset({Visibility.ORGANIZATION, Visibility.OWNER}))(value))
