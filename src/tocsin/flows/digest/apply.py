"""Apply one digested batch to the stores.

The batch's id is durable in the spool. State records it in the very transaction that applies the batch; history drops a
batch whose id it has seen; the spool forgets it last. So after a crash anywhere the batch is simply applied again.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count

import msgspec
import structlog
from msgspec.structs import replace

from tocsin.domain.errors import Unavailable
from tocsin.domain.event.event import Event, EventId
from tocsin.domain.issue.arrivals import settled
from tocsin.domain.issue.issue import UNSAVED, Issue, IssueId, ProjectId, Status
from tocsin.domain.issue.observe import Context, Observation, Turn, observe_all, open_issue
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.issue.sighting import sighting_of
from tocsin.domain.organization import Project
from tocsin.domain.pipeline import Attachment, Digested
from tocsin.domain.release.release import Arrival
from tocsin.domain.release.version import follows_semver
from tocsin.domain.session.session import Told
from tocsin.flows.digest.check_ins import take_check_ins
from tocsin.flows.digest.groups import Group, grouped
from tocsin.flows.digest.lifting import Watched, bring_back, judge, watched, watched_again
from tocsin.flows.digest.owners import note_owners
from tocsin.flows.digest.reckoning import Fates, event_key, file_key, reckoned
from tocsin.flows.digest.reports import said, take_reports
from tocsin.flows.digest.sessions import note_session_environments, releases_run, told_by
from tocsin.flows.digest.surroundings import note_surroundings
from tocsin.storage.blobs import BlobStore, ContentHash
from tocsin.storage.history.insert import insert, insert_sessions
from tocsin.storage.history.store import History
from tocsin.storage.state import (
    activity,
    applied,
    attachments,
    inbox,
    issue_commits,
    issue_hashes,
    issues,
    monitor_steps,
    outbox,
    outcomes,
    projects,
    releases,
    tombstones,
    user_reports,
)
from tocsin.storage.state import arrivals as awaited
from tocsin.storage.state.engine import State, Transaction

StoredFile = tuple[Attachment, ContentHash]

_log = structlog.get_logger("tocsin.digest")


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch came to, in events; nothing when it had been applied before."""

    taken: int = 0
    duplicates: int = 0
    dropped: int = 0
    """Events of projects deleted since, and of issues that are discarded for good."""
    turns: Mapping[Turn, int] = {}


