"""MessagePack values that follow one another with nothing between, as crash reporters append them to a file."""

from collections.abc import Iterator
from typing import Any

import msgspec

_FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
"""Bytes that follow the first one."""
_COUNTED = {
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip
"""Bytes of the count that follows, and how many bytes there are besides those counted."""
_HOLDING = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""Bytes of the count that follows, and values for each of it."""


def values_in(data: bytes) -> Iterator[Any]:
    """Yield the values. Raises ValueError for bytes that are no value, the last of them cut off included."""
    start = 0
    while start < len(data):
        end = _end(data, start)
        yield msgspec.msgpack.decode(memoryview(data)[start:end])
        start = end


def _end(data: bytes, start: int) -> int:
    """Return where the value that begins at *start* ends."""
    awaited, at = 1, start
    while awaited:
        if at >= len(data):
            raise ValueError("a value is cut off")
        skipped, held = _extent(data, at)
        at += 1 + skipped
        awaited += held - 1
    return at


def _extent(data: bytes, at: int) -> tuple[int, int]:
    """Return how many bytes follow the first one of a value, and how many values it holds."""
    kind = data[at]
    if kind <= 0x7F or kind >= 0xE0:
        return 0, 0
    if kind <= 0x8F:
        return 0, 2 * (kind & 0x0F)
    if kind <= 0x9F:
        return 0, kind & 0x0F
    if kind <= 0xBF:
        return kind & 0x1F, 0
    return _extent_of_long(data, at, kind)


def _extent_of_long(data: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind in _FIXED:
        return _FIXED[kind], 0
    if kind in _COUNTED:
        size, besides = _COUNTED[kind]
        return size + _number(data, at, size) + besides, 0
    if kind in _HOLDING:
        size, each = _HOLDING[kind]
        return size, each * _number(data, at, size)
    raise ValueError(f"no value begins with {kind:#x}")


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at + 1 : at + 1 + size])
