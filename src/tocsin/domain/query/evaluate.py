"""What a search means, told by looking at one event at a time (spec/search.md 1.3, 1.6, 2.0).

Slow and plain on purpose: this is the meaning that the SQL filters of history are tested against. Terms of other levels
than events, and those that only state can resolve (``release:latest``, ``release.stage:``, ``project:``), are not for
this module: asking about them is a mistake of the caller and raises ValueError.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

import msgspec

from tocsin.domain.event.event import Event
from tocsin.domain.query.dates import AbsoluteDate, RelativeDate
from tocsin.domain.query.keys import Column, FirstOf, Flag, Kind, Payload, ReleasePart, Source, Tag
from tocsin.domain.query.pattern import Pattern
from tocsin.domain.query.tree import And, Expression, Operator, Or, Term, Value
from tocsin.domain.release.version import VersionBound, VersionPattern, parse_release

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""For terms that no time matters to."""


def holds(expression: Expression, event: Event, *, now: datetime) -> bool:
    """Return whether *event* is found by *expression*."""
    match expression:
        case Term():
            return matches(expression, event, now=now)
        case And(parts):
            return all(holds(part, event, now=now) for part in parts)
        case Or(parts):
            return any(holds(part, event, now=now) for part in parts)
        case _:
            assert_never(expression)


def matches(term: Term, event: Event, *, now: datetime) -> bool:
    """Return whether *event* meets *term*; relative dates count back from *now*.

    Where a key has many values, one that fits is enough, and a negated term wants none that fits.
    """
    found = [value for value in values_of(term, event) if _fits(term, value, now)]
    return bool(found) is not term.negated


def values_of(term: Term, event: Event) -> Sequence[Any]:
    """Return what *event* has under the key of *term*: one value, ``""`` if it is missing, or those of a list."""
    source = term.key.source
    if source is None:
        raise ValueError(f"an event alone cannot tell {term.key.name}")
    return tuple(_read(source, event))


def release_meets(term: Term, release: str) -> bool:
    """Return whether an event of *release* has in it what *term*, on a part of the release's name, asks for.

    Whether the term is negated does not matter here.
    """
    if not isinstance(term.key.source, ReleasePart):
        raise ValueError(f"{term} is about no part of a release")  # noqa: TRY004 - the wrong term, not the wrong type
    return _fits(term, _release_part(term.key.source, release), _NEVER)


def _truth(value: object) -> bool:
    """Return a truth that tags may spell as a word; one that is missing counts as false."""
    return value is True or str(value).lower() in {"true", "1", "yes"}


def _fits(term: Term, value: Any, now: datetime) -> bool:
    if term.operator is Operator.PRESENT:
        return value not in {"", None}
    return any(_meets(term, value, wanted, now) for wanted in term.values)


def _meets(term: Term, value: Any, wanted: Value, now: datetime) -> bool:
    match wanted:
        case RelativeDate() | AbsoluteDate():
            # A range has the negation in it that is applied to every term alike above.
            return term.date_range(now).contains(value) is not term.negated
        case VersionBound() | VersionPattern():
            order = wanted.comparison(value)
            return order is not None and _in_order(term.operator, order)
        case Pattern():
            return (wanted.anywhere() if term.key.kind is Kind.MESSAGE else wanted).matches(str(value))
        case bool():
            return _truth(value) is wanted
        case int() | float():
            number = _as_number(value)
            return number is not None and _in_order(term.operator, (number > wanted) - (number < wanted))
        case str():
            text = _as_text(value)
            return wanted.lower() in text.lower() if term.key.kind is Kind.MESSAGE else wanted == text
        case _:
            assert_never(wanted)


def _in_order(operator: Operator, order: int) -> bool:
    """Return whether *order*, the sign of value minus wanted, is what *operator* asks for."""
    match operator:
        case Operator.GREATER:
            return order > 0
        case Operator.GREATER_OR_EQUAL:
            return order >= 0
        case Operator.LESS:
            return order < 0
        case Operator.LESS_OR_EQUAL:
            return order <= 0
        case _:
            return order == 0


def _as_number(value: Any) -> float | None:
    """Return a number that an event holds, as itself or as text; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return msgspec.json.decode(value, type=float) if isinstance(value, str) else None
    except msgspec.DecodeError:
        return None


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _read(source: Source, event: Event) -> Iterator[Any]:
    match source:
        case Column():
            yield from _read_column(source, event)
        case Tag(name):
            yield dict(event.tags).get(name, "")
        case ReleasePart():
            yield _release_part(source, event.release)
        case Payload():
            yield from _read_payload(source, msgspec.json.decode(event.payload))
        case FirstOf(places):
            payload = msgspec.json.decode(event.payload)
            yield next((value for place in places for value in _read_payload(place, payload) if value != ""), "")
        case Flag(name):
            yield _flag(name, msgspec.json.decode(event.payload))
        case _:
            assert_never(source)


def _read_column(column: Column, event: Event) -> Iterator[Any]:
    value = getattr(event, column.field)
    if isinstance(value, tuple):
        yield from value
    elif column.inverted:
        yield not value
    elif column.grain_seconds:
        yield value - timedelta(seconds=value.timestamp() % column.grain_seconds)
    else:
        yield value


def _release_part(part: ReleasePart, release: str) -> str:
    name = parse_release(release)
    match part:
        case ReleasePart.NAME:
            return release
        case ReleasePart.PACKAGE:
            return name.package
        case ReleasePart.BUILD:
            return name.build


def _read_payload(place: Payload, payload: object) -> Iterator[Any]:
    """Yield the values at *place*: exactly one, ``""`` if missing, unless the path goes through a list."""
    values = [value for value in _walk(payload, place.path, place.where) if value is not None]
    yield from values
    if not values and "*" not in place.path:
        yield ""


def _walk(node: object, path: Sequence[str], where: str) -> Iterator[Any]:
    if not path:
        yield node
        return
    member, *rest = path
    if member == "*":
        for element in node if isinstance(node, list) else ():
            yield from _walk(element, rest, where)
    elif isinstance(node, list):
        yield from _walk(_from_pairs(node), path, where)
    elif isinstance(node, dict) and (rest or not where or node.get(where) is True):
        yield from _walk(node.get(member), rest, where)


def _from_pairs(pairs: list[Any]) -> dict[Any, Any]:
    return {
        pair[0]: pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
    }


def _flag(name: str, payload: Any) -> Any:
    """Return how the feature flag *name* was evaluated last, or ``""``."""
    outcomes = {
        flag.get("flag"): flag.get("result")
        for flag in _walk(payload, ("contexts", "flags", "values", "*"), "")
        if isinstance(flag, dict)
    }
    outcome = outcomes.get(name)
    return "" if outcome is None else outcome
