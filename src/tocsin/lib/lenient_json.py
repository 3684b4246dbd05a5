"""JSON as careless clients write it, turned into JSON as the standard has it."""

import json
import math

INTEGER_DIGITS_MAX = 4096
"""Reading and writing a longer integer takes time that grows with the square of its length."""


def repaired(text: bytes) -> bytes:
    """Return *text* as strict JSON, in UTF-8.

    ``NaN`` and infinities (also numbers too large to hold, and integers of more than ``INTEGER_DIGITS_MAX`` digits)
    become null; bytes that are not UTF-8 become U+FFFD; lone surrogates become ``?``; a byte order mark and raw control
    characters in strings are tolerated.
    Raises ValueError when even so it is no JSON, RecursionError when it is nested too deep.
    """
    value = json.loads(
        text.decode("utf-8-sig", "replace"),
        parse_constant=lambda _: None,
        parse_float=_finite,
        parse_int=_short,
        strict=False,
    )
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _short(digits: str) -> int | None:
    return int(digits) if len(digits) <= INTEGER_DIGITS_MAX else None
