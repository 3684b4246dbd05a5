"""Making, changing and deleting the keys that SDKs send with (spec/search.md 5.13)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.domain.errors import Conflict, NotFound
from tocsin.domain.issue.fields import Rejected, boolean, fields, integer, nullable, read_fields, text
from tocsin.domain.naming import read_name
from tocsin.domain.organization import ClientKey, Project
from tocsin.storage.state import project_keys
from tocsin.storage.state.engine import State, Transaction

KEYS_MAX = 100
"""Keys that one project may have."""
WINDOW_SECONDS_MAX = 86_400
LOADER_OPTIONS = ("hasReplay", "hasPerformance", "hasDebug", "hasFeedback", "hasLogsAndMetrics")

_LOADER = "dynamicSdkLoaderOptions"
_BROWSER_SDK = "browserSdkVersion"


class ProjectKeys:
    """Changes keys. Safe to share among threads."""

    def __init__(self, state: State, new_key: Callable[[], str]) -> None:
        self._state = state
        self._new_key = new_key

    def add(self, project: Project, body: Mapping[str, Any], now: datetime) -> ClientKey:
        """Make a key and return it. Raises InvalidFields, and Conflict for too many keys."""
        sent = read_fields(body, _READERS)
        key = ClientKey(
            project_id=project.id,
            public_key=self._new_key(),
            secret_key=self._new_key(),
            label="Key",
            created_at=now,
        )
        with self._state.write() as connection:
            if len(project_keys.of_project(connection, project.id)) >= KEYS_MAX:
                raise Conflict(f"The project has {KEYS_MAX} keys. Delete one before you make another.")
            key = _changed(key, sent)
            project_keys.create(connection, key)
        return key

    def change(self, project: Project, public_key: str, body: Mapping[str, Any]) -> ClientKey:
        """Change name, limit, options or activity of a key. Raises NotFound and InvalidFields."""
        sent = read_fields(body, _READERS)
        with self._state.write() as connection:
            key = _changed(_own(connection, project, public_key), sent)
            project_keys.save(connection, key)
        return key

    def remove(self, project: Project, public_key: str) -> None:
        """Delete a key: whoever still sends with it is refused. Raises NotFound."""
        with self._state.write() as connection:
            project_keys.remove(connection, _own(connection, project, public_key).public_key)


def _own(connection: Transaction, project: Project, public_key: str) -> ClientKey:
    key = project_keys.by_public_key(connection, public_key)
    if key is None or key.project_id != project.id:
        raise NotFound
    return key


def _changed(key: ClientKey, sent: Mapping[str, Any]) -> ClientKey:
    limit = sent.get("rateLimit", _limit_of(key)) or {}
    options = {name: sent[name] for name in (_LOADER, _BROWSER_SDK) if name in sent}
    if _LOADER in options:
        options[_LOADER] = key.options.get(_LOADER, {}) | options[_LOADER]
    return replace(
        key,
        label=sent.get("name") or sent.get("label") or key.label,
        is_active=sent.get("isActive", key.is_active),
        rate_limit_count=limit.get("count"),
        rate_limit_window_seconds=limit.get("window"),
        options=key.options | options,
    )


def _limit_of(key: ClientKey) -> dict[str, int | None]:
    return {"count": key.rate_limit_count, "window": key.rate_limit_window_seconds}


def _rate_limit(value: Any) -> dict[str, int] | None:
    """Read a limit; without a count or without a window there is none."""
    if value is None:
        return None
    read: dict[str, int | None] = fields({"count": nullable(_amount), "window": nullable(_window)})(value)
    count, window = read.get("count"), read.get("window")
    return {"count": count, "window": window} if count and window else None


def _amount(value: Any) -> int:
    number = integer(value)
    if number < 0:
        raise Rejected(["Ensure this value is greater than or equal to 0."])
    return number


def _window(value: Any) -> int:
    return min(_amount(value), integer(value, at_most=WINDOW_SECONDS_MAX))


def _sdk_version(value: Any) -> str:
    version = text(value)
    if not re.fullmatch(r"[0-9x.]{1,16}|latest", version):
        raise Rejected([f'"{version}" is not a valid choice.'])
    return version


_READERS = {
    "name": nullable(read_name),
    "label": nullable(read_name),
    "isActive": boolean,
    "rateLimit": _rate_limit,
    _BROWSER_SDK: _sdk_version,
    _LOADER: fields(dict.fromkeys(LOADER_OPTIONS, boolean)),
}
