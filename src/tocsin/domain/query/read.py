"""From a filter as it is written to a term: what operator and value mean for that key (spec/search.md 1.2 to 1.8)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

import msgspec

from tocsin.domain.query.dates import AbsoluteDate, Span, parse_absolute, parse_relative
from tocsin.domain.query.errors import MalformedQuery, UnanswerableQuery
from tocsin.domain.query.keys import HAS, IS, Dialect, Key, Kind, find_key, flag_key, tag_key
from tocsin.domain.query.pattern import open_ended, parse_wildcards
from tocsin.domain.query.scan import WrittenFilter, WrittenKey, key_in
from tocsin.domain.query.tree import Operator, Term, Value
from tocsin.domain.release.version import VersionPattern, parse_version_query

NUMBER_MAX = 2**63 - 1
"""Numbers beyond this, on either side of zero, are no numbers to us: no store could compare with them."""

_NUMBER = re.compile(r"(-?[0-9]{1,19}(?:\.[0-9]{1,18})?)([a-zA-Z]*)")
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_UNITS_OF_TIME = frozenset({"ms", "s", "min", "hr", "h", "day", "d", "wk", "w"})
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_EVENT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_AFFIXES: Mapping[str, Callable[[str], Value]] = {
    "": parse_wildcards,
    "Contains": lambda text: open_ended(text, before=True, after=True),
    "StartsWith": lambda text: open_ended(text, after=True),
    "EndsWith": lambda text: open_ended(text, before=True),
}
_TAG_KINDS = {"number": Kind.NUMBER, "boolean": Kind.BOOLEAN}

_ORDERS = {
    ">": Operator.GREATER,
    ">=": Operator.GREATER_OR_EQUAL,
    "<": Operator.LESS,
    "<=": Operator.LESS_OR_EQUAL,
}
_OPPOSITES = {
    Operator.GREATER: Operator.LESS_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.LESS,
    Operator.LESS: Operator.GREATER_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.GREATER,
}


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A filter whose key is known, and all that the meaning of its value may depend on."""

    written: WrittenFilter
    key: Key
    now: datetime

    @property
    def spelt(self) -> str:
        """The operator and the value as they are written, for error texts."""
        return self.written.operator + self.written.value.raw

    @property
    def negated(self) -> bool:
        """Whether equality is negated, by either sign; two of them do not cancel."""
        return self.written.is_negated or self.written.operator == "!="

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts to compare with; ``<`` and ``>`` belong to them."""
        if self.written.operator in _ORDERS:
            return (self.written.operator + self.written.value.texts[0],)
        return self.written.value.texts

    def term(self, *values: Value, operator: Operator = Operator.EQUALS) -> Term:
        """Return the term on this key; an ordering that is negated is turned round."""
        if operator is Operator.EQUALS:
            return Term(key=self.key, values=values, negated=self.negated)
        return Term(key=self.key, operator=_OPPOSITES[operator] if self.negated else operator, values=values)

    def refuse(self, detail: str) -> NoReturn:
        """Raise MalformedQuery at the start of the filter."""
        raise MalformedQuery(detail, offset=self.written.start)

    def refuse_unanswerable(self, detail: str) -> NoReturn:
        """Raise UnanswerableQuery at the start of the filter."""
        raise UnanswerableQuery(detail, offset=self.written.start)


def read_filter(written: WrittenFilter, dialect: Dialect, now: datetime) -> Term:
    """Return the term that *written* means in *dialect*; *now* is only for the example in the text about bad dates.

    Raises MalformedQuery, with the texts of spec/search.md 1.8 but without their common prefix.
    """
    if written.key.is_aggregate:
        detail = f"Aggregate filters ({written.key.name}) are not supported in {dialect} searches."
        raise MalformedQuery(detail, offset=written.start)
    reading = _Reading(written=written, key=_key(written.key, dialect), now=now)
    if reading.key == IS and dialect is Dialect.EVENT:
        reading.refuse('"is:" queries are not supported in this search.')
    if not (written.value.raw or written.operator in _ORDERS):
        reading.refuse(f"Empty string after '{reading.key}:'")
    if reading.key == HAS:
        return _read_has(reading, dialect)
    return _READERS[reading.key.kind](reading)


def _key(written: WrittenKey, dialect: Dialect) -> Key:
    kind = _TAG_KINDS.get(written.type, Kind.TEXT)
    match written.family:
        case "tags":
            return tag_key(written.name, kind)
        case "flags":
            return flag_key(written.name, kind)
        case _:
            return find_key(written.name, dialect)


def _read_has(reading: _Reading, dialect: Dialect) -> Term:
    subject = None if reading.written.value.is_list else key_in(reading.spelt)
    if subject is None or subject.is_aggregate:
        reading.refuse('Invalid format for "has" search: was expecting a field or tag instead')
    key = _key(subject, dialect)
    if key in {IS, HAS}:
        key = tag_key(subject.name)
    return _presence(msgspec.structs.replace(reading, key=key), negated=reading.written.is_negated)


def _presence(reading: _Reading, *, negated: bool) -> Term:
    if negated and reading.key.name == "project":
        reading.refuse_unanswerable("Invalid query for 'has' search: 'project' cannot be empty.")
    return Term(key=reading.key, operator=Operator.PRESENT, negated=negated)


def _read_is(reading: _Reading) -> Term:
    if reading.written.value.is_list:
        reading.refuse('"in" syntax invalid for "is" search')
    return _read_words(reading)


def _read_words(reading: _Reading) -> Term:
    vocabulary = reading.key.vocabulary
    assert vocabulary is not None, f"{reading.key.name} has no words"  # noqa: S101 - true of the table of keys
    words = []
    for text in reading.texts:
        word = vocabulary.canonical(text)
        if word is None:
            reading.refuse(vocabulary.complaint.format(text))
        words.append(word)
    return reading.term(*words)


def _read_exact(reading: _Reading) -> Term:
    return _read_text(reading, lambda text: text)


def _read_wild(reading: _Reading) -> Term:
    return _read_text(reading, _AFFIXES[reading.written.affix])


def _read_text(reading: _Reading, meaning: Callable[[str], Value]) -> Term:
    values = tuple(map(meaning, reading.texts))
    if values == ("",):
        return _presence(reading, negated=not reading.negated)
    return reading.term(*values)


def _read_number(reading: _Reading) -> Term:
    values = [_number(reading, text) for text in _unquoted(reading)]
    return reading.term(*values, operator=_ORDERS.get(reading.written.operator, Operator.EQUALS))


def _unquoted(reading: _Reading) -> tuple[str, ...]:
    """Numbers and the like are only ever written without quotes; with them they keep them, and so fail to read."""
    return (reading.written.value.raw,) if reading.written.value.is_quoted else reading.written.value.texts


def _number(reading: _Reading, text: str) -> int | float:
    found = _NUMBER.fullmatch(text)
    factor = _FACTORS.get(found[2].lower()) if found else None
    if found and factor is None and found[2].lower() in _UNITS_OF_TIME:
        reading.refuse(f"{found[2]} is not a valid number suffix, must be k, m or b")
    if found is None or factor is None:
        _refuse_number(reading)
    number = Decimal(found[1]) * factor
    if abs(number) > NUMBER_MAX:
        _refuse_number(reading)
    return int(number) if number == int(number) else float(number)


def _refuse_number(reading: _Reading) -> NoReturn:
    reading.refuse(
        f"{reading.key.name}: Invalid number: {reading.spelt}. "
        "Expected number then optional k, m, or b suffix (e.g. 500k)."
    )


def _read_id(reading: _Reading) -> Term:
    if reading.written.operator in _ORDERS:
        detail = f"Operator {reading.written.operator} not valid for search {reading.key}:{reading.spelt}"
        reading.refuse_unanswerable(detail)
    if not all(text.isascii() and text.isdecimal() and len(text) <= 18 for text in _unquoted(reading)):
        _refuse_number(reading)
    return reading.term(*map(int, _unquoted(reading)))


def _read_boolean(reading: _Reading) -> Term:
    truth = _BOOLEANS.get(reading.texts[0].lower()) if not reading.written.value.is_list else None
    if truth is None:
        reading.refuse(f"{reading.key.name}: Invalid boolean: {reading.spelt}. Expected true, 1, false, or 0.")
    return Term(key=reading.key, values=(truth is not reading.negated,))


def _read_date(reading: _Reading) -> Term:
    text, operator = reading.written.value.raw, reading.written.operator
    relative = parse_relative(text) if not operator else None
    absolute = parse_absolute(text)
    if reading.written.is_negated:
        _refuse_date(reading)
    if relative is not None:
        return reading.term(relative)
    if absolute is not None:
        return reading.term(_exact(absolute) if operator else absolute, operator=_ORDERS.get(operator, Operator.EQUALS))
    return _read_day_after_plus(reading)


def _read_day_after_plus(reading: _Reading) -> Term:
    """``+2025-01-01`` is on or after that day: ours, where the protocol refuses it (spec/search.md 0, D2)."""
    sign, text = reading.spelt[:1], reading.spelt[1:]
    day = parse_absolute(text) if sign == "+" else None
    if day is None or day.span is not Span.DAY:
        _refuse_date(reading)
    return reading.term(_exact(day), operator=Operator.GREATER_OR_EQUAL)


def _exact(date: AbsoluteDate) -> AbsoluteDate:
    return msgspec.structs.replace(date, span=Span.EXACT)


def _refuse_date(reading: _Reading) -> NoReturn:
    reading.refuse(
        f"{reading.key.name}: Invalid date: {reading.spelt}. Expected +/-duration (e.g. +1h) "
        f"or ISO 8601-like (e.g. {reading.now.isoformat()})."
    )


def _read_version(reading: _Reading) -> Term:
    operator = _ORDERS.get(reading.written.operator, Operator.EQUALS)
    versions = []
    for text in reading.written.value.texts:
        version = parse_version_query(text)
        if version is None or (isinstance(version, VersionPattern) and operator is not Operator.EQUALS):
            reading.refuse_unanswerable(
                "Invalid format of semantic version. For searching non-semver releases, use release: instead."
            )
        versions.append(version)
    return reading.term(*versions, operator=operator)


def _read_build(reading: _Reading) -> Term:
    if reading.written.operator in _ORDERS:
        return _read_number(reading)
    return _read_text(reading, _build)


def _build(text: str) -> Value:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else parse_wildcards(text)


def _read_event_id(reading: _Reading) -> Term:
    if any("*" in text for text in reading.texts):
        reading.refuse_unanswerable("Wildcard conditions are not permitted on `id` field.")
    if not all(_EVENT_ID.fullmatch(text) for text in reading.texts):
        reading.refuse_unanswerable(
            "Filter ID must be a valid UUID hex "
            "(32-36 characters long, containing only digits, dashes, or a-f characters)"
        )
    return reading.term(*(text.replace("-", "").lower() for text in reading.texts))


_READERS: Mapping[Kind, Callable[[_Reading], Term]] = {
    Kind.TEXT: _read_wild,
    Kind.MESSAGE: _read_wild,
    Kind.EXACT: _read_exact,
    Kind.ACTOR: _read_exact,
    Kind.WORD: _read_words,
    Kind.KEYWORD: _read_is,
    Kind.NUMBER: _read_number,
    Kind.ID: _read_id,
    Kind.BOOLEAN: _read_boolean,
    Kind.DATE: _read_date,
    Kind.VERSION: _read_version,
    Kind.BUILD: _read_build,
    Kind.EVENT_ID: _read_event_id,
}
