"""What other grouping rules would make of events that are stored: which issues split, which merge, which stay.

Stored events are normalised and scrubbed; the rules see them as they see new ones at that point.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from tocsin.domain.event.event import EventId, GroupingHash
from tocsin.domain.grouping.apply import apply_rules
from tocsin.domain.grouping.group import group_evidence
from tocsin.domain.grouping.model import Grouping
from tocsin.domain.grouping.project import ProjectGrouping

LISTED_MAX = 50
"""Splits and merges that are told in full; all are counted."""
PIECES_MAX = 10
SAMPLES_MAX = 3

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")

_decode = msgspec.json.Decoder(dict).decode


class Regrouped(msgspec.Struct, frozen=True):
    """The hashes of one event under the rules there are and under those to try."""

    before: tuple[GroupingHash, ...]
    after: tuple[GroupingHash, ...]
    title: str | None = None
    """The title that a rule to try gives it."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """An event, the issue it is in, and its hashes."""

    event_id: EventId
    issue_id: int
    title: str
    hashes: Regrouped


class Piece(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Events that would be one issue."""

    events: int
    title: str
    """Of the newest of them."""
    samples: tuple[EventId, ...]


class Split(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An issue whose events would be of several."""

    issue_id: str
    title: str
    events: int
    into: int
    pieces: tuple[Piece, ...]
    """The largest first."""


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one issue would bring into another."""

    issue_id: str
    title: str
    events: int


class Merge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Issues of which events would be of one."""

    count: int
    issues: tuple[Part, ...]
    into: Piece


class Verdict(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the rules to try would change for the events that were looked at."""

    events: int
    wanted: int
    """How many of the newest events were to be looked at, if there were as many and time for them."""
    out_of_time: bool
    issues: int
    """How many issues those events are in."""
    stay: int
    """How many of them neither split nor merge."""
    split: int
    merge: int
    """How many issues would come of several."""
    splits: tuple[Split, ...]
    merges: tuple[Merge, ...]

    def lines(self) -> list[str]:
        """Return the verdict as lines for people."""
        time = "; there was no time for more" if self.out_of_time else ""
        return [
            f"Looked at {self.events} of the newest {self.wanted} events{time}: {self.issues} issues.",
            f"{self.stay} would stay, {self.split} would split, {self.merge} would come of several.",
            *(line for one in self.splits for line in _split_lines(one)),
            *(line for one in self.merges for line in _merge_lines(one)),
        ]


def regrouped(payload: bytes, before: ProjectGrouping, after: ProjectGrouping) -> Regrouped:
    """Return what both make of a stored event."""
    now, then = _grouping(payload, before), _grouping(payload, after)
    return Regrouped(now.hashes, then.hashes, then.title)


def _grouping(payload: bytes, wanted: ProjectGrouping) -> Grouping:
    rules = wanted.rules
    return group_evidence(apply_rules(_decode(payload), rules), rules, config=wanted.config)


def verdict(events: Sequence[Replayed], *, wanted: int, out_of_time: bool = False) -> Verdict:
    """Return what would change, *events* being in the order in which they were digested.

    Both sets of rules are played through from an empty project. Hashes that would find the same events as before stay
    where they are, so that issues merged by hand do not count as split.
    """
    places = _places(events)
    by_issue = _grouped((event.issue_id, place) for event, place in zip(events, places, strict=True))
    by_place = _grouped(zip(places, events, strict=True))
    splits = {issue: set(own) for issue, own in by_issue.items() if len(set(own)) > 1}
    merges = {place: own for place, own in by_place.items() if len({event.issue_id for event in own}) > 1}
    moved = splits.keys() | {event.issue_id for own in merges.values() for event in own}
    of_issue = _grouped((event.issue_id, event) for event in events)
    return Verdict(
        events=len(events),
        wanted=wanted,
        out_of_time=out_of_time,
        issues=len(by_issue),
        stay=len(by_issue) - len(moved),
        split=len(splits),
        merge=len(merges),
        splits=tuple(
            _split(of_issue[issue], Counter(by_issue[issue]), by_place) for issue in _largest(splits, of_issue)
        ),
        merges=tuple(_merge(merges[place], of_issue) for place in _largest(merges, merges)),
    )


def assigned(hashes: Iterable[Sequence[GroupingHash]]) -> list[int]:
    """Return the number of the issue of each event in an empty project: the first hash with an owner decides (6.1)."""
    owners: dict[GroupingHash, int] = {}
    numbers: list[int] = []
    for own in hashes:
        number = next((owners[each] for each in own if each in owners), len(numbers))
        for each in own:
            owners.setdefault(each, number)
        numbers.append(number)
    return numbers


_Place = tuple[str, int]


def _places(events: Sequence[Replayed]) -> list[_Place]:
    """Return where each event would be: in the issue it is in, or in a new one."""
    before = assigned(event.hashes.before for event in events)
    after = assigned(event.hashes.after for event in events)
    # An issue of the old rules is intact if exactly its events are one of the new rules.
    then = _grouped(zip(before, after, strict=True))
    sizes = Counter(after)
    intact = {old for old, new in then.items() if len(set(new)) == 1 and sizes[new[0]] == len(new)}
    return [
        ("issue", event.issue_id) if old in intact else ("new", new)
        for event, old, new in zip(events, before, after, strict=True)
    ]


def _grouped(pairs: Iterable[tuple[_K, _V]]) -> dict[_K, list[_V]]:
    found: dict[_K, list[_V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _largest(chosen: Iterable[_K], events: Mapping[_K, Sequence[Replayed]]) -> list[_K]:
    return sorted(chosen, key=lambda key: len(events[key]), reverse=True)[:LISTED_MAX]


def _split(own: Sequence[Replayed], places: Counter[_Place], by_place: Mapping[_Place, Sequence[Replayed]]) -> Split:
    issue_id = own[0].issue_id
    pieces = [
        _piece([event for event in by_place[place] if event.issue_id == issue_id])
        for place, _ in places.most_common(PIECES_MAX)
    ]
    return Split(issue_id=str(issue_id), title=own[-1].title, events=len(own), into=len(places), pieces=tuple(pieces))


def _merge(events: Sequence[Replayed], of_issue: Mapping[int, Sequence[Replayed]]) -> Merge:
    counts = Counter(event.issue_id for event in events)
    parts = [
        Part(issue_id=str(issue_id), title=of_issue[issue_id][-1].title, events=count)
        for issue_id, count in counts.most_common(PIECES_MAX)
    ]
    return Merge(count=len(counts), issues=tuple(parts), into=_piece(events))


def _piece(events: Sequence[Replayed]) -> Piece:
    newest = events[-1]
    return Piece(
        events=len(events),
        title=newest.hashes.title or newest.title,
        samples=tuple(event.event_id for event in reversed(events[-SAMPLES_MAX:])),
    )


def _split_lines(one: Split) -> list[str]:
    pieces = [f"    {piece.events} events: {piece.title} (such as {piece.samples[0]})" for piece in one.pieces]
    return [f"Issue {one.issue_id}, {one.title}, would split into {one.into}:", *pieces]


def _merge_lines(one: Merge) -> list[str]:
    parts = [f"    {part.events} events of issue {part.issue_id}: {part.title}" for part in one.issues]
    return [f"{one.count} issues would give events to {one.into.title}:", *parts]
