"""Free-form values (extra, contexts, variables …) within a number of bytes and levels (spec/ingest.md 3.2)."""

from typing import Any

import msgspec

from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.texts import ELLIPSIS, json_text

_encode = msgspec.json.Encoder().encode


class Bounds(msgspec.Struct, frozen=True):
    """How much of a free-form value is kept: bytes of its compact JSON, and levels of objects and lists."""

    depth_max: int
    bytes_max: int

    def kept(self, bag: Any, path: Path, remarks: Remarks) -> Any:
        """Return *bag*, or as much of it as fits, from its beginning."""
        encoded = _encode(bag)
        # Nothing nests deeper than it has brackets, so most bags are known to fit without a look inside.
        if len(encoded) <= self.bytes_max and encoded.count(b"{") + encoded.count(b"[") <= self.depth_max:
            return bag
        return _Cut(self.bytes_max, remarks).value(bag, self.depth_max, path)


VARIABLES = Bounds(5, 2 * 1024)
CRUMB_DATA = Bounds(5, 2 * 1024)
PARAMETERS = Bounds(5, 2 * 1024)
CONTEXT = Bounds(7, 8 * 1024)
MODULES = Bounds(7, 8 * 1024)
REQUEST_PART = Bounds(7, 16 * 1024)
EXTRA_VALUE = Bounds(7, 16 * 1024)
EXTRA = Bounds(8, 256 * 1024)
OTHER = Bounds(7, 16 * 1024)
META = Bounds(32, 64 * 1024)

_TEXT_BYTES_MIN = 8
"""Room for two quotes, three dots and something to read."""


class _Cut:
    """One walk over a bag with the bytes it may still spend; costs are those of compact JSON, exactly."""

    def __init__(self, bytes_left: int, remarks: Remarks) -> None:
        self.bytes_left = bytes_left
        self.remarks = remarks

    def value(self, value: Any, levels_left: int, path: Path) -> Any:
        if isinstance(value, (dict, list)):
            if levels_left == 0:
                self.remarks.flattened(path)
                return self.text(json_text(value), path)
            return self.items(value, levels_left - 1, path)
        if isinstance(value, str):
            return self.text(value, path)
        self.bytes_left -= len(_encode(value))
        return value

    def items(self, bag: dict[str, Any] | list[Any], levels_left: int, path: Path) -> dict[str, Any] | list[Any]:
        self.bytes_left -= 1 if bag else 2
        pairs = bag.items() if isinstance(bag, dict) else ((str(index), element) for index, element in enumerate(bag))
        kept: dict[str, Any] = {}
        for key, element in pairs:
            self.bytes_left -= 1 + (len(_encode(key)) + 1 if isinstance(bag, dict) else 0)
            if self.bytes_left < _bytes_min(element, levels_left):
                self.bytes_left = 0
                self.remarks.shortened(path, len(bag))
                break
            kept[key] = self.value(element, levels_left, (*path, key))
        return kept if isinstance(bag, dict) else list(kept.values())

    def text(self, text: str, path: Path) -> str:
        bytes_used = len(_encode(text))
        if bytes_used > self.bytes_left:
            shorter = _cut_to_bytes(text, self.bytes_left)
            self.remarks.trimmed(path, len(text), len(shorter))
            text, bytes_used = shorter, len(_encode(shorter))
        self.bytes_left -= bytes_used
        return text


def _bytes_min(value: Any, levels_left: int) -> int:
    """Return how many bytes *value* needs at least: texts can be cut, lists and objects can lose all they hold."""
    if isinstance(value, (dict, list)):
        if levels_left:
            return 2
        value = json_text(value)
    bytes_used = len(_encode(value))
    return min(bytes_used, _TEXT_BYTES_MIN) if isinstance(value, str) else bytes_used


def _cut_to_bytes(text: str, bytes_max: int) -> str:
    length = max(0, bytes_max - 2 - len(ELLIPSIS))
    shorter = text[:length] + ELLIPSIS
    while length and len(_encode(shorter)) > bytes_max:
        length = length * 3 // 4
        shorter = text[:length] + ELLIPSIS
    return shorter
