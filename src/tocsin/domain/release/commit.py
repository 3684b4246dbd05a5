"""What a release is made of and where it went: repositories, commits, deploys. Values only."""

from datetime import datetime
from typing import NewType

import msgspec

RepositoryId = NewType("RepositoryId", int)
CommitId = NewType("CommitId", int)
DeployId = NewType("DeployId", int)


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """Where commits are kept, known to one organization by its name. Text that is absent is ``""``."""

    id: RepositoryId
    organization_id: int
    name: str
    url: str = ""
    provider: str = ""
    status: str = "active"
    """``active``, ``hidden`` or ``disabled``."""
    created_at: datetime


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit somebody told of, with a release or as the head of one. Text that is absent is ``""``."""

    id: CommitId
    organization_id: int
    repository_id: RepositoryId
    key: str
    """The hash."""
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    committed_at: datetime


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a commit added, modified or deleted."""

    path: str
    type: str
    """``A``, ``M`` or ``D``."""


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """A release being put into an environment."""

    id: DeployId
    release_id: int
    environment: str
    name: str = ""
    url: str = ""
    project_ids: tuple[int, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime
