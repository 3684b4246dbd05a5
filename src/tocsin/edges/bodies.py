"""Request bodies of people and their programs: read whole, never beyond a limit."""

from litestar.exceptions import InternalServerException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from tocsin.domain.errors import Malformed, TooLarge
from tocsin.edges.sessions import SAFE_METHODS, AnyRequest


async def read_body(request: AnyRequest, bytes_max: int) -> bytes:
    """Return the body, ``b""`` for a method that has none.

    Raises TooLarge beyond *bytes_max*, and Malformed for a client that hangs up before the end.
    """
    if request.method in SAFE_METHODS:
        return b""
    too_large = TooLarge(f"The body is larger than {bytes_max} bytes; send fewer changes at a time.")
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > bytes_max:
                raise too_large
    except RequestEntityTooLarge:
        raise too_large from None
    except InternalServerException:
        raise Malformed("The connection ended before the body did. Send the request again.") from None
    return bytes(received)
