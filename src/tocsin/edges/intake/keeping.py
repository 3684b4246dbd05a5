"""Keeping what was sent, as far as no rate limit declines it (spec/ingest.md 1.7, 1.8)."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.declined import brings_event, declined_items, declined_outcomes
from tocsin.domain.event.envelope import Envelope
from tocsin.domain.event.project_key import ProjectKey
from tocsin.domain.outcome import Category, Outcome, Source, Verdict
from tocsin.domain.rate_limit import Cap, RateLimit, rate_limit
from tocsin.edges.intake.request import Request
from tocsin.flows.limits import Gate


class Taken(msgspec.Struct, frozen=True):
    """What became of one envelope."""

    event_id: str
    """``""`` when it needs none."""
    closed: tuple[Cap, ...] = ()
    """The caps that are known to let no event through."""
    is_declined: bool = False
    """Whether they kept out this one's."""


class Keeper:
    """Gives envelopes to *append*, which returns when they are on disk, unless *gate* declines their events."""

    def __init__(
        self,
        append: Callable[[Accepted], Awaitable[object]],
        gate: Gate,
        clock: Callable[[], datetime],
        new_event_id: Callable[[], str],
    ) -> None:
        self._append = append
        self._gate = gate
        self._clock = clock
        self._new_event_id = new_event_id

    async def keep(self, request: Request, key: ProjectKey, envelope: Envelope, body: bytes) -> Taken:
        """Keep *body*, which is what *envelope* was read from. Raises Unavailable, and Malformed for a bad event id."""
        event_id = envelope.event_id
        if not event_id and envelope.needs_event_id:
            event_id = envelope.payload_event_id or self._new_event_id()
        if not envelope.items:
            return Taken(event_id)
        accepted = _accepted(request, key, event_id, self._clock(), body)
        closed, is_declined = self._judge(key, envelope, accepted.received.timestamp()) if key.caps else ((), False)
        if is_declined:
            await self._keep_rest(accepted, envelope, closed[0].reason)
        else:
            await self._append(accepted)
        return Taken(event_id, closed, is_declined)

    def limits(self, closed: Iterable[Cap]) -> list[RateLimit]:
        """Return what a client is told of caps that are closed."""
        now = self._clock().timestamp()
        return [rate_limit(cap, now) for cap in closed]

    def count(self, key: ProjectKey, outcomes: Iterable[Outcome]) -> None:
        """Count what became of something that is not kept."""
        source = Source(project_id=key.project_id, public_key=key.public_key, received=self._clock())
        self._gate.count(source, outcomes)

    def count_refused(self, key: ProjectKey, verdict: Verdict, reason: str) -> None:
        """Count a request that was refused; what it held nobody knows."""
        self.count(key, [Outcome(category=Category.DEFAULT, verdict=verdict, reason=reason)])

    def _judge(self, key: ProjectKey, envelope: Envelope, now: float) -> tuple[tuple[Cap, ...], bool]:
        if brings_event(envelope.items):
            closed = self._gate.admit(key.caps, now)
            return closed, bool(closed)
        return self._gate.closed_by(key.caps, now), False

    async def _keep_rest(self, accepted: Accepted, envelope: Envelope, reason: str) -> None:
        """Keep what does not belong to the event, and count the rest."""
        declined = declined_items(envelope.items)
        if len(declined) < len(envelope.items):
            await self._append(replace(accepted, declined=declined))
        source = Source(project_id=accepted.project_id, public_key=accepted.public_key, received=accepted.received)
        outcomes = declined_outcomes([envelope.items[number] for number in declined], reason)
        self._gate.count(source, outcomes)


def _accepted(request: Request, key: ProjectKey, event_id: str, received: datetime, body: bytes) -> Accepted:
    return Accepted(
        project_id=key.project_id,
        public_key=key.public_key,
        received=received,
        event_id=event_id,
        client_ip=request.client_ip,
        client=request.client,
        user_agent=request.user_agent,
        origin=request.origin,
        form=request.form,
        encoding=request.encoding,
        body=body,
    )
