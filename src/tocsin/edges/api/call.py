"""One request of the API, read and authorised: what every handler is given."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec

from tocsin.domain.caller import Caller, Reach
from tocsin.domain.errors import Malformed, NotAuthenticated, NotFound
from tocsin.domain.organization import Project, User
from tocsin.edges.api.routing import FORM
from tocsin.edges.services import Services

FORM_FIELDS_MAX = 1000
DEPTH_MAX = 50
"""Levels of JSON within one another: far more than any body needs, far less than what writing it out again can take."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose caller may use the route. Path and query are as the caller wrote them."""

    services: Services
    now: datetime
    path: str
    query: tuple[tuple[str, str], ...]
    content_type: str
    body: bytes
    headers: Mapping[str, str]
    """By lower-case name."""
    caller_or_none: Caller | None
    """None only on a route for anybody, asked without credentials."""
    reach_or_none: Reach | None = None
    project_or_none: Project | None = None

    @property
    def caller(self) -> Caller:
        """Who asks."""
        if self.caller_or_none is None:
            raise NotAuthenticated("Authentication credentials were not provided.")
        return self.caller_or_none

    @property
    def user(self) -> User:
        """The acting user. Raises NotFound for an organization's token: what is somebody's own is not there for it."""
        if self.caller.user is None:
            raise NotFound("This token belongs to an organization, not to a user.")
        return self.caller.user

    @property
    def reach(self) -> Reach:
        """How far the caller reaches in the organization that the path names."""
        if self.reach_or_none is None:
            raise NotFound
        return self.reach_or_none

    @property
    def project(self) -> Project:
        """The project that the path names."""
        if self.project_or_none is None:
            raise NotFound
        return self.project_or_none

    def all(self, name: str) -> list[str]:
        """Return every value of a query parameter, in order."""
        return [value for key, value in self.query if key == name]

    def one(self, name: str) -> str | None:
        """Return the last value of a query parameter, None when it is absent."""
        values = self.all(name)
        return values[-1] if values else None

    def fields(self) -> dict[str, Any]:
        """Return the body as an object, from JSON or a form; an empty body is ``{}``. Raises Malformed."""
        if self.content_type.startswith(FORM):
            return self._form()
        if not self.body:
            return {}
        try:
            fields = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"JSON parse error - {error}") from None
        if _is_too_deep(self.body, fields):
            raise Malformed(f"JSON parse error - more than {DEPTH_MAX} levels within one another.")
        if not isinstance(fields, dict):
            raise Malformed("JSON parse error - the body must be an object such as {}.")
        return fields

    def _form(self) -> dict[str, Any]:
        try:
            pairs = parse_qs(self.body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
        except ValueError as error:
            raise Malformed(f"Form parse error - {error}") from None
        return {key: values[-1] for key, values in pairs.items()}


def _is_too_deep(body: bytes, fields: Any) -> bool:
    if body.count(b"[") + body.count(b"{") <= DEPTH_MAX:
        return False
    level = [fields]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()
