"""What history counted, by the issues that it belongs to: the join of both stores."""

from collections.abc import Mapping
from itertools import repeat
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from tocsin.storage.history.ranking import Figures, Measure, Tallies
from tocsin.storage.history.scope import IssueScope, group_numbers
from tocsin.storage.state.owned_hashes import Integers, OwnedHashes


class Matches(msgspec.Struct, frozen=True, kw_only=True):
    """Issues with matching events, by id, and what these come to. There may be a million, so all is in columns."""

    issue_ids: Integers
    first_seen: Integers
    """When each issue was first seen ever, in microseconds since 1970, where that was asked for."""
    figures: Mapping[Measure, Figures]
    owned: OwnedHashes
    rows: Integers
    """The rows of *owned* whose events match, issue by issue."""
    starts: Integers
    """Where the rows of each issue begin."""

    def __len__(self) -> int:
        """Return how many issues there are."""
        return len(self.issue_ids)

    @classmethod
    def of(cls, found: Tallies, owned: OwnedHashes) -> Self:
        """Return the figures of *found* by issue; those of hashes that are not among *owned* drop out."""
        row_of = dict(zip(group_numbers(owned.project_ids, owned.hashes), range(len(owned.hashes)), strict=True))
        rows = np.fromiter(map(row_of.get, found.numbers, repeat(-1)), np.int64, len(found.numbers))
        known = np.flatnonzero(rows >= 0)
        known = known[np.argsort(owned.issue_ids[rows[known]], kind="stable")]
        rows = rows[known]
        issue_ids, starts = np.unique(owned.issue_ids[rows], return_index=True)
        return cls(
            issue_ids=issue_ids,
            first_seen=owned.first_seen[rows[starts]],
            figures={
                measure: measure.joining.reduceat(figures[known], starts) for measure, figures in found.figures.items()
            },
            owned=owned,
            rows=rows,
            starts=starts,
        )

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """Return the issues that are *kept*, told one by one."""
        sizes = self._sizes()
        return msgspec.structs.replace(
            self,
            issue_ids=self.issue_ids[kept],
            first_seen=self.first_seen[kept],
            figures={measure: figures[kept] for measure, figures in self.figures.items()},
            rows=self.rows[np.repeat(kept, sizes)],
            starts=np.concatenate(([0], np.cumsum(sizes[kept])[:-1])) if kept.any() else self.starts[:0],
        )

    def joined(self, found: Tallies, measure: Measure) -> Figures:
        """Return a figure of each issue, made of those that *found* has of its hashes; a hash missing there has 0."""
        figure_of = dict(zip(found.numbers, found.figures[measure].tolist(), strict=True))
        numbers = group_numbers(self.owned.project_ids[self.rows], [self.owned.hashes[row] for row in self.rows])
        return measure.joining.reduceat([figure_of.get(number, 0.0) for number in numbers], self.starts)

    def have_several_hashes(self) -> NDArray[np.bool_]:
        """Return which of the issues have matching events of more than one hash."""
        return self._sizes() > 1

    def scopes(self) -> list[IssueScope]:
        """Return the events of the hashes that match, issue by issue."""
        return [self._scope(rows) for rows in np.split(self.rows, self.starts[1:])] if len(self) else []

    def together(self) -> list[IssueScope]:
        """Return the same, project by project."""
        homes = self.owned.project_ids[self.rows]
        return [self._scope(self.rows[homes == project_id]) for project_id in np.unique(homes)]

    def _scope(self, rows: Integers) -> IssueScope:
        return IssueScope(int(self.owned.project_ids[rows[0]]), tuple(map(self.owned.hash_of, rows.tolist())))

    def _sizes(self) -> Integers:
        return np.diff(self.starts, append=len(self.rows))
