"""Every search key there is: one table that the parser, the planner and the documentation read (spec/search.md 2.3).

A key that is not in the table is the tag of that name.
"""

from enum import Enum, StrEnum
from types import MappingProxyType

import msgspec

from tocsin.domain.query import words
from tocsin.domain.query.words import Vocabulary


class Dialect(StrEnum):
    """The two languages of spec/search.md 1.1."""

    ISSUE = "issue"
    """No AND, OR or groups; every key there is."""
    EVENT = "event"
    """AND, OR and groups; no ``is:``, and none of the keys that only an issue has."""


class Level(Enum):
    """On what a term is evaluated, spec/search.md 2.0."""

    SCOPE = "scope"
    """Which projects are searched at all."""
    ISSUE = "issue"
    """The issue itself."""
    EVENT = "event"
    """Single events: all terms of this level on the same event."""
    AGGREGATE = "aggregate"
    """What the matching events of an issue add up to."""


class Kind(Enum):
    """How the values of a key are written and compared."""

    TEXT = "text"
    """Text equal in letter case, or a wildcard pattern in any letter case."""
    MESSAGE = "message"
    """Text that contains the value, in any letter case."""
    EXACT = "exact"
    """Text without wildcards."""
    WORD = "word"
    """A word of the key's vocabulary."""
    KEYWORD = "keyword"
    """What follows ``is:``."""
    PRESENCE = "presence"
    """What follows ``has:``, another key."""
    ACTOR = "actor"
    """A person or a team: ``me``, ``my_teams``, ``#team-slug``, a username, an e-mail address, ``none``."""
    NUMBER = "number"
    ID = "id"
    """A number that names a row, so that less and greater mean nothing."""
    BOOLEAN = "boolean"
    DATE = "date"
    VERSION = "version"
    """A semantic version, with or without its package."""
    BUILD = "build"
    """A build: compared as a number when all digits, otherwise as text."""
    EVENT_ID = "event id"

    @property
    def operators(self) -> frozenset[str]:
        """The operators column of spec/search.md 2.3: some of ``=``, ``!``, ``[]``, ``<>`` and ``*``."""
        return _OPERATORS[self]


_OPERATORS = {
    kind: frozenset(operators.split())
    for kind, operators in {
        Kind.TEXT: "= ! [] *",
        Kind.MESSAGE: "= ! [] *",
        Kind.EXACT: "= ! []",
        Kind.WORD: "= ! []",
        Kind.KEYWORD: "= !",
        Kind.PRESENCE: "= !",
        Kind.ACTOR: "= ! []",
        Kind.NUMBER: "= ! [] <>",
        Kind.ID: "= ! []",
        Kind.BOOLEAN: "= !",
        Kind.DATE: "= <>",
        Kind.VERSION: "= ! [] <>",
        Kind.BUILD: "= ! [] <> *",
        Kind.EVENT_ID: "= ! []",
    }.items()
}


class Column(msgspec.Struct, frozen=True):
    """A field of `tocsin.domain.event.event.Event`.

    A truth is inverted, and an instant rounded down to its grain, where the key says so.
    """

    field: str
    inverted: bool = False
    grain_seconds: int = 0


class Tag(msgspec.Struct, frozen=True):
    """A tag of the event."""

    name: str


class Payload(msgspec.Struct, frozen=True):
    """A value inside the normalised event: member names, ``"*"`` for every element of a list.

    Headers and the like, kept as lists of pairs, have the first of each pair for a member name. With *where*, only
    objects whose member of that name is true give their value.
    """

    path: tuple[str, ...]
    where: str = ""


class Flag(msgspec.Struct, frozen=True):
    """The outcome of a feature flag, as the ``flags`` context of the event tells it."""

    name: str


class FirstOf(msgspec.Struct, frozen=True):
    """The first of several places that has a value."""

    places: tuple[Payload, ...]


class ReleasePart(StrEnum):
    """A part of the name in the event's ``release``, see `tocsin.domain.release.version`."""

    NAME = "name"
    PACKAGE = "package"
    BUILD = "build"


