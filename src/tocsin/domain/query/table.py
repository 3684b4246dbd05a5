"""Tables over events: which columns are asked for, what they are sorted by, and of which type they are.

A column is a value of each event, named as in a search (``title``, ``browser``, ``tags[level]``), or a figure over many
of them: ``count()``, ``count_unique(user)``, ``max(timestamp)``. With figures, the values say what the events are
grouped by.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

import msgspec

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.keys import Dialect, Key, Kind, ReleasePart, find_key, flag_key, tag_key
from tocsin.domain.query.scan import key_in

FIELDS_MAX = 20


class Function(StrEnum):
    """What a figure tells of the events that it is over."""

    COUNT = "count"
    COUNT_UNIQUE = "count_unique"
    """How many different values, the empty one left out."""
    MIN = "min"
    MAX = "max"
    ANY = "any"
    """Some value that is not empty."""
    FIRST_SEEN = "first_seen"
    LAST_SEEN = "last_seen"
    LATEST_EVENT = "latest_event"
    EPM = "epm"
    """Events a minute."""
    EPS = "eps"
    """Events a second."""


class Place(StrEnum):
    """What an event belongs to, which only state can name."""

    PROJECT = "project"
    """The slug."""
    PROJECT_ID = "project.id"
    ISSUE = "issue"
    """The short id."""
    ISSUE_ID = "issue.id"


_PLACES = {
    "project": Place.PROJECT,
    "project.name": Place.PROJECT,
    "project.id": Place.PROJECT_ID,
    "project_id": Place.PROJECT_ID,
    "issue": Place.ISSUE,
    "issue.id": Place.ISSUE_ID,
}
_FIGURE = re.compile(r"(?P<function>[a-z_]+)\((?P<argument>[^()]*)\)")
_WITH_ARGUMENT = frozenset({Function.COUNT_UNIQUE, Function.MIN, Function.MAX, Function.ANY})
MERGEABLE = frozenset(Function) - {Function.COUNT_UNIQUE, Function.LATEST_EVENT}
"""Figures over several sets of events that the figures over each set tell."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A column with a value of each event."""

    name: str
    """As it was asked for."""
    key: Key | None = None
    place: Place | None = None
    """In the place of a key."""

    @property
    def type(self) -> str:
        """What the answer says the column holds."""
        if self.place in {Place.PROJECT_ID, Place.ISSUE_ID}:
            return "integer"
        return _TYPES.get(self.key.kind, "string") if self.key else "string"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A column with a figure over the events of a row."""

    name: str
    """As it was asked for."""
    function: Function
    key: Key | None = None

    @property
    def type(self) -> str:
        """What the answer says the column holds."""
        match self.function:
            case Function.COUNT | Function.COUNT_UNIQUE:
                return "integer"
            case Function.FIRST_SEEN | Function.LAST_SEEN:
                return "date"
            case Function.EPM | Function.EPS:
                return "number"
            case _:
                return _TYPES.get(self.key.kind, "string") if self.key else "string"


Field: TypeAlias = Value | Figure

_TYPES = {Kind.DATE: "date", Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}


class Sorting(msgspec.Struct, frozen=True):
    """A column and a direction."""

    index: int
    descending: bool


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Columns and their order; no sorting means newest first, or the greatest first figure first."""

    fields: tuple[Field, ...]
    sorting: Sorting | None = None

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The columns with figures; without any each row is an event."""
        return tuple(one for one in self.fields if isinstance(one, Figure))

    @property
    def values(self) -> tuple[Value, ...]:
        """The columns with values."""
        return tuple(one for one in self.fields if isinstance(one, Value))

    @property
    def names_issues(self) -> bool:
        """Whether a row says which issue its events belong to."""
        return any(one.place in {Place.ISSUE, Place.ISSUE_ID} for one in self.values)


def read_table(names: Sequence[str], sort: str | None) -> Table:
    """Return the table with these columns. Raises InvalidQuery for what cannot be a column or its order."""
    if not names:
        raise InvalidQuery('Choose at least one column, such as "field=title".')
    if len(names) > FIELDS_MAX:
        raise InvalidQuery(f"At most {FIELDS_MAX} columns can be shown at once. Please delete some and try again.")
    table = Table(fields=tuple(map(read_field, dict.fromkeys(names))))
    apart = [one.name for one in table.figures if table.names_issues and one.function not in MERGEABLE]
    if apart:
        raise InvalidQuery(f"{', '.join(apart)} cannot be told issue by issue; leave out that or the issue.")
    return msgspec.structs.replace(table, sorting=_sorting(table, sort))


def read_figure(name: str) -> Figure:
    """Return the figure that *name* spells. Raises InvalidQuery."""
    field = read_field(name)
    if not isinstance(field, Figure):
        raise InvalidQuery(f"{name!r} is no figure. Choose one such as count().")
    return field


def read_field(name: str) -> Field:
    """Return the column that *name* spells. Raises InvalidQuery."""
    found = _FIGURE.fullmatch(name.strip())
    if found is None:
        return _value(name.strip())
    word, argument = found["function"], found["argument"].strip()
    if word not in set(Function):
        raise InvalidQuery(f"{name} is not a valid function. Choose among {', '.join(Function)}.")
    function = Function(word)
    if bool(argument) is not (function in _WITH_ARGUMENT):
        needs = "a column" if function in _WITH_ARGUMENT else "nothing"
        raise InvalidQuery(f"{name}: {function} takes {needs} between its parentheses.")
    return Figure(name=name, function=function, key=_key(argument) if argument else None)


def _value(name: str) -> Value:
    place = _PLACES.get(name)
    return Value(name=name, place=place) if place else Value(name=name, key=_key(name))


def _key(name: str) -> Key:
    """Return the key that *name* spells: one that an event alone can tell."""
    written = key_in(name)
    if written is None or written.is_aggregate:
        raise InvalidQuery(f"Invalid column: {name!r}.")
    if written.family == "tags":
        return tag_key(written.name)
    if written.family == "flags":
        return flag_key(written.name)
    key = find_key(written.name, Dialect.EVENT)
    if key.source is None or isinstance(key.source, ReleasePart):
        raise InvalidQuery(f"Invalid column: {name!r} can be searched for, but not shown.")
    return key


def _sorting(table: Table, text: str | None) -> Sorting | None:
    if not text:
        return None
    wanted = text.removeprefix("-")
    for index, field in enumerate(table.fields):
        # Clients leave out the parentheses: count for count().
        if wanted in {field.name, field.name.replace("()", ""), re.sub(r"\W+", "_", field.name).strip("_")}:
            return Sorting(index, descending=text.startswith("-"))
    if wanted == "timestamp" and not table.figures:
        return None
    raise InvalidQuery(f"Cannot sort by a column that is not shown: {wanted!r}.")
