"""Releases told of: made and changed, with their commits, and what that means to the issues that wait for them.

Everything one request tells is written in one transaction. Releases and commits are written before issues are locked,
and issues are locked all at once, so that nobody waits in a circle (spec/mutation.md 5.2).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.announcement import (
    Announcement,
    ToldCommit,
    ToldDeploy,
    ToldHead,
    amended,
    read_amendment,
    read_announcement,
    read_commits,
    read_deploy,
)
from tocsin.domain.caller import Reach
from tocsin.domain.errors import Forbidden, InvalidFields, Malformed, NotFound
from tocsin.domain.issue import short_id
from tocsin.domain.issue.arrivals import settled
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import Project
from tocsin.domain.release.commit import ChangedFile, Commit, CommitId, Deploy, DeployId, Repository
from tocsin.domain.release.fixes import fixed_issues
from tocsin.domain.release.release import Arrival, Release
from tocsin.storage.state import arrivals, commits, deploys, issue_commits, issues, releases, repositories
from tocsin.storage.state.arrivals import Said
from tocsin.storage.state.commits import CommitKey
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.releases import Deployed

_UNKNOWN_PROJECTS = {"projects": ["Invalid project ids or slugs"]}
_NAMED = "This release is referenced by active issues and cannot be removed."


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What an announcement came to."""

    version: str
    is_new: bool
    """Whether none of the projects in reach had the release before."""


class _Brought(msgspec.Struct, frozen=True, kw_only=True):
    """The commits that a request brought to a release."""

    fresh: frozenset[CommitId] = frozenset()
    """Those that the release did not have before."""
    told: tuple[Commit, ...] = ()
    """Those that have messages, newest first."""


class Releases:
    """Makes, changes and deletes releases. Safe to share among threads."""

    def __init__(self, state: State) -> None:
        self._state = state

    def announce(self, body: Any, reach: Reach, now: datetime, *, project: Project | None = None) -> Announced:
        """Make the release that *body* tells of, for the projects it names or for *project* alone, or change it.

        Raises InvalidFields, also for projects out of *reach*, and for a release that has no project at all.
        """
        told = read_announcement(body, names_projects=project is None)
        named = _named(told.projects, reach.projects) if project is None else [project]
        with self._state.write() as connection:
            work = _Work(connection, reach, now)
            known = work.known(told.version, reach.project_ids)
            release, came = work.ensured(told.version, named, known)
            work.take_in(release, told, came)
        return Announced(version=told.version, is_new=known is None)

    def amend(self, version: str, body: Any, reach: Reach, visible: Collection[ProjectId], now: datetime) -> None:
        """Change a release that one of the projects *visible* has. Raises NotFound and InvalidFields."""
        with self._state.write() as connection:
            work = _Work(connection, reach, now)
            work.take_in(work.required(version, visible), read_amendment(body))

    def add_commits(
        self, version: str, body: Any, reach: Reach, visible: Collection[ProjectId], now: datetime
    ) -> tuple[CommitId, ...]:
        """Add commits to what a release has, and return those of the body. Raises NotFound and InvalidFields."""
        with self._state.write() as connection:
            work = _Work(connection, reach, now)
            release = work.locked(work.required(version, visible))
            told = work.stored(read_commits(body))
            fresh = commits.append_to_release(connection, release.id, [one.id for one in told])
            work.settle(release, (), _Brought(fresh=frozenset(fresh), told=told))
        return tuple(one.id for one in told)

    def remove(self, version: str, reach: Reach, visible: Collection[ProjectId]) -> None:
        """Delete a release. Raises NotFound, Forbidden when it is also of projects out of *reach*, and Malformed."""
        with self._state.write() as connection:
            release = _required(connection, version, reach, visible)
            if not _projects_of(connection, release) <= reach.project_ids:
                raise Forbidden
            if issues.naming_release(connection, reach.organization.id, version) is not None:
                raise Malformed(_NAMED)
            releases.remove(connection, release.id)

    def deploy(self, version: str, body: Any, reach: Reach, visible: Collection[ProjectId], now: datetime) -> Deploy:
        """Note a deploy of a release. Raises NotFound and InvalidFields."""
        with self._state.write() as connection:
            release = _required(connection, version, reach, visible)
            told = read_deploy(body)
            own = _projects_of(connection, release) & set(visible)
            named = {project.id for project in _named(told.projects, reach.projects)} or own
            if not named <= own:
                raise InvalidFields({**_UNKNOWN_PROJECTS})
            return deploys.create(connection, _deploy(release, told, named, now))