Source = Column | Tag | Payload | Flag | FirstOf | ReleasePart


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One search key: what it is called, how its values read, and where on an event they come from."""

    name: str
    """The canonical name, as error texts give it."""
    kind: Kind = Kind.TEXT
    level: Level = Level.EVENT
    source: Source | None = None
    """None where an event alone cannot tell: such terms are resolved or answered from state."""
    aliases: tuple[str, ...] = ()
    vocabulary: Vocabulary | None = None

    def __str__(self) -> str:
        """Return the key as a query spells it."""
        if isinstance(self.source, Flag):
            return f"flags[{self.source.name}{_TYPE_SUFFIXES[self.kind]}]"
        if not self.is_tag or (self.kind is Kind.TEXT and self.name not in KEYS and ":" not in self.name):
            return self.name
        if self.kind is Kind.TEXT and self.name not in KEYS:
            return f'"{self.name}"'
        return f"tags[{self.name}{_TYPE_SUFFIXES[self.kind]}]"

    @property
    def is_tag(self) -> bool:
        """Whether this is a tag by its own name rather than a built-in key."""
        return self.source == Tag(self.name) and KEYS.get(self.name) != self


_TYPE_SUFFIXES = {Kind.TEXT: "", Kind.NUMBER: ",number", Kind.BOOLEAN: ",boolean"}


def tag_key(name: str, kind: Kind = Kind.TEXT) -> Key:
    """Return the key that reads the tag *name*, whatever else may be called that."""
    return Key(name=name, kind=kind, source=Tag(name))


def flag_key(name: str, kind: Kind = Kind.TEXT) -> Key:
    """Return the key that reads the feature flag *name*."""
    return Key(name=f"flags[{name}]", kind=kind, source=Flag(name))


def _issue(name: str, kind: Kind, *aliases: str, vocabulary: Vocabulary | None = None) -> Key:
    return Key(name=name, kind=kind, level=Level.ISSUE, aliases=aliases, vocabulary=vocabulary)


def _frame(member: str, kind: Kind) -> Key:
    path = ("exception", "values", "*", "stacktrace", "frames", "*", member)
    return Key(name=f"stack.{member}", kind=kind, source=Payload(path))


def _context(name: str, member: str, kind: Kind = Kind.TEXT) -> Key:
    return Key(name=f"{name}.{member}", kind=kind, source=Payload(("contexts", name, member)))


def _date(name: str, *aliases: str, field: str = "timestamp", grain_seconds: int = 0) -> Key:
    return Key(name=name, kind=Kind.DATE, source=Column(field, grain_seconds=grain_seconds), aliases=aliases)


_USER = {"email": "email", "username": "username", "id": "id", "ip": "ip_address"}
"""Members of the event's user, in the order in which ``user.display`` takes the first."""

_DEVICE_MEMBERS = (
    *("arch", "battery_level", "brand", "charging", "locale", "model_id", "name", "online", "orientation"),
    *("screen_density", "screen_dpi", "screen_height_pixels", "screen_width_pixels", "simulator", "uuid"),
)

