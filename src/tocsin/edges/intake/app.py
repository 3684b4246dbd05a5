"""The intake: an ASGI application that takes what SDKs post and answers once it is on disk (spec/ingest.md 1)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec

from tocsin.domain.errors import (
    Forbidden,
    Malformed,
    NotFound,
    Refusal,
    TooLarge,
    UnsupportedEncoding,
    UnsupportedMediaType,
)
from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.envelope import Envelope, open_body, parse, plain_body
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.event.project_key import Dsn, ProjectKey
from tocsin.domain.outcome import Verdict
from tocsin.domain.posts.post import Parcels, Post
from tocsin.edges.intake import answers
from tocsin.edges.intake.answers import Answer
from tocsin.edges.intake.auth import query_fields
from tocsin.edges.intake.bodies import Bodies, ClientGoneError, Receive
from tocsin.edges.intake.dialog import dialog_script
from tocsin.edges.intake.endpoints import METHODS, TAKERS, Taker
from tocsin.edges.intake.keeping import Keeper, Taken
from tocsin.edges.intake.request import Request, RequestReader, not_authenticated
from tocsin.edges.intake.routes import Endpoint, Route, find_route, plain_path
from tocsin.edges.problems import report_fault
from tocsin.flows.limits import Gate
from tocsin.lib.forwarded import TrustedProxies

Send = Callable[[dict[str, Any]], Awaitable[None]]

_MIB = 1024 * 1024
_INLINE_BYTES_MAX = _MIB
_HELD_BYTES_MAX = 512 * _MIB
_DECODING_THREADS = 2
_HEADER_LENGTH_MAX = 1024


class IntakeApp:
    """Takes what SDKs, browsers and crash reporters post; all other paths belong to others (see ``matches``).

    *keys* finds a project key by its public key, at once. *append* returns when the request is safely on disk and
    raises Unavailable when it cannot be; only then does the client get its 200. Envelopes are checked but kept as they
    came over the wire; what comes to other endpoints is kept as an envelope made of it. *gate* judges events by the
    caps of their keys. *tunnel_paths* take envelopes by their dsn header alone; *trusted_proxies* is a comma list of
    addresses, networks or ``*``; *held_bytes_max* bounds the bodies in memory at one time.
    """

    def __init__(  # noqa: PLR0913 - the parts it is made of
        self,
        *,
        keys: Callable[[str], ProjectKey | None],
        append: Callable[[Accepted], Awaitable[object]],
        limits: IntakeLimits,
        clock: Callable[[], datetime],
        new_event_id: Callable[[], str],
        gate: Gate | None = None,
        path_prefix: str = "",
        tunnel_paths: Iterable[str] = (),
        trusted_proxies: str = "",
        held_bytes_max: int = _HELD_BYTES_MAX,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._keeper = Keeper(append, gate or Gate(), clock, new_event_id)
        self._limits = limits
        self._inline_limits = _inline(limits)
        self._bodies = Bodies(
            body_bytes_max=limits.envelope_wire_bytes_max,
            held_bytes_max=held_bytes_max,
            seconds_max=limits.body_seconds_max,
        )
        self._prefix = plain_path(path_prefix)
        self._tunnels = frozenset(plain_path(path) for path in tunnel_paths)
        self._requests = RequestReader(TrustedProxies(trusted_proxies))
        self._threads = ThreadPoolExecutor(_DECODING_THREADS, thread_name_prefix="intake-decoding")

    def matches(self, path: str) -> bool:
        """Say whether *path* is the intake's to answer."""
        return self.route(path) is not None

    def route(self, path: str) -> Route | None:
        """Return how the intake answers *path*, None when it is not the intake's to answer."""
        return find_route(path, self._prefix, self._tunnels)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request, with 404 where no path of the intake is."""
        await self.answer(self.route(scope["path"]), scope, receive, send)

    async def answer(self, route: Route | None, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one HTTP request: a refused one with the reason, one that was hung up on not at all."""
        try:
            answer = await self._answer(route, scope, receive)
        except Refusal as refusal:
            answer = answers.refused(refusal)
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - told in the log, and to the SDK as JSON that browsers may read
            fault_id = uuid4().hex
            body = report_fault(error, request_id=fault_id, method=scope["method"], path=scope["path"])
            answer = answers.failed(body)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, route: Route | None, scope: dict[str, Any], receive: Receive) -> Answer:
        if route is None or route.endpoint is Endpoint.UNKNOWN:
            raise NotFound
        match scope["method"]:
            case "POST":
                return await self._take_post(route, scope, receive)
            case "GET" if route.endpoint is Endpoint.STORE and b"sentry_data=" in scope["query_string"]:
                request, _ = self._requests.read(scope, route)
                return await self._take_pixel(request)
            case "GET" if route.endpoint is Endpoint.CHECK_IN:
                return await self._take_post(route, scope, receive)
            case "GET" if route.endpoint is Endpoint.DIALOG:
                request, _ = self._requests.read(scope, route)
                return self._dialog(request)
            case "OPTIONS":
                return answers.preflight(METHODS.get(route.endpoint, "POST"))
            case _:
                return answers.method_not_allowed(f"{METHODS.get(route.endpoint, 'POST')}, OPTIONS")

    async def _take_post(self, route: Route, scope: dict[str, Any], receive: Receive) -> Answer:
        request, body_bytes = self._requests.read(scope, route)
        key = self._key_sent(request)
        try:
            body = await self._bodies.read(receive, body_bytes)
            try:
                taker = TAKERS.get(route.endpoint)
                if taker is None or key is None:
                    return self._told(await self._take(request, key, body))
                post = _post(route, scope, request, self._clock(), body, self._limits)
                return await self._take_other(taker, post, request, key)
            finally:
                self._bodies.release(body)
        except (Malformed, TooLarge, UnsupportedEncoding, UnsupportedMediaType) as refusal:
            if key is not None:
                self._keeper.count_refused(key, Verdict.INVALID, refusal.code)
            raise

    async def _take_pixel(self, request: Request) -> Answer:
        # Query strings make blanks of the plus signs of base64.
        body = query_fields(request.query).get("sentry_data", "").replace(" ", "+")
        taken = await self._take(request, self._key_sent(request), body.encode())
        return self._told(taken) if taken.closed else answers.PIXEL

    def _dialog(self, request: Request) -> Answer:
        """Return the program that asks a visitor what happened (spec/ingest.md 8.3)."""
        self._key_sent(request)
        return answers.script(dialog_script(query_fields(request.query)))

    async def _take(self, request: Request, key: ProjectKey | None, body: bytes) -> Taken:
        """Check and keep the body."""
        envelope = await self._open(request, body) if request.encoding else self._open_plain(request, body)
        return await self._keeper.keep(request, self._key_agreed(request, key, envelope.dsn), envelope, body)

    def _told(self, taken: Taken) -> Answer:
        """Return what the sender of an envelope is told."""
        if not taken.closed:
            return answers.accepted(taken.event_id)
        limits = self._keeper.limits(taken.closed)
        if taken.is_declined:
            return answers.rate_limited(limits)
        return answers.with_limits(answers.accepted(taken.event_id), limits)

    async def _take_other(self, taker: Taker, post: Post, request: Request, key: ProjectKey) -> Answer:
        """Make envelopes of a body that is none, and keep them."""
        if request.encoding or len(post.body) > _INLINE_BYTES_MAX:
            loop = asyncio.get_running_loop()
            parcels = await loop.run_in_executor(self._threads, _parcels, taker, post, request.encoding)
        else:
            parcels = taker.take(post)
        self._keeper.count(key, parcels.outcomes)
        plain = msgspec.structs.replace(request, encoding="")
        taken = [await self._keeper.keep(plain, key, parse(one, self._limits), one) for one in parcels.envelopes]
        declining = {cap: None for one in taken if one.is_declined for cap in one.closed}
        if declining and not taker.is_patient:
            return answers.rate_limited(self._keeper.limits(declining))
        return taker.answer(taken[0].event_id if taken else "")

    def _open_plain(self, request: Request, body: bytes) -> Envelope:
        return open_body(body, request.form, "", self._limits)

    async def _open(self, request: Request, body: bytes) -> Envelope:
        try:
            return open_body(body, request.form, request.encoding, self._inline_limits)
        except TooLarge:
            # Too large to decompress between two other requests; perhaps too large at all.
            loop = asyncio.get_running_loop()
            arguments = (body, request.form, request.encoding, self._limits)
            return await loop.run_in_executor(self._threads, open_body, *arguments)

    def _key_sent(self, request: Request) -> ProjectKey | None:
        """Return the key outside the body, None without one; a bad one is refused before the body is read."""
        if request.credentials is None:
            return None
        return self._admit(request, request.credentials.public_key, request.project_id)

    def _key_agreed(self, request: Request, key: ProjectKey | None, dsn: Dsn | None) -> ProjectKey:
        """Return the key that the request and the envelope's dsn agree on (spec/ingest.md 1.3)."""
        if dsn is None:
            if key is None:
                raise not_authenticated()
            return key
        wanted_project = key.project_id if key else request.project_id
        wanted_key = request.credentials.public_key if request.credentials else dsn.public_key
        if wanted_key != dsn.public_key or wanted_project not in {None, dsn.project_id}:
            raise Malformed("The envelope's dsn names another key or project than the request; send the same.")
        return key or self._admit(request, dsn.public_key, dsn.project_id)

    def _admit(self, request: Request, public_key: str, project_id: int | None) -> ProjectKey:
        key = self._keys(public_key)
        if key is None or not key.is_active or project_id not in {None, key.project_id}:
            self._count_abuse(key, project_id)
            raise Forbidden("The project key is unknown, disabled or of another project; check the DSN.")
        if not key.admits(request.origin):
            self._keeper.count_refused(key, Verdict.INVALID, "cors")
            raise Forbidden("Origin not allowed (cors); add it to the project's allowed domains.")
        return key

    def _count_abuse(self, key: ProjectKey | None, project_id: int | None) -> None:
        """Count what is sent with a key that was taken away."""
        if key is not None and not key.is_active and project_id in {None, key.project_id}:
            self._keeper.count_refused(key, Verdict.ABUSE, "disabled_key")


def _post(
    route: Route, scope: dict[str, Any], request: Request, received: datetime, body: bytes, limits: IntakeLimits
) -> Post:
    return Post(
        name=route.name,
        query=query_fields(request.query),
        headers={
            name.decode("latin-1"): value[:_HEADER_LENGTH_MAX].decode("latin-1") for name, value in scope["headers"]
        },
        client_ip=request.client_ip,
        received=received,
        limits=limits,
        body=body,
    )


def _parcels(taker: Taker, post: Post, encoding: str) -> Parcels:
    """Decompress a body and make envelopes of it; runs in a thread."""
    plain = plain_body(post.body, encoding, post.limits)
    return taker.take(msgspec.structs.replace(post, body=plain))


def _inline(limits: IntakeLimits) -> IntakeLimits:
    """Return the limits under which a body may be decompressed without a thread."""
    envelope_bytes_max = min(limits.envelope_bytes_max, _INLINE_BYTES_MAX)
    return msgspec.structs.replace(limits, envelope_bytes_max=envelope_bytes_max)