class _TakenIn(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that state has, and what is left to do with it."""

    events: Sequence[Event]
    at: datetime
    watching: Sequence[Watched]
    dropped: Collection[applied.EventKey] = ()
    result: Applied = Applied()

    @property
    def fates(self) -> Fates:
        """Which events are stored, and which are not wanted any more."""
        return Fates(taken={event_key(event) for event in self.events}, discarded=self.dropped)


class BatchWriter:
    """Writes digested batches: state first, then history, which then says which archived issues come back."""

    def __init__(self, state: State, history: History, blobs: BlobStore, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._history = history
        self._blobs = blobs
        self._clock = clock

    def write(self, batch_id: str, digested: Sequence[Digested]) -> Applied:
        """Apply a batch, be it for the first time or again after a crash; both end alike."""
        stored = [(file, self._blobs.put(file.data)) for one in digested for file in one.attachments]
        events = [event for one in digested for event in one.events]
        reports = said(self._history, digested)
        first = _first_of_each_id(events)
        with self._state.write() as connection:
            applied_at = applied.applied_at(connection, batch_id)
            told = told_by(connection, digested)
            if applied_at is None:
                taken = self._take_in(connection, batch_id, first, stored, told)
                counts = reckoned(digested, taken.fates)
                counts.update(take_reports(connection, reports, taken.events))
                counts.update(take_check_ins(connection, batch_id, digested, taken.at))
                outcomes.add(connection, counts)
                repeated = len(events) - len(first)
                taken = replace(taken, result=replace(taken.result, duplicates=taken.result.duplicates + repeated))
            else:
                kept = applied.events_of(connection, batch_id, list(first))
                ours = [event for key, event in first.items() if key in kept]
                taken = _TakenIn(events=ours, at=applied_at, watching=watched_again(connection, ours, applied_at))
        insert(self._history, batch_id, taken.events, taken.at)
        insert_sessions(self._history, batch_id, told)
        lifted = self._lift(taken, is_last_try=applied_at is not None)
        return replace(taken.result, turns=Counter(taken.result.turns) + Counter(one.turn for one in lifted))

    def _take_in(
        self,
        connection: Transaction,
        batch_id: str,
        first: Mapping[applied.EventKey, Event],
        stored: Sequence[StoredFile],
        told: Sequence[Told],
    ) -> _TakenIn:
        claimed = applied.claim_events(connection, batch_id, list(first), self._clock())
        fresh = [event for key, event in first.items() if key in claimed]
        groups = _owned_groups(connection, batch_id, fresh, self._clock())
        # Every hash is locked now, so no deletion can come between this moment and the events' row.
        now = max([self._clock(), *(group.since for group in groups if group.since)])
        observed = _observe(connection, groups, now, releases_run(connection, told))
        _tell(connection, observed, now)
        note_session_environments(connection, told)
        note_surroundings(connection, groups, observed)
        note_owners(connection, groups, observed, now)
        user_reports.attach(connection, fresh)
        monitor_steps.attach(connection, fresh)
        taken = [event for group in groups for event in group.events]
        dropped = {event_key(event) for event in fresh} - {event_key(event) for event in taken}
        self._keep_files(connection, [one for one in stored if file_key(one[0]) not in dropped], now)
        let_go = {content for file, content in stored if file_key(file) in dropped}
        attachments.doom(connection, let_go, now)
        applied.record(connection, batch_id, now)
        result = Applied(
            taken=len(taken),
            duplicates=len(first) - len(fresh),
            dropped=len(dropped),
            turns=Counter(observation.turn for observation in observed),
        )
        met = zip((observation.issue for observation in observed), (group.events for group in groups), strict=True)
        return _TakenIn(events=taken, at=now, watching=watched(met, now), dropped=dropped, result=result)

    def _lift(self, taken: _TakenIn, *, is_last_try: bool) -> list[Observation]:
        """Bring back archived issues by what history counts.

        Both stores have the batch by now, and judging is all that is left to do. The batch is tried once more when
        history does not answer in time; then its issues wait for their next events, rather than all others for them.
        """
        if not taken.watching:
            return []
        try:
            judged = judge(self._state, self._history, taken.watching, taken.at)
        except Unavailable as unavailable:
            if not is_last_try:
                raise
            ids = [one.issue.id for one in taken.watching]
            _log.warning("archived issues wait for their next events", issues=ids, reason=unavailable.detail)
            return []
        if not judged.watched and not judged.new:
            return []
        with self._state.write() as connection:
            lifted = bring_back(connection, judged, taken.at)
            _tell(connection, lifted, taken.at)
        return lifted

    def _keep_files(self, connection: Transaction, stored: Sequence[StoredFile], now: datetime) -> None:
        """Name the blobs, and put back those that were deleted since, for nobody named them yet."""
        attachments.lock_contents(connection, {content_hash for _, content_hash in stored})
        for file, content_hash in stored:
            if not self._blobs.exists(content_hash):
                self._blobs.put(file.data)
        attachments.add(connection, [_attachment(file, content_hash, now) for file, content_hash in stored])

    def is_applied(self, batch_id: str) -> bool:
        """Say whether state has taken the batch in, so that its id must be kept."""
        with self._state.read() as connection:
            return applied.applied_at(connection, batch_id) is not None

    def stores_answer(self) -> bool:
        """Say whether both stores are there: if so, what fails is the batch."""
        return self._state.is_alive() and self._history.is_alive()


def _first_of_each_id(events: Sequence[Event]) -> dict[applied.EventKey, Event]:
    """Return the events by id, of repeated ids the first (spec/ingest.md 6.7)."""
    first: dict[applied.EventKey, Event] = {}
    for event in events:
        first.setdefault(event_key(event), event)
    return first


def _owned_groups(connection: Transaction, batch_id: str, events: Sequence[Event], now: datetime) -> Sequence[Group]:
    """Return *events* by issue, and let go of those that came to nothing."""
    found = projects.by_ids(connection, {event.project_id for event in events})
    known = {project_id: project for project_id, project in found.items() if not project.is_leaving}
    by_owner = grouped(connection, [event for event in events if event.project_id in known], known)
    kept = {event_key(event) for group in by_owner.groups for event in group.events}
    applied.disown(connection, batch_id, [event_key(event) for event in events if event_key(event) not in kept])
    tombstones.count_discarded(connection, by_owner.discarded)
    issue_hashes.bury(connection, by_owner.buried, now)
    return by_owner.groups


_NO_RELEASES = ReleaseLine()
_SEMVER_LOOK_BACK = 10
"""Newest releases that decide whether a project follows semver (spec/mutation.md 5.1)."""


def _observe(
    connection: Transaction, groups: Sequence[Group], now: datetime, run: Sequence[releases.Deployed]
) -> list[Observation]:
    """Return what the batch made of each issue, in the order of *groups*, every issue saved and linked.

    *run* are the releases that sessions name, which may be what issues wait for.
    """
    stored = _settled_issues(connection, groups, now, run)
    known = _release_lines(connection, groups, stored)
    held = frozenset(issue_commits.pending(connection, _resolved_just_so(stored.values())))
    numbers = _issue_numbers(connection, groups)
    observed: list[Observation] = []
    for group in groups:
        sightings = [sighting_of(event) for event in group.events]
        setting = _setting(group.project, known.get(group.project.id, _NO_RELEASES), now, held)
        if group.issue_id is None:
            observed.append(open_issue(sightings, setting, number=next(numbers[group.project.id])))
        else:
            observed.append(observe_all(stored[group.issue_id], sightings, setting))
    return _saved(connection, groups, observed)


def _settled_issues(
    connection: Transaction, groups: Sequence[Group], now: datetime, run: Sequence[releases.Deployed]
) -> dict[IssueId, Issue]:
    """Make the releases that are named, and return the issues of the batch, locked, as those releases leave them.

    Releases come before issues, and issues are locked all at once, so that nobody waits in a circle.
    """
    arrivals = _ensure_releases(connection, groups, run)
    expectation = awaited.expectation(connection, arrivals)
    own = {group.issue_id for group in groups if group.issue_id}
    stored = issues.load(connection, own | expectation.issue_ids, lock=True)
    changes = settled(expectation, stored, now)
    awaited.write(connection, changes, now)
    return stored | {change.issue.id: change.issue for change in changes}


def _resolved_just_so(stored: Iterable[Issue]) -> list[IssueId]:
    """Return the issues resolved in no release, which a commit may hold."""
    return [issue.id for issue in stored if issue.status is Status.RESOLVED and issue.resolution is None]


def _setting(project: Project, line: ReleaseLine, now: datetime, held: frozenset[IssueId]) -> Context:
    return Context(
        now=now,
        project_id=project.id,
        releases=line,
        held=held,
        resolve_age_hours=project.options.get("resolveAge") or None,
    )


def _release_lines(
    connection: Transaction, groups: Sequence[Group], stored: Mapping[IssueId, Issue]
) -> dict[ProjectId, ReleaseLine]:
    """Return the lines of the projects that have a resolution to judge."""
    versions: dict[ProjectId, set[str]] = {}
    for group in groups:
        resolution = stored[group.issue_id].resolution if group.issue_id else None
        if resolution is not None:
            named = {event.release for event in group.events} | {resolution.release, resolution.current_release or ""}
            versions.setdefault(group.project.id, set()).update(named - {""})
    return {project_id: _line(connection, project_id, named) for project_id, named in versions.items()}


def _ensure_releases(
    connection: Transaction, groups: Sequence[Group], run: Sequence[releases.Deployed]
) -> Sequence[Arrival]:
    """Make the releases that events and sessions name, and return those that are new to a project."""
    deployed = {
        (group.project.id, event.release): releases.Deployed(
            organization_id=group.project.organization_id,
            project_id=group.project.id,
            version=event.release,
            at=event.timestamp,
        )
        for group in groups
        for event in sorted(group.events, key=lambda event: event.timestamp, reverse=True)
        if event.release
    }
    return releases.ensure(connection, [*deployed.values(), *run]).arrivals


def _line(connection: Transaction, project_id: ProjectId, versions: set[str]) -> ReleaseLine:
    known = releases.of_project(connection, project_id, versions)
    newest = releases.newest_added(connection, project_id, _SEMVER_LOOK_BACK)
    return ReleaseLine(
        follows_semver=follows_semver([release.version for release in newest]),
        dates={version: release.ordered_at for version, release in known.items()},
    )


def _issue_numbers(connection: Transaction, groups: Sequence[Group]) -> dict[ProjectId, Iterator[int]]:
    wanted = Counter(group.project.id for group in groups if group.issue_id is None)
    return {
        project_id: count(projects.take_issue_numbers(connection, project_id, new))
        for project_id, new in sorted(wanted.items())
    }


def _saved(connection: Transaction, groups: Sequence[Group], observed: Sequence[Observation]) -> list[Observation]:
    """Write every issue of the batch, and give new ones their ids and every free hash its issue."""
    issues.save(connection, [observation.issue for observation in observed if observation.issue.id != UNSAVED])
    new_ids = iter(
        issues.create(connection, [observation.issue for observation in observed if observation.issue.id == UNSAVED])
    )
    saved = [_with_id(observation, new_ids) for observation in observed]
    issue_hashes.link(
        connection,
        {key: kept.issue.id for group, kept in zip(groups, saved, strict=True) for key in group.free_hashes},
    )
    return saved


def _with_id(observation: Observation, new_ids: Iterator[IssueId]) -> Observation:
    if observation.issue.id != UNSAVED:
        return observation
    return replace(observation, issue=replace(observation.issue, id=next(new_ids)))


def _tell(connection: Transaction, observed: Sequence[Observation], now: datetime) -> None:
    """Record what happened: activity, the inbox, and news for whoever wants to hear it."""
    activity.record(connection, [entry for observation in observed for entry in observation.activities])
    # "Resolved in the next release" names the release that turned out to be next (spec/mutation.md 5.3).
    activity.fill_in_versions(connection, {seen.issue.id: seen.resolved_in for seen in observed if seen.resolved_in})
    reasons = {seen.issue.id: seen.inbox_reason for seen in observed if seen.inbox_reason}
    inbox.put(connection, reasons, now)
    turned = [observation for observation in observed if observation.turn is not Turn.SEEN]
    notices = [
        outbox.Notice(
            kind=f"issue.{seen.turn}", payload={"issue_id": seen.issue.id, "project_id": seen.issue.project_id}
        )
        for seen in turned
    ]
    outbox.add(connection, notices, now)


def _attachment(file: Attachment, content_hash: ContentHash, now: datetime) -> attachments.Attachment:
    return attachments.Attachment(
        project_id=ProjectId(file.project_id),
        event_id=EventId(file.event_id),
        name=file.filename,
        type=file.attachment_type,
        content_type=file.content_type,
        size_bytes=len(file.data),
        sha256=content_hash,
        created_at=now,
    )
