"""The user, and which IP address is theirs (spec/ingest.md 3.9)."""

from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import msgspec

from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.normalise.databags import CONTEXT
from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.shapes import Object, Shape, Text, Text128, Text256, clean_object
from tocsin.domain.event.normalise.texts import text_of

AUTO = "{{auto}}"
_PLATFORMS_OF_CLIENTS = frozenset({"javascript", "cocoa", "objc"})


class _User(msgspec.Struct, gc=False):
    id: Text128 = None
    email: Text256 = None
    username: Text128 = None
    name: Text128 = None
    segment: Text128 = None
    ip_address: Text = None
    geo: Object = None
    data: Object = None


_USER = Shape(_User, dict.fromkeys(("id", "email", "username", "name", "segment"), text_of))
_ATTRIBUTES = frozenset(_User.__struct_fields__)


def clean_user(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the user; attributes nobody knows are gathered under ``data``."""
    user = clean_object(sent, path, remarks)
    if user is None:
        return None
    _USER.fit(user, path, remarks)
    if not user.keys() <= _ATTRIBUTES:
        _gather_others(user, path, remarks)
    for name in ("data", "geo"):
        if user.get(name):
            user[name] = CONTEXT.kept(user[name], (*path, name), remarks)
    address = user.get("ip_address")
    if address is not None and address != AUTO and not is_ip_address(address):
        remarks.removed((*path, "ip_address"), user.pop("ip_address"), reason="expected an IP address")
    return {name: value for name, value in user.items() if value not in (None, "")} or None


def settle_addresses(event: dict[str, Any], arrival: Arrival) -> None:
    """Put the client's address where the event asks for it, or where its platform implies it; in place."""
    client = arrival.client_ip if is_ip_address(arrival.client_ip) else None
    remote = _remote_address(event, client)
    user = event.get("user") or {}
    address = user.get("ip_address")
    if address == AUTO:
        address = client
    elif address is None:
        address = remote or (client if _implies_address(event) else None)
    if address:
        event["user"] = user | {"ip_address": address}
    elif "ip_address" in user:
        del user["ip_address"]
        if not user:
            del event["user"]


@lru_cache(maxsize=4096)
def is_ip_address(text: str) -> bool:
    """Say whether *text* is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _gather_others(user: dict[str, Any], path: Path, remarks: Remarks) -> None:
    others = {name: user.pop(name) for name in sorted(user.keys() - _ATTRIBUTES)}
    for name in others:
        remarks.moved((*path, name), (*path, "data", name))
    user["data"] = others | (user.get("data") or {})


def _remote_address(event: dict[str, Any], client: str | None) -> str | None:
    environ = (event.get("request") or {}).get("env")
    remote = environ.get("REMOTE_ADDR") if environ else None
    if environ and remote == AUTO:
        environ["REMOTE_ADDR"] = remote = client
    return remote if isinstance(remote, str) and is_ip_address(remote) else None


def _implies_address(event: dict[str, Any]) -> bool:
    settings = (event.get("sdk") or {}).get("settings") or {}
    wish = settings.get("infer_ip")
    if wish in ("auto", "never"):
        return bool(wish == "auto")
    return event.get("platform") in _PLATFORMS_OF_CLIENTS
