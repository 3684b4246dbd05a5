"""Conditions on events: fragments of SQL in which every value is bound, composed with ``&``, ``|`` and ``~``."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import reduce
from hashlib import blake2b
from operator import and_, or_
from typing import Any, Self

import msgspec

from tocsin.storage.history.instant import micros


class Clause(msgspec.Struct, frozen=True):
    """A fragment of SQL and the values bound in it."""

    sql: str
    parameters: Mapping[str, Any] = {}

    def __and__(self, other: Self) -> "Clause":
        return Clause(f"({self.sql} AND {other.sql})", {**self.parameters, **other.parameters})

    def __or__(self, other: Self) -> "Clause":
        return Clause(f"({self.sql} OR {other.sql})", {**self.parameters, **other.parameters})

    def __invert__(self) -> "Clause":
        return Clause(f"(NOT {self.sql})", self.parameters)


ALWAYS = Clause("true")
NEVER = Clause("false")


class Text(StrEnum):
    """A column of one text; an event without it has ``""`` there."""

    TYPE = "type"
    LEVEL = "level"
    PLATFORM = "platform"
    LOGGER = "logger"
    TITLE = "title"
    CULPRIT = "culprit"
    LOCATION = "location"
    TRANSACTION = "transaction"
    RELEASE = "release"
    DIST = "dist"
    ENVIRONMENT = "environment"
    USER = "user"
    SDK_NAME = "sdk_name"
    SDK_VERSION = "sdk_version"


class Texts(StrEnum):
    """A column of several texts: one for each exception, or for each frame."""

    ERROR_TYPES = "error_types"
    ERROR_VALUES = "error_values"
    ERROR_MECHANISMS = "error_mechanisms"
    STACK_FILENAMES = "stack_filenames"
    STACK_ABS_PATHS = "stack_abs_paths"
    STACK_FUNCTIONS = "stack_functions"
    STACK_MODULES = "stack_modules"


def bound(clickhouse_type: str, value: object) -> Clause:
    """Return *value* as a bound parameter, named after what it holds, so that names never clash."""
    digest = blake2b(f"{clickhouse_type}\0{value!r}".encode(errors="surrogatepass"), digest_size=9).hexdigest()
    return Clause(f"{{v{digest}:{clickhouse_type}}}", {f"v{digest}": value})


def text(value: str) -> Clause:
    """Return a bound text."""
    return bound("String", value)


def texts(values: Iterable[str]) -> Clause:
    """Return a bound list of texts."""
    return bound("Array(String)", list(values))


def instant(moment: datetime) -> Clause:
    """Return a bound instant, which carries its zone."""
    value = bound("Int64", micros(moment))
    return Clause(f"fromUnixTimestamp64Micro({value.sql}, 'UTC')", value.parameters)


def every(clauses: Iterable[Clause]) -> Clause:
    """Return the condition that all of *clauses* hold, on the same event."""
    return reduce(and_, clauses, ALWAYS)


def some(clauses: Iterable[Clause]) -> Clause:
    """Return the condition that at least one of *clauses* holds."""
    return reduce(or_, clauses, NEVER)


def column(field: Text) -> Clause:
    """Return the text that an event has in *field*."""
    return Clause(f"`{field}`")


def tag(key: str) -> Clause:
    """Return the value of a tag; a missing tag counts as the empty text (spec/search.md 2.0, 6).

    `History.rows` puts in where the value is read.
    """
    name = text(key)
    return Clause(f"tag({name.sql})", name.parameters)


def distinct_users(condition: Clause = ALWAYS) -> Clause:
    """Return the aggregate that counts the users of the events that meet *condition*.

    Users are told apart by 64 bits of a hash, which takes half the time: a million of them are counted as one too few
    once in 37 million times.
    """
    sql = "uniqExactIf(cityHash64(user), user != '')"
    return Clause(sql if condition == ALWAYS else f"{sql[:-1]} AND {condition.sql})", condition.parameters)


def is_one_of(operand: Clause, values: Sequence[str]) -> Clause:
    """Return the condition that *operand* equals one of *values*, case and all."""
    return _joined(operand, "IN", texts(values))


def is_like(operand: Clause, pattern: str) -> Clause:
    """Return the condition that *operand* matches *pattern*: ``*`` is any text, case does not count."""
    return _joined(operand, "ILIKE", text(like_pattern(pattern)))


def message_contains(needle: str) -> Clause:
    """Return the condition that the search text contains *needle*; ``*`` stands for any text, case does not count."""
    return is_like(Clause("message"), f"*{needle}*")


def has_tag(key: str) -> Clause:
    """Return the condition that an event has the tag *key*."""
    return _joined(tag(key), "!=", Clause("''"))


def is_unhandled() -> Clause:
    """Return the condition that some exception of the event was not handled."""
    return Clause("NOT handled")


def in_environments(names: Sequence[str]) -> Clause:
    """Return the condition that an event comes from one of *names*; none given means any environment."""
    return is_one_of(column(Text.ENVIRONMENT), names) if names else ALWAYS


def is_event(event_id: str) -> Clause:
    """Return the condition that an event has *event_id*, 32 hex digits."""
    wanted = text(event_id)
    return Clause(f"event_id = toFixedString(unhex({wanted.sql}), 16)", wanted.parameters)


def is_any_of_events(event_ids: Sequence[str]) -> Clause:
    """Return the condition that an event has one of *event_ids*, each of 32 hex digits."""
    return is_among("event_id", event_ids)


def is_among(name: str, digests: Iterable[str]) -> Clause:
    """Return the condition that an id or a hash, the column *name*, is one of *digests*, each of 32 hex digits.

    They are selected, not computed as a list: only of a list of constants or of a query does the engine know before it
    reads, and only then does it use an index.
    """
    wanted = texts(digests)
    return Clause(f"({name} IN (SELECT toFixedString(unhex(arrayJoin({wanted.sql})), 16)))", wanted.parameters)


def at_one_of(moments: Iterable[datetime]) -> Clause:
    """Return the condition that an event has one of these times; selected as in ``is_among``."""
    wanted = bound("Array(Int64)", sorted({micros(moment) for moment in moments}))
    return Clause(
        f"(timestamp IN (SELECT fromUnixTimestamp64Micro(arrayJoin({wanted.sql}), 'UTC')))", wanted.parameters
    )


def digested_before(moment: datetime) -> Clause:
    """Return the condition that an event was digested before *moment*."""
    bound_moment = instant(moment)
    return Clause(f"(digested_at < {bound_moment.sql})", bound_moment.parameters)


def in_projects(project_ids: Sequence[int]) -> Clause:
    """Return the condition that an event belongs to one of *project_ids*."""
    return _joined(Clause("project_id"), "IN", bound("Array(UInt64)", list(project_ids)))


def like_pattern(pattern: str) -> str:
    r"""Return *pattern*, in which ``*`` stands for any text, as the operand of LIKE: ``50%*`` becomes ``50\%%``."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%")


def _joined(left: Clause, operator: str, right: Clause) -> Clause:
    return Clause(f"({left.sql} {operator} {right.sql})", {**left.parameters, **right.parameters})
