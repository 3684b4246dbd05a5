"""Commits: told of with the releases that brought them (spec/search.md 5.12)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, func, select

from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.organization import OrganizationId
from tocsin.domain.release.commit import ChangedFile, Commit, CommitId, RepositoryId
from tocsin.domain.release.release import Release, ReleaseId
from tocsin.storage.state.rows import (
    all_as,
    among,
    columns_for,
    insert_into,
    insert_missing,
    one_as,
    portions,
    select_as,
)
from tocsin.storage.state.tables import commit, commit_file, release, release_commit, release_head, release_project

CommitKey: TypeAlias = tuple[RepositoryId, str]

_KEY = (commit.c.repository_id, commit.c.key)


class Author(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Who a commit says made it; either text may be empty."""

    name: str
    email: str


class CommitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the commits of a release amount to."""

    count: int = 0
    last: Commit | None = None
    authors: tuple[Author, ...] = ()


def store(connection: Connection, told: Sequence[Commit]) -> dict[CommitKey, CommitId]:
    """Return the ids of commits told of in full, stored or brought up to date; the ids they carry are ignored."""
    statement = insert_into(connection, commit)
    names = ("message", "author_name", "author_email", "committed_at")
    rows = {(one.repository_id, one.key): _row(one) for one in told}
    if rows:
        fresh = {name: statement.excluded[name] for name in names}
        statement = statement.on_conflict_do_update(index_elements=["repository_id", "key"], set_=fresh)
        connection.execute(statement, [rows[key] for key in sorted(rows)])
    return _ids(connection, rows)


def ensure(
    connection: Connection, organization_id: OrganizationId, keys: Collection[CommitKey], now: datetime
) -> dict[CommitKey, CommitId]:
    """Return the ids of commits of which nothing but the key is told, stored where they were not known."""
    named = [
        Commit(id=CommitId(0), organization_id=organization_id, repository_id=repository_id, key=key, committed_at=now)
        for repository_id, key in sorted(keys)
    ]
    insert_missing(connection, commit, [_row(one) for one in named])
    return _ids(connection, keys)


def add_files(connection: Connection, changed: Mapping[CommitId, Iterable[ChangedFile]]) -> None:
    """Store which files commits changed; what is known of a file already stays."""
    rows = [
        {"commit_id": commit_id, "path": file.path, "type": file.type}
        for commit_id in sorted(changed)
        for file in changed[commit_id]
    ]
    insert_missing(connection, commit_file, rows)


def set_for_release(connection: Connection, release_id: ReleaseId, commit_ids: Sequence[CommitId]) -> set[CommitId]:
    """Make *commit_ids*, newest first, all that the release brought; return those that are new to it."""
    before = set(_of_release(connection, release_id))
    connection.execute(delete(release_commit).where(release_commit.c.release_id == release_id))
    connection.execute(delete(release_head).where(release_head.c.release_id == release_id))
    _insert(connection, release_id, commit_ids, 0)
    return set(commit_ids) - before


def append_to_release(connection: Connection, release_id: ReleaseId, commit_ids: Sequence[CommitId]) -> set[CommitId]:
    """Add commits to what the release brought, behind those it has; return those that are new to it."""
    before = _of_release(connection, release_id)
    fresh = [one for one in dict.fromkeys(commit_ids) if one not in set(before)]
    _insert(connection, release_id, fresh, len(before))
    return set(fresh)


def set_heads(connection: Connection, release_id: ReleaseId, heads: Mapping[RepositoryId, CommitId]) -> None:
    """Note the release's last commit in each of the repositories."""
    statement = insert_into(connection, release_head)
    rows = [
        {"release_id": release_id, "repository_id": repository_id, "commit_id": heads[repository_id]}
        for repository_id in sorted(heads)
    ]
    if rows:
        fresh = {"commit_id": statement.excluded.commit_id}
        statement = statement.on_conflict_do_update(index_elements=["release_id", "repository_id"], set_=fresh)
        connection.execute(statement, rows)


def by_key(connection: Connection, repository_id: RepositoryId, key: str) -> Commit | None:
    """Return the repository's commit with that key."""
    query = select_as(Commit, commit).where(commit.c.repository_id == repository_id, commit.c.key == key)
    return one_as(Commit, connection.execute(query))


def by_ids(connection: Connection, commit_ids: Iterable[CommitId]) -> dict[CommitId, Commit]:
    """Return those of the commits that exist."""
    found: dict[CommitId, Commit] = {}
    for some in portions(commit_ids):
        query = select_as(Commit, commit).where(commit.c.id.in_(some))
        found |= {one.id: one for one in all_as(Commit, connection.execute(query))}
    return found


def of_release(connection: Connection, release_id: ReleaseId, *, limit: int, offset: int = 0) -> list[Commit]:
    """Return a page of what the release brought, newest first."""
    query = select_as(Commit, commit).join(release_commit, release_commit.c.commit_id == commit.c.id)
    query = query.where(release_commit.c.release_id == release_id).order_by(release_commit.c.position, commit.c.id)
    return all_as(Commit, connection.execute(query.limit(limit).offset(offset)))


