"""How values are written for people: ages, moments, numbers, names."""

from datetime import UTC, datetime
from typing import Any

_UNITS = (("y", 365 * 86_400), ("mo", 30 * 86_400), ("d", 86_400), ("h", 3_600), ("min", 60))
_MAGNITUDES = ((1_000_000_000, "b"), (1_000_000, "m"), (1_000, "k"))


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago *moment* was, in its largest unit: ``3 min``, ``2 d``; ``now`` below a minute."""
    seconds = (now - moment).total_seconds()
    return next((f"{int(seconds // size)} {unit}" for unit, size in _UNITS if seconds >= size), "now")


def ago(moment: datetime, now: datetime) -> str:
    """Return *moment* in relation to *now*: ``3 min ago``, ``just now``."""
    past = age(moment, now)
    return "just now" if past == "now" else f"{past} ago"


def exact(moment: datetime) -> str:
    """Return *moment* with its zone, to the second: ``2026-01-31 10:00:00 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def machine(moment: datetime) -> str:
    """Return *moment* for the ``datetime`` attribute."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def compact(number: int) -> str:
    """Return a number of at most four characters: ``1.2k``, ``34m``."""
    for size, letter in _MAGNITUDES:
        if number >= size:
            scaled = number / size
            return f"{int(scaled * 10) / 10:g}{letter}" if scaled < 10 else f"{int(scaled)}{letter}"
    return str(number)


def grouped(number: int) -> str:
    """Return a number in full, its thousands set apart."""
    return f"{number:,}"


def initials(name: str) -> str:
    """Return one or two letters that stand for a name or an address."""
    parts = name.partition("@")[0].replace(".", " ").replace("-", " ").replace("_", " ").split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one: ``1 issue``, ``1,240 issues``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float | None) -> str:
    """Return a share of 1 as a percentage, rounded down so that only all of it is 100 %; a dash for none."""
    return "–" if share is None else f"{int(share * 10_000 + 1e-6) / 100:g} %"


FILTERS: dict[str, Any] = {
    "age": age,
    "ago": ago,
    "exact": exact,
    "machine": machine,
    "compact": compact,
    "grouped": grouped,
    "initials": initials,
    "counted": counted,
    "percent": percent,
}
