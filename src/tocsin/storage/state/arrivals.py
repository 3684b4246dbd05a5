"""Releases that came to projects: which issues wait for them, and what is kept of the answer."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

import msgspec

from tocsin.domain.issue.arrivals import Expectation, Fix, Waiting, filled_in
from tocsin.domain.issue.change import Change
from tocsin.domain.issue.circumstances import Actor
from tocsin.domain.issue.issue import IssueId, ProjectId
from tocsin.domain.issue.release_line import ReleaseLine
from tocsin.domain.organization import OrganizationId, User
from tocsin.domain.release.commit import CommitId
from tocsin.domain.release.release import Arrival
from tocsin.storage.state import activity, effects, issue_commits, issues, organizations, outbox, releases
from tocsin.storage.state.engine import Transaction

People = Mapping[str, User]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A commit's message that says it fixes an issue, which nobody has noted yet."""

    issue_id: IssueId
    project_id: ProjectId
    commit_id: CommitId
    author_email: str


def expectation(connection: Transaction, arrivals: Sequence[Arrival], said: Sequence[Said] = ()) -> Expectation:
    """Return what waits for *arrivals*, whose releases are stored already, and what is *said* of their commits.

    *said* has the newest commits first. Nothing is locked: load the issues with ``lock=True`` before settling.
    """
    ordered = sorted(arrivals, key=attrgetter("release.ordered_at", "release.id"))
    brought = [_Brought.by(connection, arrival, said) for arrival in ordered]
    waiting = [one for each in brought for one in each.waiting(_authors(connection, each))]
    return Expectation(lines=_lines(connection, brought), waiting=tuple(waiting))


def write(connection: Transaction, changes: Sequence[Change], now: datetime) -> None:
    """Store what releases made of issues: the issues, what goes with them, their stories, and the news of it."""
    issues.save(connection, [change.issue for change in changes if change.is_changed])
    for change in changes:
        for effect in change.effects:
            effects.apply(connection, effect, [change.issue.id], now)
    told = [entry for change in changes for entry in change.activities]
    activity.record(connection, told)
    versions = {change.issue.id: filled_in(change) for change in changes}
    activity.fill_in_versions(connection, {issue_id: version for issue_id, version in versions.items() if version})
    outbox.add(connection, list(_notices(changes)), now)


class _Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What one release brings to one project."""

    arrival: Arrival
    bases: Mapping[IssueId, str]
    """Issues that wait for the next release, each with the newest release when that was said."""
    fixes: Mapping[IssueId, tuple[Fix, str]]
    """Issues that a commit of the release resolves, with its author's e-mail address."""

    @classmethod
    def by(cls, connection: Transaction, arrival: Arrival, said: Sequence[Said]) -> "_Brought":
        project_id = ProjectId(arrival.project_id)
        bases = issues.awaiting_next_release(connection, project_id) if arrival.is_new else {}
        fixes: dict[IssueId, tuple[Fix, str]] = {}
        for one in said:
            if one.project_id == project_id:
                fixes.setdefault(one.issue_id, (Fix(commit_id=one.commit_id, is_new=True), one.author_email))
        for noted in issue_commits.brought(connection, arrival.release.id, project_id):
            # A commit that another release of the project had resolved its issues then; they may be open again since.
            if noted.is_first and (arrival.commit_ids is None or noted.commit_id in arrival.commit_ids):
                fixes.setdefault(noted.issue_id, (Fix(commit_id=noted.commit_id, is_new=False), noted.author_email))
        return cls(arrival=arrival, bases=bases, fixes=fixes)

    def waiting(self, people: People) -> Iterator[Waiting]:
        for issue_id in sorted(self.bases.keys() | self.fixes.keys()):
            fix, email = self.fixes.get(issue_id, (None, ""))
            if fix is not None and email in people:
                fix = msgspec.structs.replace(fix, author=_actor(people[email]))
            yield Waiting(issue_id=issue_id, version=self.arrival.release.version, is_new=self.arrival.is_new, fix=fix)


def _authors(connection: Transaction, brought: _Brought) -> People:
    emails = {email for _, email in brought.fixes.values()}
    organization_id = OrganizationId(brought.arrival.release.organization_id)
    return organizations.members_by_email(connection, organization_id, emails) if emails else {}


def _lines(connection: Transaction, brought: Sequence[_Brought]) -> dict[ProjectId, ReleaseLine]:
    versions: dict[ProjectId, set[str]] = {}
    for one in brought:
        named = {one.arrival.release.version, *one.bases.values()}
        versions.setdefault(ProjectId(one.arrival.project_id), set()).update(named)
    return {
        project_id: ReleaseLine(
            dates={
                version: release.ordered_at
                for version, release in releases.of_project(connection, project_id, named).items()
            }
        )
        for project_id, named in versions.items()
    }


def _actor(user: User) -> Actor:
    return Actor(
        user_id=user.id,
        name=user.name or user.username,
        email=user.email,
        shown={},
        self_assigns=str(user.options.get("self_assign_issue")) == "1",
    )


def _notices(changes: Sequence[Change]) -> Iterator[outbox.Notice]:
    for change in changes:
        for entry in change.activities:
            facts = {"issue_id": change.issue.id, "project_id": change.issue.project_id, "user_id": entry.user_id}
            yield outbox.Notice(kind=f"issue.{entry.type}", payload=facts)