ALL_KEYS: tuple[Key, ...] = (
    Key(name="is", kind=Kind.KEYWORD, level=Level.ISSUE, vocabulary=words.KEYWORDS),
    Key(name="has", kind=Kind.PRESENCE),
    Key(name="project", level=Level.SCOPE, aliases=("project.name",)),
    Key(name="project.id", kind=Kind.ID, level=Level.SCOPE, source=Column("project_id"), aliases=("project_id",)),
    _issue("status", Kind.WORD, vocabulary=words.STATUSES),
    _issue("substatus", Kind.WORD, vocabulary=words.SUBSTATUSES),
    _issue("assigned_to", Kind.ACTOR, "assigned"),
    _issue("assigned_or_suggested", Kind.ACTOR),
    _issue("bookmarked_by", Kind.ACTOR, "bookmarks"),
    _issue("subscribed_by", Kind.ACTOR, "subscribed"),
    _issue("first_seen", Kind.DATE, "firstSeen", "age"),
    _issue("first_release", Kind.EXACT, "firstRelease", "first-release"),
    _issue("regressed_in_release", Kind.EXACT),
    _issue("issue", Kind.EXACT),
    _issue("issue.id", Kind.ID),
    _issue("issue.category", Kind.WORD, vocabulary=words.CATEGORIES),
    _issue("issue.type", Kind.WORD, vocabulary=words.TYPES),
    _issue("issue.priority", Kind.WORD, vocabulary=words.PRIORITIES),
    Key(name="last_seen", kind=Kind.DATE, level=Level.AGGREGATE, aliases=("lastSeen",)),
    Key(name="times_seen", kind=Kind.NUMBER, level=Level.AGGREGATE, aliases=("timesSeen",)),
    Key(name="message", kind=Kind.MESSAGE, source=Column("message")),
    Key(name="title", source=Column("title")),
    Key(name="culprit", source=Column("culprit")),
    Key(name="location", source=Column("location")),
    Key(name="transaction", source=Column("transaction")),
    Key(name="level", source=Column("level")),
    Key(name="platform", source=Column("platform"), aliases=("platform.name",)),
    Key(name="event.type", kind=Kind.EXACT, source=Column("type")),
    Key(name="id", kind=Kind.EVENT_ID, source=Column("event_id")),
    Key(name="environment", source=Column("environment")),
    Key(name="dist", source=Column("dist")),
    Key(name="release", source=Column("release")),
    Key(name="release.version", kind=Kind.VERSION, source=ReleasePart.NAME),
    Key(name="release.package", kind=Kind.EXACT, source=ReleasePart.PACKAGE),
    Key(name="release.build", kind=Kind.BUILD, source=ReleasePart.BUILD),
    Key(name="release.stage", kind=Kind.WORD, vocabulary=words.RELEASE_STAGES),
    _date("date", "event.timestamp"),
    _date("timestamp"),
    _date("timestamp.to_hour", grain_seconds=3600),
    _date("timestamp.to_day", grain_seconds=86_400),
    _date("time"),
    _date("start"),
    _date("end"),
    _date("error.received", field="received"),
    Key(name="error.type", source=Column("error_types")),
    Key(name="error.value", source=Column("error_values")),
    Key(name="error.mechanism", source=Column("error_mechanisms")),
    Key(name="error.handled", kind=Kind.BOOLEAN, source=Column("handled")),
    Key(name="error.unhandled", kind=Kind.BOOLEAN, source=Column("handled", inverted=True)),
    Key(
        name="error.main_thread",
        kind=Kind.BOOLEAN,
        source=Payload(("threads", "values", "*", "main"), where="crashed"),
    ),
    Key(name="stack.filename", source=Column("stack_filenames")),
    Key(name="stack.abs_path", source=Column("stack_abs_paths")),
    Key(name="stack.function", source=Column("stack_functions")),
    Key(name="stack.module", source=Column("stack_modules")),
    _frame("package", Kind.TEXT),
    _frame("in_app", Kind.BOOLEAN),
    _frame("lineno", Kind.NUMBER),
    _frame("colno", Kind.NUMBER),
    _frame("stack_level", Kind.NUMBER),
    Key(name="http.method", source=Payload(("request", "method"))),
    Key(name="http.url", source=Payload(("request", "url"))),
    Key(name="http.referer", source=Payload(("request", "headers", "Referer"))),
    Key(name="http.status_code", source=Payload(("contexts", "response", "status_code"))),
    Key(name="user", source=Column("user")),
    *(Key(name=f"user.{name}", source=Payload(("user", member))) for name, member in _USER.items()),
    Key(name="user.display", source=FirstOf(tuple(Payload(("user", member)) for member in _USER.values()))),
    *(
        Key(name=f"geo.{member}", source=Payload(("user", "geo", member)))
        for member in ("country_code", "region", "city")
    ),
    *(_context("device", member) for member in _DEVICE_MEMBERS),
    Key(name="device.class", kind=Kind.WORD, source=Tag("device.class"), vocabulary=words.DEVICE_CLASSES),
    _context("os", "build"),
    _context("os", "kernel_version"),
    Key(name="sdk.name", source=Column("sdk_name")),
    Key(name="sdk.version", source=Column("sdk_version")),
    Key(name="trace", kind=Kind.EXACT, source=Payload(("contexts", "trace", "trace_id"))),
    Key(name="trace.span", kind=Kind.EXACT, source=Payload(("contexts", "trace", "span_id"))),
    Key(name="trace.parent_span", kind=Kind.EXACT, source=Payload(("contexts", "trace", "parent_span_id"))),
)

KEYS = MappingProxyType({name: key for key in ALL_KEYS for name in (key.name, *key.aliases)})
"""Built-in keys by every name they go by; all other keys are tags."""

IS, HAS, MESSAGE, STATUS, SUBSTATUS = (KEYS[name] for name in ("is", "has", "message", "status", "substatus"))
ASSIGNED_TO = KEYS["assigned_to"]


def find_key(name: str, dialect: Dialect) -> Key:
    """Return what the key *name* means in *dialect*; the keys of issues are ordinary tags in event search (1.1)."""
    key = KEYS.get(name)
    if key is None or (dialect is Dialect.EVENT and key.level in {Level.ISSUE, Level.AGGREGATE} and key is not IS):
        return tag_key(name)
    return key