class _Work:
    """What one request does to one release, within a transaction."""

    def __init__(self, connection: Transaction, reach: Reach, now: datetime) -> None:
        self._connection = connection
        self._reach = reach
        self._organization_id = reach.organization.id
        self._now = now

    def known(self, version: str, visible: Collection[ProjectId]) -> Release | None:
        return _known(self._connection, version, self._reach, visible)

    def required(self, version: str, visible: Collection[ProjectId]) -> Release:
        return _required(self._connection, version, self._reach, visible)

    def locked(self, release: Release) -> Release:
        """Return *release* as it is once nobody else changes it. Raises NotFound when somebody deleted it."""
        now_locked = releases.locked(self._connection, release.id)
        if now_locked is None:
            raise NotFound
        return now_locked

    def ensured(
        self, version: str, named: Sequence[Project], known: Release | None
    ) -> tuple[Release, Sequence[Arrival]]:
        """Return the release, which the projects *named* have from now on, and what is new to them."""
        if known is not None and not named:
            return known, ()
        if not named:
            raise InvalidFields({**_UNKNOWN_PROJECTS})
        deployed = [
            Deployed(organization_id=self._organization_id, project_id=project.id, version=version, at=self._now)
            for project in named
        ]
        ensured = releases.ensure(self._connection, deployed)
        return ensured.known[self._organization_id, version], ensured.arrivals

    def take_in(self, release: Release, told: Announcement, came: Sequence[Arrival] = ()) -> None:
        """Change *release* to what is told of it, and let the issues have what it brings."""
        before = self.locked(release)
        changed = amended(before, told)
        if changed != before:
            releases.save(self._connection, changed)
        brought = self._with_commits(changed, told)
        arrivals_ = [msgspec.structs.replace(arrival, release=changed) for arrival in came]
        self.settle(changed, arrivals_, brought)

    def stored(self, told: Sequence[ToldCommit]) -> tuple[Commit, ...]:
        """Store commits, and their repositories where those are new; each is returned once, in the order told."""
        default = f"organization-{self._organization_id}"
        names = {one.repository or default for one in told}
        known = repositories.ensure(self._connection, self._organization_id, names, self._now)
        rows: dict[CommitKey, Commit] = {}
        files: dict[CommitKey, Collection[ChangedFile]] = {}
        for one in told:
            row = self._row(one, known[one.repository or default])
            rows.setdefault((row.repository_id, row.key), row)
            files.setdefault((row.repository_id, row.key), one.files)
        ids = commits.store(self._connection, list(rows.values()))
        commits.add_files(self._connection, {ids[key]: changed for key, changed in files.items()})
        return tuple(msgspec.structs.replace(row, id=ids[key]) for key, row in rows.items())

    def settle(self, release: Release, came: Sequence[Arrival], brought: _Brought) -> None:
        """Let the issues have what *release*, new to some projects, and its commits bring them."""
        said = self._said(brought.told)
        brings = [*came, *self._brings(release, came, brought)]
        expectation = arrivals.expectation(self._connection, brings, said)
        links = {(one.issue_id, one.commit_id) for one in said}
        concerned = expectation.issue_ids | {issue_id for issue_id, _ in links}
        stored = issues.load(self._connection, concerned, lock=True)
        issue_commits.link(self._connection, {link for link in links if link[0] in stored}, self._now)
        arrivals.write(self._connection, settled(expectation, stored, self._now), self._now)

    def _with_commits(self, release: Release, told: Announcement) -> _Brought:
        """Store the commits and heads that are told of, as those of *release*."""
        fresh: set[CommitId] = set()
        stored: tuple[Commit, ...] = ()
        if told.commits is not None:
            stored = self.stored(told.commits)
            fresh |= commits.set_for_release(self._connection, release.id, [one.id for one in stored])
            heads = {one.repository_id: one.id for one in reversed(stored)}
            commits.set_heads(self._connection, release.id, heads)
        if told.heads:
            fresh |= self._with_heads(release, told.heads)
        return _Brought(fresh=frozenset(fresh), told=stored)

    def _with_heads(self, release: Release, told: Sequence[ToldHead]) -> set[CommitId]:
        """Note the heads of *release*; what its head is, it has. Raises InvalidFields for an unknown repository."""
        known = repositories.by_names(self._connection, self._organization_id, {one.repository for one in told})
        unknown = sorted({one.repository for one in told} - known.keys())
        if unknown:
            raise InvalidFields({"refs": [f"Invalid repository names: {', '.join(unknown)}"]})
        keys = {known[one.repository].id: one.key for one in told}
        ids = commits.ensure(self._connection, self._organization_id, set(keys.items()), self._now)
        heads = {repository_id: ids[repository_id, key] for repository_id, key in keys.items()}
        commits.set_heads(self._connection, release.id, heads)
        return commits.append_to_release(self._connection, release.id, list(heads.values()))

    def _brings(self, release: Release, came: Sequence[Arrival], brought: _Brought) -> list[Arrival]:
        """Return what the fresh commits bring to the projects that had the release before."""
        if not brought.fresh:
            return []
        had = _projects_of(self._connection, release) - {ProjectId(arrival.project_id) for arrival in came}
        return [
            Arrival(release=release, project_id=project_id, is_new=False, commit_ids=brought.fresh)
            for project_id in sorted(had)
        ]

    def _said(self, told: Sequence[Commit]) -> list[Said]:
        """Return what the messages say is fixed, of the projects in reach, less what was noted before."""
        project_of = {project.slug: project.id for project in self._reach.projects}
        named = [
            (commit, project_of[short.project_slug], short.number)
            for commit in told
            for short in map(short_id.parse, fixed_issues(commit.message))
            if short is not None and short.project_slug in project_of
        ]
        ids = issues.by_numbers(self._connection, [(project_id, number) for _, project_id, number in named])
        said = [
            Said(
                issue_id=ids[project_id, number],
                project_id=project_id,
                commit_id=commit.id,
                author_email=commit.author_email,
            )
            for commit, project_id, number in named
            if (project_id, number) in ids
        ]
        noted = issue_commits.known(self._connection, {(one.issue_id, one.commit_id) for one in said})
        return [one for one in said if (one.issue_id, one.commit_id) not in noted]

    def _row(self, told: ToldCommit, repository: Repository) -> Commit:
        return Commit(
            id=CommitId(0),
            organization_id=self._organization_id,
            repository_id=repository.id,
            key=told.key,
            message=told.message,
            author_name=told.author_name,
            author_email=told.author_email,
            committed_at=told.committed_at or self._now,
        )


