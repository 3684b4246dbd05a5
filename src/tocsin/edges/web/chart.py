"""Small bar charts: counts over time as rectangles of an SVG."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

HEIGHT = 24
STEP = 4
"""Units from one bar to the next; each bar is one unit narrower."""


class Bar(msgspec.Struct, frozen=True):
    """One interval: where its rectangle begins, how high it is, and what it stands for."""

    x: int
    height: float
    count: int
    start: datetime


class Chart(msgspec.Struct, frozen=True):
    """Counts over time, oldest first."""

    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        """Units from the left edge to the right."""
        return max(len(self.bars) * STEP, STEP)

    @property
    def peak(self) -> int:
        """The highest count."""
        return max((bar.count for bar in self.bars), default=0)

    @property
    def total(self) -> int:
        """All counts together."""
        return sum(bar.count for bar in self.bars)


def chart(series: Sequence[tuple[int, int]]) -> Chart:
    """Return the chart of *series*: (start of the interval in epoch seconds, count). What is not zero can be seen."""
    peak = max((count for _, count in series), default=0) or 1
    return Chart(
        tuple(
            Bar(
                index * STEP,
                max(round(count / peak * HEIGHT, 1), 2) if count else 0,
                count,
                datetime.fromtimestamp(start, UTC),
            )
            for index, (start, count) in enumerate(series)
        )
    )
