"""Bringing archived issues back by what only history can count: events in a window, users, escalation.

History is asked when it has taken the batch in, outside any transaction, so its counts include the batch and everything
else that is stored: however many workers digest at once, whoever's events come last sees them all. A batch that is
applied again asks again, as of the same moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.domain.event.event import Event
from tocsin.domain.issue.counts import Counts, CountsQuestion
from tocsin.domain.issue.escalation import Forecast, awaits_escalation
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId
from tocsin.domain.issue.observe import Observation, lift, question_to_history
from tocsin.domain.issue.sighting import sighting_of
from tocsin.storage.history.counts import Asked, counts
from tocsin.storage.history.scope import IssueScope
from tocsin.storage.history.store import History
from tocsin.storage.state import forecasts, issue_hashes, issues
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.views.forecasts import new_forecasts
from tocsin.storage.views.scopes import issue_scopes


class Watched(msgspec.Struct, frozen=True):
    """An archived issue, as it was left by the events of a batch, and what history must count of it."""

    issue: Issue
    events: Sequence[Event]
    question: CountsQuestion


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What history says of the watched issues."""

    watched: Sequence[Watched] = ()
    """Those that are to come back."""
    counts: Mapping[IssueId, Counts] = {}
    expected: Mapping[IssueId, Forecast] = {}
    new: Mapping[IssueId, Forecast] = {}
    """Forecasts to keep."""

    def lift(self, issue: Issue, events: Sequence[Event], now: datetime) -> Observation | None:
        """Return *issue* as it comes back; None if it stays."""
        sightings = [sighting_of(event) for event in events]
        return lift(issue, sightings, now, self.counts[issue.id], self.expected.get(issue.id))


def watched(met: Iterable[tuple[Issue, Sequence[Event]]], now: datetime) -> list[Watched]:
    """Return those of the issues that only history can judge; mostly none."""
    asked = ((issue, events, question_to_history(issue, now)) for issue, events in met)
    return [Watched(issue, events, question) for issue, events, question in asked if question is not None]


def watched_again(connection: Transaction, events: Sequence[Event], now: datetime) -> list[Watched]:
    """Return what *events*, which state took in before a crash, still have to be judged for."""
    keys = [(ProjectId(event.project_id), event.hashes[0]) for event in events]
    owners = issue_hashes.owners(connection, keys)
    by_issue: dict[IssueId, list[Event]] = {}
    for key, event in zip(keys, events, strict=True):
        owner = owners.get(key)
        if owner is not None and owner.issue_id is not None:
            by_issue.setdefault(owner.issue_id, []).append(event)
    loaded = issues.load(connection, by_issue)
    return watched([(issue, by_issue[issue.id]) for issue in loaded.values()], now)


def judge(state: State, history: History, watching: Sequence[Watched], now: datetime) -> Judged:
    """Ask history once for all issues. Raises Unavailable when it does not answer in time."""
    found = [one.issue for one in watching]
    awaiting = [issue for issue in found if awaits_escalation(issue)]
    with state.read() as connection:
        scopes = issue_scopes(connection, found)
        kept = forecasts.current(connection, [issue.id for issue in awaiting])
    watching = [one for one in watching if one.issue.id in scopes]
    if not watching:
        return Judged()
    times = {one.issue.id: [event.timestamp for event in one.events] for one in watching}
    lacking = [issue for issue in awaiting if issue.id not in kept]
    new = new_forecasts(history, lacking, scopes, now, less=times)
    counted = Judged(counts=_counts(history, watching, scopes), expected={**kept, **new}, new=new)
    back = [one for one in watching if counted.lift(one.issue, one.events, now)]
    return msgspec.structs.replace(counted, watched=back)


def bring_back(connection: Transaction, judged: Judged, now: datetime) -> list[Observation]:
    """Store what was judged: return the issues that came back, saved. What somebody changed meanwhile stays."""
    ids = {one.issue.id for one in judged.watched} | set(judged.new)
    stored = issues.load(connection, ids, lock=True)
    forecasts.put(connection, {one: expected for one, expected in judged.new.items() if one in stored})
    lifted = [
        judged.lift(stored[one.issue.id], one.events, now)
        for one in judged.watched
        if one.issue.id in stored and _is_archived_alike(one.issue, stored[one.issue.id])
    ]
    back = [observation for observation in lifted if observation is not None]
    issues.save(connection, [observation.issue for observation in back])
    forecasts.remove(connection, [observation.issue.id for observation in back])
    return back


def _counts(
    history: History, watching: Sequence[Watched], scopes: Mapping[IssueId, IssueScope]
) -> dict[IssueId, Counts]:
    users = {event.user for one in watching if one.question.users_since for event in one.events}
    asked = [Asked(scopes[one.issue.id], one.question) for one in watching]
    return {one.issue.id: counted for one, counted in zip(watching, counts(history, asked, users - {""}), strict=True)}


def _is_archived_alike(asked: Issue, stored: Issue) -> bool:
    return (asked.snooze, asked.substatus) == (stored.snooze, stored.substatus)
