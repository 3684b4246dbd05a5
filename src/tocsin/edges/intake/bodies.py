"""Request bodies read within limits: bytes of one, bytes of all at once, and time."""

from collections.abc import Awaitable, Callable
from typing import Any

from tocsin.domain.errors import Malformed, TooLarge, Unavailable
from tocsin.lib.shared_timeout import SharedTimeout

Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete; there is nobody to answer."""


class Bodies:
    """Reads bodies and counts the bytes of those in memory.

    Every body that ``read`` returned must be given back with ``release``.
    """

    def __init__(self, *, body_bytes_max: int, held_bytes_max: int, seconds_max: float) -> None:
        self._body_bytes_max = body_bytes_max
        self._held_bytes_max = held_bytes_max
        self._timeout = SharedTimeout(seconds_max)
        self.held_bytes = 0

    async def read(self, receive: Receive, announced_bytes: int = 0) -> bytes:
        """Return the whole body.

        Raises TooLarge, Unavailable when the bodies in memory are too many, Malformed when it takes too long, and
        ClientGoneError. *announced_bytes* is the Content-Length, which spares reading what would be refused.
        """
        self._refuse_too_large(announced_bytes)
        try:
            with self._timeout:
                return await self._read(receive)
        except TimeoutError as error:
            raise Malformed(f"The body did not arrive within {self._timeout.seconds:g} seconds; try again.") from error

    def release(self, body: bytes) -> None:
        """Stop counting *body*."""
        self.held_bytes -= len(body)

    async def _read(self, receive: Receive) -> bytes:
        message = await receive()
        first = self._count(message, 0)
        return await self._read_on(receive, first) if message.get("more_body") else first

    async def _read_on(self, receive: Receive, first: bytes) -> bytes:
        chunks = [first]
        read_bytes = len(first)
        more = True
        try:
            while more:
                message = await receive()
                chunk = self._count(message, read_bytes)
                chunks.append(chunk)
                read_bytes += len(chunk)
                more = message.get("more_body", False)
        except BaseException:
            self.held_bytes -= read_bytes
            raise
        return b"".join(chunks)

    def _count(self, message: dict[str, Any], read_bytes: int) -> bytes:
        """Return the message's chunk, which is held from now on."""
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk: bytes = message.get("body", b"")
        self._refuse_too_large(read_bytes + len(chunk))
        if self.held_bytes + len(chunk) > self._held_bytes_max:
            raise Unavailable("Too many requests are being read just now; try again later.")
        self.held_bytes += len(chunk)
        return chunk

    def _refuse_too_large(self, body_bytes: int) -> None:
        if body_bytes > self._body_bytes_max:
            raise TooLarge(f"The body is longer than {self._body_bytes_max} bytes; send less.")
