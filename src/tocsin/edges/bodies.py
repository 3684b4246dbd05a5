"""Request bodies of people and their programs: read whole, never beyond a limit."""

from tocsin.domain.errors import TooLarge
from tocsin.edges.sessions import SAFE_METHODS, AnyRequest


async def read_body(request: AnyRequest, bytes_max: int) -> bytes:
    """Return the body, ``b""`` for a method that has none. Raises TooLarge beyond *bytes_max*."""
    if request.method in SAFE_METHODS:
        return b""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > bytes_max:
            raise TooLarge(f"The body is larger than {bytes_max} bytes; send fewer changes at a time.")
    return bytes(received)
