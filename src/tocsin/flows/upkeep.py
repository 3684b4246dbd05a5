"""Keeping history quick to ask: weeks that are over become one part, frequent tags get a column of their own."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

import msgspec
import structlog

from tocsin.domain.upkeep.tag_columns import tag_columns_to_add
from tocsin.domain.upkeep.weeks import is_to_be_merged
from tocsin.storage.history import upkeep
from tocsin.storage.history.store import History

TAGS_LOOKED_AT = timedelta(hours=1)
"""How often it is asked which tags are frequent."""

_log = structlog.get_logger("tocsin.upkeep")


class UpkeepDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    tag_columns: tuple[str, ...] = ()
    """Keys of the tags that got a column."""
    weeks_merged: tuple[str, ...] = ()
    """Weeks, as the engine calls them, that are one part now."""
    weeks_written: tuple[str, ...] = ()
    """Weeks that have all their columns on disk now."""
    is_complete: bool = True
    """Whether nothing is left: a deletion or the end of the program cuts a run short, and the engine may lack space."""

    def lines(self) -> Iterator[str]:
        """Yield what to tell a person."""
        if self.tag_columns:
            yield f"Tags that have a column of their own now: {', '.join(self.tag_columns)}."
        if self.weeks_merged:
            yield f"Weeks merged: {', '.join(self.weeks_merged)}."
        if self.weeks_written:
            yield f"Weeks whose columns were written: {', '.join(self.weeks_written)}."
        yield "History is in order." if self.is_complete else "Not all could be done now; the next run goes on."


class Upkeep:
    """Looks after history. Runs in one thread, which may take minutes."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._tags_due: datetime | None = None

    def run(self, now: datetime) -> UpkeepDone:
        """Do all that is due, oldest weeks first; what is cut short is for the next run."""
        history = self._history
        added = self._add_tag_columns(now)
        due = self._due(now)
        for week in due:
            if not upkeep.merge_week(history, week):
                break
        left = self._due(now)
        unwritten = upkeep.unwritten_columns(history)
        written = tuple(takewhile(lambda week: upkeep.write_columns(history, week, unwritten[week]), unwritten))
        history.look_at_tag_columns()
        done = UpkeepDone(
            tag_columns=added,
            weeks_merged=tuple(week for week in due if week not in left),
            weeks_written=written,
            is_complete=not left and len(written) == len(unwritten),
        )
        _tell(done)
        return done

    def _due(self, now: datetime) -> list[str]:
        return [week.name for week in upkeep.weeks(self._history) if is_to_be_merged(week, now)]

    def _add_tag_columns(self, now: datetime) -> tuple[str, ...]:
        if self._tags_due is not None and now < self._tags_due:
            return ()
        self._tags_due = now + TAGS_LOOKED_AT
        sample = upkeep.sample_tags(self._history, upkeep.weeks(self._history))
        present = upkeep.tag_column_keys(self._history)
        columns = tag_columns_to_add(sample.events, sample.tags, present)
        upkeep.add_tag_columns(self._history, columns)
        return tuple(column.key for column in columns)


def _tell(done: UpkeepDone) -> None:
    if done.tag_columns or done.weeks_merged or done.weeks_written:
        _log.info("history put in order", **msgspec.to_builtins(done))
