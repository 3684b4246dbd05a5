"""Queries as values. ``str()`` of a query is its canonical text, and reading that text gives the same query again."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

import msgspec

from tocsin.domain.query.dates import AbsoluteDate, DateRange, RelativeDate, Span
from tocsin.domain.query.keys import MESSAGE, Key, Kind
from tocsin.domain.query.pattern import Pattern, escape
from tocsin.domain.query.scan import is_phrase
from tocsin.domain.release.version import VersionBound, VersionPattern

Value: TypeAlias = str | int | float | bool | Pattern | RelativeDate | AbsoluteDate | VersionBound | VersionPattern
"""What a term compares with: text, or what the key's kind makes of it."""

_NEEDS_QUOTES = re.compile(r"[ \t\n()]|\A\Z")
_NEEDS_QUOTES_IN_LIST = re.compile(r"[ ,\t\n()]|\A\Z")
_LOOKS_LIKE_SYNTAX = re.compile("[<>=\\[\uf00d]|!=")


class Operator(Enum):
    """How a term compares, as it is written between the colon and the value."""

    EQUALS = ""
    """Equal to one of the values."""
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    PRESENT = "has"
    """Present and not empty; such a term has no values."""


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One condition. Free text is a term on ``message``; several values mean any of them."""

    key: Key
    operator: Operator = Operator.EQUALS
    values: tuple[Value, ...] = ()
    negated: bool = False
    """Only with EQUALS and PRESENT: other operators and booleans are turned round instead."""

    @property
    def is_list(self) -> bool:
        """Whether several values are given, of which any one will do."""
        return len(self.values) > 1

    @property
    def is_free_text(self) -> bool:
        """Whether the term can be written without a key."""
        is_plain = self.operator is Operator.EQUALS and len(self.values) == 1 and not self.negated
        return self.key == MESSAGE and is_plain

    def date_range(self, now: datetime) -> DateRange:
        """Return the instants that a term on a date means at *now*, negation included.

        Raises ValueError for a term on anything else.
        """
        date = self.values[0] if self.values else None
        if not isinstance(date, RelativeDate | AbsoluteDate):
            raise ValueError(f"{self} is about no date")  # noqa: TRY004 - the wrong term, not the wrong type
        plain = date.bounds(now)
        match self.operator:
            case Operator.GREATER:
                return DateRange(low=plain.low, low_inclusive=False)
            case Operator.GREATER_OR_EQUAL:
                return DateRange(low=plain.low)
            case Operator.LESS:
                return DateRange(high=plain.low)
            case Operator.LESS_OR_EQUAL:
                return DateRange(high=plain.low, high_inclusive=True)
            case _:
                return msgspec.structs.replace(plain, outside=self.negated)

    def __str__(self) -> str:
        if self.is_free_text:
            return _spell_free_text(self, has_free_neighbour=False)
        sign = "!" if self.negated else ""
        if self.operator is Operator.PRESENT:
            return f"{sign}has:{self.key}"
        if self.key.kind is Kind.DATE:
            return f"{self.key}:{self._date_operator}{self.values[0]}"
        if self.is_list:
            return f"{sign}{self.key}:[{', '.join(map(self._spell_item, self.values))}]"
        return f"{sign}{self.key}:{self.operator.value}{self._spell_value(self.values[0])}"

    @property
    def _date_operator(self) -> str:
        """Dates are negated by their operator, and an exact instant is not what a plain date means."""
        value = self.values[0]
        is_exact = isinstance(value, AbsoluteDate) and value.span is Span.EXACT
        if self.operator is Operator.EQUALS and is_exact:
            return "!=" if self.negated else "="
        return self.operator.value

    def _spell_value(self, value: Value) -> str:
        text = _spell(value, self.key.kind)
        if _NEEDS_QUOTES.search(text):
            return quote(text)
        # An equals sign keeps what looks like an operator or a list from being read as one.
        shield = "=" if self.operator is Operator.EQUALS and _LOOKS_LIKE_SYNTAX.match(text) else ""
        return shield + _escape_quotes(text)

    def _spell_item(self, value: Value) -> str:
        text = _spell(value, self.key.kind)
        return quote(text) if _NEEDS_QUOTES_IN_LIST.search(text) else _escape_quotes(text)


class Query(msgspec.Struct, frozen=True):
    """An issue search: terms that must all hold; without terms it is no filter at all."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return _spell_in_a_row(self.terms)


class And(msgspec.Struct, frozen=True):
    """Conditions of an event search that must all hold; without any it is no filter at all."""

    of: tuple["Expression", ...] = ()

    def __str__(self) -> str:
        return _spell_in_a_row(self.of)


class Or(msgspec.Struct, frozen=True):
    """Conditions of an event search of which one must hold; there are at least two."""

    of: tuple["Expression", ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.of))


Expression: TypeAlias = Term | And | Or
"""An event search. In the trees that the parser makes, no And holds an And, no Or an Or, and none holds just one."""


def terms_of(expression: Expression) -> Iterator[Term]:
    """Yield every term of *expression*, in the order in which they are written."""
    if isinstance(expression, Term):
        yield expression
    else:
        for part in expression.of:
            yield from terms_of(part)


def quote(text: str) -> str:
    """Return *text* in quotes, those inside it escaped."""
    return f'"{_escape_quotes(text)}"'


def _escape_quotes(text: str) -> str:
    return text.replace('"', '\\"')


def _spell(value: Value, kind: Kind) -> str:
    """Return *value* as text, before any quoting."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return format(Decimal(repr(value)), "f")
        case str() if "*" in kind.operators:
            return escape(value)
        case _:
            return str(value)


def _spell_in_a_row(conditions: Sequence[Expression]) -> str:
    return " ".join(_spelt_in_a_row(conditions))


def _spelt_in_a_row(conditions: Sequence[Expression]) -> Iterable[str]:
    """Yield the texts of *conditions*; free texts side by side need quotes, or they would read as one phrase."""
    free = [isinstance(condition, Term) and condition.is_free_text for condition in conditions]
    for condition, before, after in zip(conditions, [False, *free], [*free[1:], False], strict=False):
        if isinstance(condition, Term) and condition.is_free_text:
            yield _spell_free_text(condition, has_free_neighbour=before or after)
        elif isinstance(condition, Or):
            yield f"({condition})"
        else:
            yield str(condition)


def _spell_free_text(term: Term, *, has_free_neighbour: bool) -> str:
    text = _spell(term.values[0], Kind.MESSAGE)
    # A backslash before the closing quote would escape it; such texts only ever come from where no quotes were.
    can_be_quoted = not text.endswith("\\")
    must_be_quoted = has_free_neighbour or '"' in text or not is_phrase(text)
    return quote(text) if can_be_quoted and must_be_quoted else text
