"""What became of each item of a batch, so that outcomes add up to what was sent (spec/ingest.md 6.9)."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import msgspec

from tocsin.domain.event.event import Event, EventId
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.outcome import Outcome, OutcomeKey, Verdict, attachment_outcomes, event_category
from tocsin.domain.pipeline import Attachment, Digested
from tocsin.storage.state.applied import EventKey

DISCARDED = "discarded-hash"
DUPLICATE = "duplicate"


class Fates(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of a batch were stored, and which came to nothing for being of a discarded issue."""

    taken: Collection[EventKey]
    discarded: Collection[EventKey]


def reckoned(digested: Sequence[Digested], fates: Fates) -> Counter[OutcomeKey]:
    """Return how much of what became what. Items of projects that are gone are nobody's."""
    counts: Counter[OutcomeKey] = Counter()
    first = set(fates.taken)
    for one in digested:
        for outcome in _outcomes(one, fates, first):
            counts[one.source.key(outcome)] += outcome.quantity
    return counts


def event_key(event: Event) -> EventKey:
    """Return what makes an event the same as another."""
    return ProjectId(event.project_id), event.event_id


def file_key(file: Attachment) -> EventKey:
    """Return the event that a file belongs to."""
    return ProjectId(file.project_id), EventId(file.event_id)


def _outcomes(digested: Digested, fates: Fates, first: set[EventKey]) -> Iterator[Outcome]:
    yield from digested.outcomes
    for event in digested.events:
        yield _of_event(event, fates, first)
    for file in digested.attachments:
        if file_key(file) in fates.discarded:
            yield from attachment_outcomes(len(file.data), Verdict.FILTERED, DISCARDED)
        else:
            yield from attachment_outcomes(len(file.data), Verdict.ACCEPTED)


def _of_event(event: Event, fates: Fates, first: set[EventKey]) -> Outcome:
    key, category = event_key(event), event_category(event.type)
    if key in fates.discarded:
        return Outcome(category=category, verdict=Verdict.FILTERED, reason=DISCARDED)
    if key in first:
        first.remove(key)
        return Outcome(category=category, verdict=Verdict.ACCEPTED)
    return Outcome(category=category, verdict=Verdict.INVALID, reason=DUPLICATE)
