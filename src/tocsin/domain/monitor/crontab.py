"""Crontab expressions of five fields, and when they are due next.

Names, lists, ranges, steps and ``@hourly`` and its kin are understood; ``L``, ``W``, ``#``, seconds and ``@reboot`` are
refused. Where both days are restricted, either will do, as in every cron.

Daylight saving follows Debian's cron. A job whose minute or hour begins with a star keeps to real time: it is due in
both hours of an overlap and not in a gap. Any other job is due once on each of its days: at the first of two equal
times, and when its time does not exist, as soon as the gap ends.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_DAYS_MAX = 366 * 8 + 2
"""Days within which a crontab must be due: the 29th of February may be eight years away."""
EXPRESSION_CHARS_MAX = 200

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<whole>\*)|(?P<first>[0-9]+|[a-z]{3})(?:-(?P<last>[0-9]+|[a-z]{3}))?", re.ASCII)
_STEP = re.compile(r"[0-9]{1,4}", re.ASCII)
_UNKNOWN_SIGNS = re.compile(r"[#?]|\b[0-9]*[lw]\b", re.ASCII)


class UnreadableCrontab(Exception):  # noqa: N818 - says what the expression is
    """A crontab that means nothing to us; the text says why, to whoever wrote it."""


class _Field(msgspec.Struct, frozen=True):
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    names_from: int = 0


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS, 1),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)


class Crontab(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that was read: the numbers that each field admits."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""
    is_any_day: bool
    """Whether a day need not satisfy both, the day of the month and the day of the week."""
    keeps_real_time: bool

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the first time after *moment* at which it is due by the clocks of *zone*, UTC."""
        return self._next_real(moment, zone) if self.keeps_real_time else self._next_once(moment, zone)

    def _next_once(self, moment: datetime, zone: ZoneInfo) -> datetime:
        # Begin a day early: what falls into a gap is due after its own time, and perhaps only then.
        wall = _wall(moment, zone) - _DAY
        while True:
            wall = self._next_wall(wall)
            due = _end_of_gap(wall, zone)
            if due > moment:
                return due

    def _next_real(self, moment: datetime, zone: ZoneInfo) -> datetime:
        start = moment.astimezone(UTC).replace(second=0, microsecond=0)
        while True:
            local = start.astimezone(zone)
            wait = self._next_wall(local.replace(tzinfo=None)) - local.replace(tzinfo=None)
            change = _change_within(start, start + wait, zone)
            if change is None:
                return start + wait
            # The clocks change first. Go on from the minute before, so that the minute of the change counts too.
            shown = _wall(change, zone)
            if self._is_due(shown):
                return change
            start = change

    def _next_wall(self, wall: datetime) -> datetime:
        """Return the first time after *wall* that a clock without zone shows and that is due."""
        wall = wall.replace(second=0, microsecond=0) + _MINUTE
        for _ in range(_DAYS_MAX):
            if self._is_day(wall):
                for hour in self.hours:
                    for minute in self.minutes:
                        if (hour, minute) >= (wall.hour, wall.minute):
                            return wall.replace(hour=hour, minute=minute)
            wall = wall.replace(hour=0, minute=0) + _DAY
        raise UnreadableCrontab("The crontab is never due: no month has such a day.")

    def _is_due(self, wall: datetime) -> bool:
        return wall.minute in self.minutes and wall.hour in self.hours and self._is_day(wall)

    def _is_day(self, wall: datetime) -> bool:
        if wall.month not in self.months:
            return False
        by_month, by_week = wall.day in self.month_days, wall.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.is_any_day else by_month and by_week


def read_crontab(text: str) -> Crontab:
    """Return the crontab that *text* is. Raises UnreadableCrontab."""
    expression = " ".join(text.lower().split())
    expression = _MACROS.get(expression, expression)
    _refuse_unknown(expression)
    sent = expression.split(" ")
    if len(sent) != len(_FIELDS):
        raise UnreadableCrontab(f"A crontab has five fields, not {len(sent)}; write one such as 0 3 * * 1-5.")
    minutes, hours, month_days, months, weekdays = (
        _values(part, field) for part, field in zip(sent, _FIELDS, strict=True)
    )
    crontab = Crontab(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        month_days=month_days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        is_any_day=not sent[2].startswith("*") and not sent[4].startswith("*"),
        keeps_real_time=sent[0].startswith("*") or sent[1].startswith("*"),
    )
    crontab.next_after(datetime(2025, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    return crontab


def _refuse_unknown(expression: str) -> None:
    if len(expression) > EXPRESSION_CHARS_MAX:
        raise UnreadableCrontab(f"A crontab may have {EXPRESSION_CHARS_MAX} characters; write a shorter one.")
    if expression.startswith("@"):
        raise UnreadableCrontab(f"{expression} is not known; use one of {', '.join(_MACROS)}, or five fields.")
    if _UNKNOWN_SIGNS.search(expression):
        raise UnreadableCrontab("L, W, # and ? are not understood; name the days, or use an interval of months.")


def _values(sent: str, field: _Field) -> frozenset[int]:
    return frozenset(value for part in sent.split(",") for value in _range(part, field))


def _range(part: str, field: _Field) -> range:
    span, slash, step_text = part.partition("/")
    found = _PART.fullmatch(span)
    if found is None or (slash and not _STEP.fullmatch(step_text)):
        raise UnreadableCrontab(f"The {field.name} cannot be read: {part or 'nothing'}.")
    step = int(step_text) if slash else 1
    if step == 0:
        raise UnreadableCrontab(f"The {field.name} has steps of 0; use 1 or more.")
    if found["whole"]:
        return range(field.least, field.most + 1, step)
    first = _number(found["first"], field)
    last = _number(found["last"], field) if found["last"] else (field.most if slash else first)
    if last < first:
        raise UnreadableCrontab(f"The {field.name} runs backwards: {part}; write two ranges instead.")
    return range(first, last + 1, step)


def _number(text: str, field: _Field) -> int:
    if text in field.names:
        return field.names.index(text) + field.names_from
    if not text.isdigit() or not field.least <= int(text) <= field.most:
        raise UnreadableCrontab(f"The {field.name} is from {field.least} to {field.most}, not {text[:20]}.")
    return int(text)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of *zone* show at *moment*."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the clocks of *zone* show *wall* first, UTC; the end of the gap when they skip it."""
    before = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(before, zone) == wall:
        return before
    # Seen from before the gap *wall* lies after the change, seen from after the gap it lies before it.
    after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change_within(after, before, zone) or before


def _change_within(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first minute after *start*, and not after *end*, from which on the clocks of *zone* go differently."""
    same, shift = start, start.astimezone(zone).utcoffset()
    while same < end:
        later = min(same + _DAY, end)
        if later.astimezone(zone).utcoffset() != shift:
            return _first_changed(same, later, zone)
        same = later
    return None


def _first_changed(same: datetime, changed: datetime, zone: ZoneInfo) -> datetime:
    shift = same.astimezone(zone).utcoffset()
    while changed - same > _MINUTE:
        middle = same + (changed - same) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle <= same:
            break
        if middle.astimezone(zone).utcoffset() == shift:
            same = middle
        else:
            changed = middle
    return changed
