"""Which weeks of history are merged into one part: a question looks into every part, however small."""

from datetime import datetime, timedelta

import msgspec

WEEK = timedelta(weeks=1)
SETTLING = timedelta(hours=1)
"""How long after its end a week gets the events that were on their way."""
REST = timedelta(hours=24)
"""How long a part that is most of its week is left alone: merging rewrites it for whatever little came late."""

_FURTHER_PARTS_MIN = 8
_FURTHER_PERCENT_MIN = 1


class Part(msgspec.Struct, frozen=True):
    """Some rows of a week that lie together on disk, since *made_at*."""

    rows: int
    made_at: datetime


class Week(msgspec.Struct, frozen=True):
    """The events of a week."""

    name: str
    """What the engine calls it."""
    start: datetime
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """Its events, with those that were deleted and are still on disk."""
        return sum(part.rows for part in self.parts)


def is_to_be_merged(week: Week, now: datetime) -> bool:
    """Say whether a week is to be made one part: once when it is over, then at most once a day, if much came late."""
    over = week.start + WEEK + SETTLING
    if len(week.parts) < 2 or now <= over:
        return False
    biggest = max(week.parts, key=lambda part: part.rows)
    if biggest.made_at <= over or biggest.rows * 2 <= week.rows:
        return True
    late = week.rows - biggest.rows
    is_much = len(week.parts) > _FURTHER_PARTS_MIN or late * 100 >= week.rows * _FURTHER_PERCENT_MIN
    return is_much and now - biggest.made_at > REST