def _named(references: Collection[str], within: Sequence[Project]) -> list[Project]:
    """Return the projects by slug or id. Raises InvalidFields unless all of them are *within* reach."""
    known = {reference: one for one in within for reference in (str(one.id), one.slug)}
    if not set(references) <= known.keys():
        raise InvalidFields({**_UNKNOWN_PROJECTS})
    return [known[reference] for reference in references]


def _known(connection: Transaction, version: str, reach: Reach, visible: Collection[ProjectId]) -> Release | None:
    """Return the release of that version if one of the projects *visible* has it."""
    for release in releases.by_keys(connection, [(reach.organization.id, version)]).values():
        if _projects_of(connection, release) & set(visible):
            return release
    return None


def _required(connection: Transaction, version: str, reach: Reach, visible: Collection[ProjectId]) -> Release:
    release = _known(connection, version, reach, visible)
    if release is None:
        raise NotFound
    return release


def _projects_of(connection: Transaction, release: Release) -> set[ProjectId]:
    return {ProjectId(place.project_id) for place in releases.projects_of(connection, [release.id])[release.id]}


def _deploy(release: Release, told: ToldDeploy, project_ids: Collection[ProjectId], now: datetime) -> Deploy:
    return Deploy(
        id=DeployId(0),
        release_id=release.id,
        environment=told.environment,
        name=told.name,
        url=told.url,
        project_ids=tuple(sorted(project_ids)),
        started_at=told.started_at,
        finished_at=told.finished_at or now,
    )
