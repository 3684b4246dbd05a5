"""From a search to SQL: what `tocsin.domain.query.evaluate` means, asked of many events at once.

Terms that only state can tell are resolved before (`tocsin.domain.query.resolve`); one that is not raises ValueError.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from tocsin.domain.query.dates import AbsoluteDate, DateRange, RelativeDate
from tocsin.domain.query.keys import Column, FirstOf, Flag, Key, Kind, Payload, ReleasePart, Tag
from tocsin.domain.query.pattern import Pattern
from tocsin.domain.query.tree import And, Expression, Operator, Or, Term
from tocsin.storage.history.filters import (
    ALWAYS,
    Clause,
    Texts,
    bound,
    every,
    instant,
    is_any_of_events,
    some,
    tag,
    text,
    texts,
)

_ORDERS = {
    Operator.EQUALS: "=",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
}
_NUMBER = r"^\s*-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*$"
_USER_ID = ("user", "id")
_PAIRS = "headers"
"""The one member of an event that is kept as a list of pairs."""


def matching(expression: Expression, *, now: datetime) -> Clause:
    """Return the condition that an event is found by *expression*; relative dates count back from *now*."""
    match expression:
        case Term():
            met = _met(expression, now)
            return ~met if expression.negated and expression.key.kind is not Kind.DATE else met
        case And(parts):
            return every(matching(part, now=now) for part in parts)
        case Or(parts):
            return some(matching(part, now=now) for part in parts)
        case _:
            assert_never(expression)


def value_of(key: Key) -> Clause:
    """Return what an event has under *key*, ``""`` if it is missing; a list where there may be many.

    Raises ValueError for a key that an event alone cannot tell.
    """
    match key.source:
        case Column() as column:
            return _column_value(column)
        case Tag(name):
            return tag(name)
        case Payload(path) as place if "*" in path:
            return _list_at(place)
        case Payload() as place:
            return _value_at(place)
        case FirstOf(places):
            return _first(places)
        case Flag(name):
            return _flag(name)
        case ReleasePart() | None:
            raise ValueError(f"an event alone cannot tell {key.name}")
        case source:
            assert_never(source)


def _column_value(column: Column) -> Clause:
    if column.inverted:
        return Clause(f"(NOT `{column.field}`)")
    if column.grain_seconds:
        return Clause(_grained(column))
    if column.field == "event_id":
        return Clause("lower(hex(event_id))")
    return Clause(f"`{column.field}`")


def _grained(column: Column) -> str:
    grain = column.grain_seconds * 10**6
    return f"fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(`{column.field}`), {grain}) * {grain}, 'UTC')"


def _met(term: Term, now: datetime) -> Clause:
    """Return the condition that an event meets *term* apart from its negation, which only dates have in them."""
    match term.key.source:
        case Column() as column:
            return _column_met(term, column, now)
        case Tag(name):
            return _text_met(term, tag(name))
        case Payload(path) as place if "*" in path:
            return _any_met(term, _list_at(place))
        case Payload() as place:
            return _text_met(term, _value_at(place))
        case FirstOf(places):
            return _text_met(term, _first(places))
        case Flag(name):
            return _text_met(term, _flag(name))
        case ReleasePart() | None:
            raise ValueError(f"an event alone cannot tell {term.key.name}")
        case source:
            assert_never(source)


def _column_met(term: Term, column: Column, now: datetime) -> Clause:
    match term.key.kind:
        case Kind.DATE:
            return _in_range(column, term.date_range(now)) if term.values else ~ALWAYS if term.negated else ALWAYS
        case Kind.BOOLEAN:
            return _truth_met(term, column)
        case Kind.EVENT_ID | Kind.ID if term.operator is Operator.PRESENT:
            return ALWAYS
        case Kind.EVENT_ID:
            return is_any_of_events([str(value) for value in term.values])
        case Kind.ID:
            numbers = bound("Array(UInt64)", list(term.values))
            return Clause(f"(`{column.field}` IN {numbers.sql})", numbers.parameters)
        case _:
            operand = Clause(f"`{column.field}`")
            return _any_met(term, operand) if column.field in set(Texts) else _text_met(term, operand)


def _truth_met(term: Term, column: Column) -> Clause:
    if term.operator is Operator.PRESENT:
        return ALWAYS
    wanted = term.values[0] is not column.inverted
    return Clause(f"`{column.field}`") if wanted else Clause(f"(NOT `{column.field}`)")


def _in_range(column: Column, wanted: DateRange) -> Clause:
    moment = _grained(column) if column.grain_seconds else f"`{column.field}`"
    bounds = (
        (wanted.low, ">=" if wanted.low_inclusive else ">"),
        (wanted.high, "<=" if wanted.high_inclusive else "<"),
    )
    within = every(_compared(moment, sign, instant(at)) for at, sign in bounds if at is not None)
    return ~within if wanted.outside else within


def _text_met(term: Term, operand: Clause) -> Clause:
    """Return the condition that the one text *operand*, ``""`` where there is none, fits *term*."""
    fits = _fits(term, operand.sql)
    return Clause(fits.sql, {**operand.parameters, **fits.parameters})


def _any_met(term: Term, operand: Clause) -> Clause:
    """Return the condition that some text of the list *operand* fits *term*."""
    fits = _fits(term, "element")
    sql = f"arrayExists(element -> {fits.sql}, {operand.sql})"
    return Clause(sql, {**operand.parameters, **fits.parameters})


def _fits(term: Term, operand: str) -> Clause:
    if term.operator is Operator.PRESENT:
        return Clause(f"({operand} != '')")
    literals = [value for value in term.values if isinstance(value, str)]
    conditions = [_fits_texts(term.key, operand, literals)] if literals else []
    conditions += [_fits_value(term, operand, value) for value in term.values if not isinstance(value, str)]
    return some(conditions) if len(conditions) != 1 else conditions[0]


def _fits_texts(key: Key, operand: str, literals: Sequence[str]) -> Clause:
    if key.kind is Kind.MESSAGE:
        return some(
            _like(operand, Pattern(("", literal, "")) if literal else Pattern(("", ""))) for literal in literals
        )
    wanted = texts(literals)
    return Clause(f"({operand} IN {wanted.sql})", wanted.parameters)


def _fits_value(term: Term, operand: str, value: object) -> Clause:
    match value:
        case Pattern():
            return _like(operand, value.anywhere() if term.key.kind is Kind.MESSAGE else value)
        case bool():
            is_true = f"(lower({operand}) IN ('true', '1', 'yes'))"
            return Clause(is_true if value else f"(NOT {is_true})")
        case int() | float():
            form = text(_NUMBER)
            number = f"if(match({operand}, {form.sql}), toFloat64OrNull(trim({operand})), NULL)"
            compared = _compared(number, _ORDERS[term.operator], bound("Float64", float(value)))
            return Clause(f"ifNull({compared.sql}, false)", {**form.parameters, **compared.parameters})
        case RelativeDate() | AbsoluteDate():
            raise ValueError(f"{term} is about no date of an event")
        case _:
            raise ValueError(f"{term} is about no value of an event")


def _like(operand: str, pattern: Pattern) -> Clause:
    wanted = text(pattern.to_like())
    return Clause(f"({operand} ILIKE {wanted.sql})", wanted.parameters)


def _compared(left: str, sign: str, right: Clause) -> Clause:
    return Clause(f"({left} {sign} {right.sql})", right.parameters)


def _value_at(place: Payload) -> Clause:
    """Return the text at *place*, ``""`` if it is missing."""
    if place.path == _USER_ID:
        # Where there is an id, the user tag is made of it (spec/ingest.md 4.8), and need not be unpacked.
        return Clause("if(startsWith(user, 'id:'), substring(user, 4), '')")
    *_, parent, member = place.path
    if parent == _PAIRS:
        name = text(member)
        pairs = f"JSONExtract(payload, {_members(place.path[:-1])}, 'Array(Array(String))')"
        return Clause(f"arrayLast(pair -> pair[1] = {name.sql}, {pairs})[2]", name.parameters)
    return Clause(f"JSONExtract(payload, {_members(place.path)}, 'String')")


def _list_at(place: Payload) -> Clause:
    """Return the texts at *place*, whose path goes through lists."""
    *lists, last = _steps(place.path)
    nodes = f"JSONExtractArrayRaw(payload, {_members(lists[0])})"
    for path in lists[1:]:
        nodes = f"arrayFlatten(arrayMap(node -> JSONExtractArrayRaw(node, {_members(path)}), {nodes}))"
    if place.where:
        nodes = f"arrayFilter(node -> JSONExtractBool(node, {_members([place.where])}), {nodes})"
    found = f"arrayMap(node -> JSONExtract(node, {_members(last)}, 'Nullable(String)'), {nodes})"
    return Clause(f"arrayMap(value -> assumeNotNull(value), arrayFilter(value -> value IS NOT NULL, {found}))")


def _steps(path: Sequence[str]) -> list[list[str]]:
    """Return the member names between the asterisks of *path*."""
    steps: list[list[str]] = [[]]
    for member in path:
        if member == "*":
            steps.append([])
        else:
            steps[-1].append(member)
    return steps


def _members(path: Sequence[str]) -> str:
    # Paths come from the table of keys, never from a request.
    return ", ".join(f"'{member}'" for member in path)


def _first(places: Sequence[Payload]) -> Clause:
    values = [_value_at(place).sql for place in places]
    return Clause(f"arrayFirst(value -> value != '', [{', '.join(values)}])")


def _flag(name: str) -> Clause:
    """Return how the feature flag was evaluated last."""
    wanted = text(name)
    evaluations = "JSONExtractArrayRaw(payload, 'contexts', 'flags', 'values')"
    last = f"arrayLast(node -> JSONExtract(node, 'flag', 'String') = {wanted.sql}, {evaluations})"
    return Clause(f"JSONExtract({last}, 'result', 'String')", wanted.parameters)
