"""``multipart/form-data``, read whole (RFC 7578)."""

import msgspec
from multipart import MultipartError, ParserLimitReached, PushMultipartParser, parse_options_header

_HEADER_BYTES_MAX = 8 * 1024
_PIECE_BYTES = 256 * 1024


class UnreadableFormError(ValueError):
    """The bytes are not the form that their content type says."""


class TooManyPartsError(ValueError):
    """The form has more parts, or longer headers, than the limit."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One field or file."""

    name: str
    filename: str | None
    """None for a field; ``""`` for a file that has none."""
    content_type: str
    """``""`` when not sent."""
    data: bytes

    @property
    def text(self) -> str:
        """The data of a field."""
        return self.data.decode("utf-8", "replace")


def form_parts(body: bytes, content_type: str, *, parts_max: int) -> list[Part]:
    """Return the parts of a form in the order sent. Raises UnreadableFormError or TooManyPartsError."""
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    try:
        return _parts(body, boundary, parts_max)
    except ParserLimitReached as error:
        raise TooManyPartsError(str(error)) from error
    except (MultipartError, ValueError) as error:
        raise UnreadableFormError(str(error)) from error


def _parts(body: bytes, boundary: str, parts_max: int) -> list[Part]:
    parts: list[Part] = []
    pieces: list[bytes] = []
    with PushMultipartParser(boundary, max_header_size=_HEADER_BYTES_MAX, max_segment_count=parts_max) as parser:
        for start in range(0, len(body), _PIECE_BYTES):
            for found in parser.parse(body[start : start + _PIECE_BYTES]):
                if found is None:
                    parts[-1] = msgspec.structs.replace(parts[-1], data=b"".join(pieces))
                elif isinstance(found, bytes | bytearray):
                    pieces.append(bytes(found))
                else:
                    pieces = []
                    parts.append(
                        Part(
                            name=found.name,
                            filename=found.filename,
                            content_type=found.header("Content-Type", ""),
                            data=b"",
                        )
                    )
    return parts
