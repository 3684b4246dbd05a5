import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.envelope import open_accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.project_key import ProjectKey
from tocsin.edges.intake.app import IntakeApp
from tocsin.flows.limits import Gate

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
NEW_ID = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
AUTH = ("X-Sentry-Auth", f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.75.0")


class Response(msgspec.Struct, frozen=True):
    """One answer as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Intake:
    """An intake with one project key, driven without sockets; remembers what it was asked to keep."""

    def __init__(
        self,
        key: ProjectKey,
        limits: IntakeLimits,
        append: Callable[[Accepted], Any] | None = None,
        **settings: Any,
    ) -> None:
        self.kept: list[Accepted] = []
        self.now = NOW
        self.gate = Gate()
        self.app = IntakeApp(
            keys={key.public_key: key}.get,
            append=append or self._append,
            limits=limits,
            clock=lambda: self.now,
            gate=self.gate,
            new_event_id=lambda: NEW_ID,
            **settings,
        )

    async def _append(self, accepted: Accepted) -> None:
        self.kept.append(accepted)

    def send(self, method: str, url: str, *headers: tuple[str, str], chunks: tuple[bytes, ...] = (b"",)) -> Response:
        """Send one request, its body in the given chunks."""
        sent = asyncio.run(self.drive(scope_of(method, url, headers), receiver(chunks)))
        start, body = sent
        names = [name.decode() for name, _ in start["headers"]]
        assert len(names) == len(set(names))
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        assert answered["content-length"] == str(len(body["body"]))
        return Response(start["status"], answered, body["body"])

    def post(self, url: str, body: bytes, *headers: tuple[str, str]) -> Response:
        """Post a body in one chunk."""
        return self.send("POST", url, *headers, chunks=(body,))

    def counted(self) -> dict[tuple[str, str, str], int]:
        """Return what was counted since this was asked last, by category, verdict and reason."""
        outcomes = self.gate.take(self.now.timestamp()).outcomes
        assert all((key.project_id, key.public_key) == (42, KEY) for key in outcomes)
        return {(key.category, key.verdict, key.reason): quantity for key, quantity in outcomes.items()}

    def items(self) -> list[list[tuple[dict[str, Any], bytes]]]:
        """Return the items of everything kept, headers and payload."""
        envelopes = [open_accepted(kept, IntakeLimits()) for kept in self.kept]
        return [[(item.headers, bytes(item.payload)) for item in envelope.items] for envelope in envelopes]

    async def drive(self, scope: dict[str, Any], receive: Any) -> list[dict[str, Any]]:
        """Call the application; return the messages it sent."""
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent


def scope_of(method: str, url: str, headers: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    path, _, query = url.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("192.0.2.1", 4711),
    }


def receiver(chunks: tuple[bytes, ...]) -> Any:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages[-1]["more_body"] = False
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return receive


@pytest.fixture
def make_intake() -> Callable[..., Intake]:
    """Return a maker of intakes; ``key`` names fields of the project key, ``limits`` those of the limits."""

    def make(*, key: dict[str, Any] | None = None, limits: dict[str, Any] | None = None, **settings: Any) -> Intake:
        project_key = ProjectKey(**({"public_key": KEY, "project_id": 42, "is_active": True} | (key or {})))
        return Intake(project_key, IntakeLimits(**(limits or {})), **settings)

    return make


@pytest.fixture
def intake(make_intake: Callable[..., Intake]) -> Intake:
    return make_intake()
