"""Commits and repositories as the API shows them (spec/search.md 5.12, spec/required-keys.md)."""

from typing import Any

from tocsin.domain.release.commit import Repository
from tocsin.domain.release.release import Release
from tocsin.domain.release.version import short_version
from tocsin.edges.api.serialize.instants import iso, iso_or_none
from tocsin.edges.api.serialize.user import user_object
from tocsin.storage.views.commits import FileChange, ShownCommit, Signature

_LACKING: dict[str, Any] = {"pullRequest": None, "suspectCommitType": ""}
"""What stands for features that Tocsin does not have: pull requests, suspects."""
_LACKING_IN_REPOSITORY: dict[str, Any] = {"externalId": None, "externalSlug": None, "integrationId": None}
_NO_PROVIDER = {"id": "unknown", "name": "Unknown Provider"}


def commit_object(shown: ShownCommit) -> dict[str, Any]:
    """Return a commit; its id is its key."""
    one = shown.commit
    return {
        "id": one.key,
        "message": one.message or None,
        "dateCreated": iso(one.committed_at),
        "repository": repository_object(shown.repository),
        "author": author_object(shown.signature),
        "releases": [_release(release) for release in shown.releases],
        **_LACKING,
    }


def author_object(signature: Signature) -> dict[str, Any] | None:
    """Return who made a commit: the member, else the name and the address it was made with, if it has any."""
    if signature.member is not None:
        return user_object(signature.member)
    author = signature.author
    if not (author.name or author.email):
        return None
    return {"name": author.name or author.email, "email": author.email}


def repository_object(repository: Repository) -> dict[str, Any]:
    """Return a repository."""
    provider = {"id": repository.provider, "name": repository.provider} if repository.provider else _NO_PROVIDER
    return {
        "id": str(repository.id),
        "name": repository.name,
        "url": repository.url or None,
        "provider": provider,
        "status": repository.status,
        "dateCreated": iso(repository.created_at),
        **_LACKING_IN_REPOSITORY,
    }


def file_object(changed: FileChange, organization_id: int) -> dict[str, Any]:
    """Return a file that a commit changed."""
    shown, file = changed.shown, changed.file
    return {
        "id": f"{shown.commit.key}:{file.path}",
        "orgId": organization_id,
        "repoName": shown.repository.name,
        "author": author_object(shown.signature),
        "commitMessage": shown.commit.message or None,
        "filename": file.path,
        "type": file.type,
    }


def _release(release: Release) -> dict[str, Any]:
    return {
        "version": release.version,
        "shortVersion": short_version(release.version),
        "ref": release.ref or None,
        "url": release.url or None,
        "dateReleased": iso_or_none(release.released_at),
        "dateCreated": iso(release.added_at),
    }
