"""One question of grouping quality: two events, and whether who triages them wants them in one issue."""

from typing import Any, NamedTuple

Event = dict[str, Any]


class Pair(NamedTuple):
    category: str
    what: str
    """What is the difference between the two."""
    is_same: bool
    """What a person would say, whether or not an algorithm could know."""
    one: Event
    other: Event


def same(category: str, what: str, one: Event, other: Event) -> Pair:
    return Pair(category, what, True, one, other)


def differ(category: str, what: str, one: Event, other: Event) -> Pair:
    return Pair(category, what, False, one, other)
