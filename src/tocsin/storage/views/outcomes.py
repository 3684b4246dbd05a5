"""What became of what was sent, for screens: counts over time, told apart by what they are of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from tocsin.domain.query.window import EPOCH, Grid
from tocsin.storage.state import outcomes
from tocsin.storage.state.outcomes import Asked, Dimension
from tocsin.storage.views.stores import Views

__all__ = ["Asked", "Counts", "Dimension", "over_time"]

Counts: TypeAlias = Mapping[tuple[int | str, ...], Sequence[int]]
"""A quantity for each interval, by the values that tell the counts apart."""


def over_time(views: Views, asked: Asked, by: Sequence[Dimension], grid: Grid) -> Counts:
    """Return the counts of each interval of *grid*, whose steps are full hours; what was never counted is missing."""
    if not asked.project_ids:
        return {}
    with views.state.read() as connection:
        found = outcomes.hourly(connection, asked, by)
    counts: dict[tuple[int | str, ...], list[int]] = defaultdict(lambda: [0] * grid.points)
    for values, hour, quantity in found:
        index = ((hour - EPOCH) // timedelta(seconds=1) - grid.origin) // grid.step_seconds
        if 0 <= index < grid.points:
            counts[values][index] += quantity
    return counts
