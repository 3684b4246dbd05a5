"""What is asked about sessions: figures, what they are grouped by, a search (spec/search.md 5.16)."""

import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.keys import KEYS, ReleasePart, tag_key
from tocsin.domain.query.tree import And, Expression, Operator, Term, terms_of
from tocsin.domain.query.window import Grid, Window, aligned_grid, read_period
from tocsin.domain.session.health import Durations, Health, Tally
from tocsin.domain.session.session import Severity

FIELDS_MAX = 20
STATUSES = {one.name.lower(): one for one in Severity}

_HOUR = 3600
_DAY = 86_400
_INSTANT = timedelta(microseconds=1)
_STATUS = tag_key("session.status")
_KNOWN = frozenset({KEYS[name] for name in ("release", "environment", "project", "project.id")})
_WITHOUT_CRASHES = "crash_free_rate"
_RATES = {f"{name}_rate": severity for name, severity in STATUSES.items() if severity} | {
    "crash_rate": Severity.CRASHED,
    "healthy_rate": Severity.HEALTHY,
}
_FIELD = re.compile(r"(?P<function>[a-z0-9_]+)\((?P<of>[a-z._]+)\)")


class GroupBy(StrEnum):
    """What figures about sessions can be grouped by."""

    PROJECT = "project"
    RELEASE = "release"
    ENVIRONMENT = "environment"
    STATUS = "session.status"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One figure about sessions."""

    name: str
    """As it was asked for."""
    function: str
    of: str
    """``session``, ``user`` or ``session.duration``."""

    @property
    def is_count(self) -> bool:
        """Whether it counts sessions or users, so that it can be told status by status."""
        return self.function in {"sum", "count_unique"}

    @property
    def is_duration(self) -> bool:
        """Whether it tells how long sessions lasted."""
        return self.of == "session.duration"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which figures are wanted, and of which sessions."""

    fields: tuple[Field, ...]
    by: tuple[GroupBy, ...] = ()
    query: Expression = And()
    """Without what it says of statuses."""
    statuses: tuple[Severity, ...] | None = None
    """Those that count; None for all."""


def read_question(fields: Sequence[str], by: Sequence[str], query: Expression) -> Question:
    """Return the question. Raises InvalidQuery for what cannot be told of sessions."""
    if not fields:
        raise InvalidQuery('Request is missing a "field", such as "field=sum(session)".')
    if len(fields) > FIELDS_MAX:
        raise InvalidQuery(f"At most {FIELDS_MAX} fields can be asked for at once.")
    for name in by:
        if name not in set(GroupBy):
            raise InvalidQuery(f'Invalid groupBy: "{name}". Valid choices are {", ".join(GroupBy)}.')
    rest, statuses = _statuses(query)
    for term in terms_of(rest):
        _check(term)
    read = tuple(_field(name) for name in dict.fromkeys(fields))
    asked = Question(fields=read, by=tuple(GroupBy(name) for name in dict.fromkeys(by)), query=rest, statuses=statuses)
    apart = [one.name for one in read if not one.is_count]
    if apart and (statuses is not None or GroupBy.STATUS in asked.by):
        raise InvalidQuery(f"{apart[0]} cannot be told by session.status; leave out one of the two.")
    return asked


def session_grid(window: Window, interval: str | None) -> Grid:
    """Return the intervals that cover *window*, an hour each by default. Raises InvalidQuery."""
    try:
        step = int(read_period(interval).total_seconds()) if interval else _HOUR
    except InvalidQuery:
        raise InvalidQuery(f"Invalid interval: {interval!r}") from None
    if step < _HOUR or step % _HOUR:
        raise InvalidQuery("The interval has to be a multiple of the minimum interval of one hour.")
    if _DAY % step and step % _DAY:
        raise InvalidQuery("The interval should divide one day without a remainder.")
    return aligned_grid(msgspec.structs.replace(window, end=max(window.start, window.end - _INSTANT)), step)


def figure(
    field: Field, health: Health, durations: Durations | None, statuses: Sequence[Severity] | None = None
) -> int | float | None:
    """Return the figure, of sessions of *statuses* alone; None where nothing is known."""
    if field.is_duration:
        return getattr(durations, field.function, None)
    counted = health.users if field.of == "user" else health.sessions
    if field.is_count:
        return counted.total if statuses is None else sum(counted.of(one) for one in statuses)
    return _rate(field.function, counted)


def _rate(function: str, counted: Tally) -> float | None:
    if function == _WITHOUT_CRASHES:
        return counted.crash_free_rate
    if function == "unhealthy_rate":
        return counted.share(counted.total - counted.healthy)
    return counted.share(counted.of(_RATES[function]))


def _field(name: str) -> Field:
    found = _FIELD.fullmatch(name.strip())
    if found is None or found["function"] not in _FUNCTIONS.get(found["of"], ()):
        known = ", ".join(f"{functions[0]}({of})" for of, functions in _FUNCTIONS.items())
        raise InvalidQuery(f'Invalid field: "{name}". Choose one such as {known}, crash_free_rate(session).')
    return Field(name=name, function=found["function"], of=found["of"])


_ALL_RATES = (_WITHOUT_CRASHES, "unhealthy_rate", *_RATES)
_FUNCTIONS = {
    "session": ("sum", *_ALL_RATES),
    "user": ("count_unique", *_ALL_RATES),
    "session.duration": ("p50", *(name for name in Durations.__struct_fields__ if name != "p50")),
}


def _statuses(query: Expression) -> tuple[Expression, tuple[Severity, ...] | None]:
    """Return *query* without its conditions on the status of sessions, and the statuses that meet these."""
    parts = query.of if isinstance(query, And) else (query,)
    about = [one for one in parts if isinstance(one, Term) and one.key == _STATUS]
    if not about:
        return query, None
    wanted = [one for name, one in STATUSES.items() if all(_admits(term, name) for term in about)]
    return And(tuple(one for one in parts if one not in about)), tuple(wanted)


def _admits(term: Term, name: str) -> bool:
    unknown = [str(value) for value in term.values if value not in STATUSES]
    if unknown or term.operator is not Operator.EQUALS:
        raise InvalidQuery(f"Invalid session.status in {str(term)!r}. Valid choices are {', '.join(STATUSES)}.")
    return (name in term.values) is not term.negated


def _check(term: Term) -> None:
    if term.key not in _KNOWN and not isinstance(term.key.source, ReleasePart):
        raise InvalidQuery(
            f"Invalid search filter {str(term)!r}: sessions can be searched by release, release.version, "
            "release.package, release.build, environment, project and, outside of OR, session.status."
        )
