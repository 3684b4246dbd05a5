"""Stacked bar charts: what several series count in each interval, one above the other."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

HEIGHT = 120
STEP = 10
"""Units from one bar to the next."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What one series adds to one bar."""

    series: str
    y: float
    height: float


class Stacked(msgspec.Struct, frozen=True, kw_only=True):
    """One interval: its counts, and the rectangles that show those that are not zero, from the ground up."""

    x: int
    start: datetime
    counts: Mapping[str, int]
    pieces: tuple[Piece, ...]

    @property
    def total(self) -> int:
        """All counts of the interval together."""
        return sum(self.counts.values())


class StackedChart(msgspec.Struct, frozen=True):
    """Counts over time, oldest first."""

    bars: tuple[Stacked, ...]

    @property
    def width(self) -> int:
        """Units from the left edge to the right."""
        return max(len(self.bars), 1) * STEP

    @property
    def peak(self) -> int:
        """The highest bar's count."""
        return max((bar.total for bar in self.bars), default=0)


def stacked_chart(starts: Sequence[int], series: Mapping[str, Sequence[int]]) -> StackedChart:
    """Return the chart of *series*, the first of them at the ground; *starts* are in epoch seconds."""
    peak = max((sum(counts) for counts in zip(*series.values(), strict=True)), default=0) or 1
    return StackedChart(tuple(_bar(index, start, series, peak) for index, start in enumerate(starts)))


def _bar(index: int, start: int, series: Mapping[str, Sequence[int]], peak: int) -> Stacked:
    counts = {name: values[index] for name, values in series.items()}
    pieces, below = [], 0
    for name, count in counts.items():
        if count:
            top = round(HEIGHT * (1 - (below + count) / peak), 2)
            pieces.append(Piece(series=name, y=top, height=round(HEIGHT * count / peak, 2)))
            below += count
    return Stacked(x=index * STEP, start=datetime.fromtimestamp(start, UTC), counts=counts, pieces=tuple(pieces))
