"""Tags and their values as the API shows them (spec/search.md 5.7)."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import md5
from typing import Any

from tocsin.edges.api.serialize.event import user_query
from tocsin.edges.api.serialize.instants import iso
from tocsin.storage.views.tags import TagKey, TagSummary, TagValue

USER = "user"
_NAMES = {"os": "OS", "url": "URL", "os.name": "OS Name", "server_name": "Server", "gpu": "GPU"}
_ATTRIBUTE_OF = {"id": "id", "email": "email", "username": "username", "ip": "ip_address"}


def tag_name(key: str) -> str:
    """Return the label of a key: its words in title case, with a few exceptions."""
    return _NAMES.get(key) or " ".join(word.capitalize() for word in key.replace(".", " ").replace("_", " ").split())


def key_object(one: TagKey) -> dict[str, Any]:
    """Return a key as lists of keys show it."""
    return {"key": one.key, "name": tag_name(one.key), "totalValues": one.events, "uniqueValues": one.values}


def summary_object(summary: TagSummary) -> dict[str, Any]:
    """Return a key of an issue with its most frequent values."""
    top = [value_object(summary.key.key, value) for value in summary.top]
    return key_object(summary.key) | {"topValues": top}


def value_object(key: str, value: TagValue) -> dict[str, Any]:
    """Return one value of a tag; that of a user has a label a person can read, and the search that finds it."""
    name = value.value.partition(":")[2] if key == USER else value.value
    shown = {
        "key": key,
        "name": name,
        "value": value.value,
        "count": value.events,
        "firstSeen": iso(value.first),
        "lastSeen": iso(value.last),
    }
    return shown | {"query": user_query(value.value)} if key == USER else shown


def user_value_object(value: TagValue, details: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return one value of the ``user`` tag as the user it stands for; *details* are what their events say of them."""
    return value_object(USER, value) | event_user_object(value.value, details, value.first)


def event_user_object(tag_value: str, details: Mapping[str, Any] | None, first_seen: datetime) -> dict[str, Any]:
    """Return somebody that events happened to: no account of ours, but a user of the software that is watched."""
    kind, _, identifier = tag_value.partition(":")
    known = {_ATTRIBUTE_OF[kind]: identifier} if kind in _ATTRIBUTE_OF else {}
    known |= {name: str(value) for name, value in (details or {}).items() if isinstance(value, str | int)}
    return {
        "id": known.get("id"),
        "tagValue": tag_value,
        "identifier": identifier,
        "username": known.get("username", ""),
        "email": known.get("email", ""),
        "name": known.get("name") or known.get("username") or known.get("email") or identifier,
        "ipAddress": known.get("ip_address", ""),
        "avatarUrl": "",
        "hash": md5(tag_value.encode(), usedforsecurity=False).hexdigest(),
        "dateCreated": iso(first_seen),
    }