def of_repository(connection: Connection, repository_id: RepositoryId, *, limit: int, offset: int = 0) -> list[Commit]:
    """Return a page of the repository's commits, latest first."""
    query = select_as(Commit, commit).where(commit.c.repository_id == repository_id)
    query = query.order_by(commit.c.committed_at.desc(), commit.c.id.desc())
    return all_as(Commit, connection.execute(query.limit(limit).offset(offset)))


def files_of_release(
    connection: Connection, release_id: ReleaseId, *, limit: int, offset: int = 0
) -> list[tuple[CommitId, ChangedFile]]:
    """Return a page of the files that the release's commits changed, by path."""
    columns = (commit_file.c.commit_id, *columns_for(ChangedFile, commit_file))
    query = select(*columns).join(release_commit, release_commit.c.commit_id == commit_file.c.commit_id)
    query = query.where(release_commit.c.release_id == release_id).order_by(commit_file.c.path, commit_file.c.commit_id)
    rows = connection.execute(query.limit(limit).offset(offset))
    return [(commit_id, ChangedFile(path=path, type=type_)) for commit_id, path, type_ in rows]


def summaries(
    connection: Connection, release_ids: Collection[ReleaseId], *, authors_max: int
) -> dict[ReleaseId, CommitSummary]:
    """Return what the commits of each release amount to; a release without any has no entry."""
    wanted = list(release_ids)
    counted = select(release_commit.c.release_id, func.count()).where(release_commit.c.release_id.in_(wanted))
    rows = connection.execute(counted.group_by(release_commit.c.release_id))
    counts = {release_id: count for release_id, count in rows}  # noqa: C416 - rows are not pairs to mypy
    if not counts:
        return {}
    last, authors = _last(connection, list(counts)), _authors(connection, list(counts))
    return {
        release_id: CommitSummary(
            count=count, last=last.get(release_id), authors=tuple(sorted(authors[release_id])[:authors_max])
        )
        for release_id, count in counts.items()
    }


def releases_with(
    connection: Connection, commit_ids: Collection[CommitId], project_ids: Collection[ProjectId], *, releases_max: int
) -> dict[CommitId, list[Release]]:
    """Return for each commit the newest releases, of any of the projects, that brought it; nothing for none."""
    attached = select(release_project.c.release_id).where(release_project.c.project_id.in_(list(project_ids)))
    ordered = (func.coalesce(release.c.released_at, release.c.added_at).desc(), release.c.id.desc())
    place = func.row_number().over(partition_by=release_commit.c.commit_id, order_by=ordered).label("place")
    columns = columns_for(Release, release)
    ranked = select(release_commit.c.commit_id, place, *columns).join_from(release_commit, release)
    ranked = ranked.where(release_commit.c.commit_id.in_(list(commit_ids)), release.c.id.in_(attached))
    of_all = ranked.subquery()
    query = select(of_all).where(of_all.c.place <= releases_max).order_by(of_all.c.commit_id, of_all.c.place)
    found: dict[CommitId, list[Release]] = {}
    for row in connection.execute(query).mappings():
        known = Release(**{name: row[name] for name in Release.__struct_fields__})
        found.setdefault(row["commit_id"], []).append(known)
    return found


def _last(connection: Connection, release_ids: Collection[ReleaseId]) -> dict[ReleaseId, Commit]:
    newest = func.row_number().over(
        partition_by=release_commit.c.release_id, order_by=(release_commit.c.position, commit.c.id)
    )
    ranked = select(release_commit.c.release_id, newest.label("place"), *columns_for(Commit, commit))
    ranked = ranked.join_from(release_commit, commit).where(release_commit.c.release_id.in_(list(release_ids)))
    of_all = ranked.subquery()
    return {
        row["release_id"]: Commit(**{name: row[name] for name in Commit.__struct_fields__})
        for row in connection.execute(select(of_all).where(of_all.c.place == 1)).mappings()
    }


def _authors(connection: Connection, release_ids: Collection[ReleaseId]) -> dict[ReleaseId, list[Author]]:
    found: dict[ReleaseId, list[Author]] = {release_id: [] for release_id in release_ids}
    query = select(release_commit.c.release_id, commit.c.author_name, commit.c.author_email).distinct()
    query = query.join_from(release_commit, commit).where(release_commit.c.release_id.in_(list(release_ids)))
    for release_id, name, email in connection.execute(query):
        if name or email:
            found[release_id].append(Author(name=name, email=email))
    return found


def _of_release(connection: Connection, release_id: ReleaseId) -> list[CommitId]:
    query = select(release_commit.c.commit_id).where(release_commit.c.release_id == release_id)
    return list(connection.execute(query.order_by(release_commit.c.position)).scalars())


def _insert(connection: Connection, release_id: ReleaseId, commit_ids: Sequence[CommitId], position: int) -> None:
    rows = [
        {"release_id": release_id, "commit_id": commit_id, "position": at}
        for at, commit_id in enumerate(commit_ids, position)
    ]
    insert_missing(connection, release_commit, rows)


def _ids(connection: Connection, keys: Iterable[CommitKey]) -> dict[CommitKey, CommitId]:
    found: dict[CommitKey, CommitId] = {}
    for some in portions(keys):
        rows = connection.execute(select(*_KEY, commit.c.id).where(among(_KEY, some)))
        found |= {(repository_id, key): commit_id for repository_id, key, commit_id in rows}
    return found


def _row(one: Commit) -> dict[str, Any]:
    row = structs.asdict(one)
    del row["id"]
    return row
