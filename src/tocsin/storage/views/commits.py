"""Commits and repositories for screens: each commit with who made it, and which releases have it."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import OrganizationId, User
from tocsin.domain.release.commit import ChangedFile, Commit, CommitId, Repository
from tocsin.domain.release.release import Release
from tocsin.storage.state import commits, organizations, repositories
from tocsin.storage.state.commits import Author
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.stores import Views

__all__ = [
    "Author",
    "FileChange",
    "ShownCommit",
    "Signature",
    "by_ids",
    "commits_of_release",
    "commits_of_repository",
    "files_of_release",
    "named",
    "repository",
    "repository_page",
    "shown_commits",
    "signatures",
]

RELEASES_MAX = 10
"""Releases shown of one commit, newest first."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a commit: what the commit says, and the member of the organization whose address that is."""

    author: Author
    member: User | None = None


class ShownCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit and what it refers to."""

    commit: Commit
    repository: Repository
    signature: Signature
    releases: tuple[Release, ...] = ()
    """Of projects the caller may see, newest first."""


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and the commit that changed it."""

    file: ChangedFile
    shown: ShownCommit


def commits_of_release(
    views: Views, release: Release, project_ids: Collection[ProjectId], *, limit: int, offset: int = 0
) -> list[ShownCommit]:
    """Return a page of the release's commits, newest first, with their releases in the projects."""
    with views.state.read() as connection:
        found = commits.of_release(connection, release.id, limit=limit, offset=offset)
        return shown_commits(connection, found, project_ids)


def commits_of_repository(
    views: Views, kept_in: Repository, project_ids: Collection[ProjectId], *, limit: int, offset: int = 0
) -> list[ShownCommit]:
    """Return a page of the repository's commits, latest first, with their releases in the projects."""
    with views.state.read() as connection:
        found = commits.of_repository(connection, kept_in.id, limit=limit, offset=offset)
        return shown_commits(connection, found, project_ids)


def named(views: Views, commit_ids: Sequence[CommitId], project_ids: Collection[ProjectId]) -> list[ShownCommit]:
    """Return the commits in the order given, with their releases in the projects."""
    with views.state.read() as connection:
        found = by_ids(connection, commit_ids, project_ids)
    return [found[commit_id] for commit_id in commit_ids if commit_id in found]


def files_of_release(views: Views, release: Release, *, limit: int, offset: int = 0) -> list[FileChange]:
    """Return a page of the files that the release's commits changed, by path."""
    with views.state.read() as connection:
        changed = commits.files_of_release(connection, release.id, limit=limit, offset=offset)
        shown = by_ids(connection, {commit_id for commit_id, _ in changed})
    return [FileChange(file=file, shown=shown[commit_id]) for commit_id, file in changed]


def repository(views: Views, organization_id: OrganizationId, repository_id: int) -> Repository | None:
    """Return the organization's repository with that id."""
    with views.state.read() as connection:
        return repositories.in_organization(connection, organization_id, repository_id)


def repository_page(
    views: Views, organization_id: OrganizationId, *, contains: str = "", status: str = "", limit: int, offset: int = 0
) -> list[Repository]:
    """Return a page of the organization's repositories by name, of one status if one is given."""
    with views.state.read() as connection:
        return repositories.page(
            connection, organization_id, contains=contains, status=status, limit=limit, offset=offset
        )


def by_ids(
    connection: Transaction, commit_ids: Collection[CommitId], project_ids: Collection[ProjectId] = ()
) -> dict[CommitId, ShownCommit]:
    """Return those of the commits that exist, with their releases in the projects."""
    found = commits.by_ids(connection, commit_ids)
    return {one.commit.id: one for one in shown_commits(connection, list(found.values()), project_ids)}


def shown_commits(
    connection: Transaction, found: Sequence[Commit], project_ids: Collection[ProjectId] = ()
) -> list[ShownCommit]:
    """Return *found*, commits of one organization, with what they refer to."""
    if not found:
        return []
    ids = [one.id for one in found]
    known = repositories.by_ids(connection, {one.repository_id for one in found})
    having = commits.releases_with(connection, ids, project_ids, releases_max=RELEASES_MAX) if project_ids else {}
    signed = signatures(connection, OrganizationId(found[0].organization_id), map(_author, found))
    return [
        ShownCommit(
            commit=one,
            repository=known[one.repository_id],
            signature=signed[_author(one)],
            releases=tuple(having.get(one.id, ())),
        )
        for one in found
    ]


def signatures(
    connection: Transaction, organization_id: OrganizationId, authors: Iterable[Author]
) -> dict[Author, Signature]:
    """Return who the authors are to the organization."""
    distinct = set(authors)
    members = organizations.members_by_email(connection, organization_id, {one.email for one in distinct})
    return {one: Signature(author=one, member=members.get(one.email)) for one in distinct}


def _author(one: Commit) -> Author:
    return Author(name=one.author_name, email=one.author_email)
