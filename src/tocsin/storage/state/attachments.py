"""Which files came with which events. The bytes are blobs, named by their SHA-256."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NewType

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, insert, select

from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import ProjectId
from tocsin.storage.state.rows import all_as, one_as, portions, select_as
from tocsin.storage.state.tables import attachment

AttachmentId = NewType("AttachmentId", int)


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an event."""

    id: AttachmentId = AttachmentId(0)
    """0 until it is stored."""
    project_id: ProjectId
    event_id: EventId
    name: str
    type: str
    """``event.attachment``, ``event.minidump`` …"""
    content_type: str
    size_bytes: int
    sha256: str
    """64 hex digits: the name of the blob."""
    created_at: datetime


def add(connection: Connection, new: Sequence[Attachment]) -> None:
    """Store the attachments; the ids they carry are ignored."""
    rows = [structs.asdict(one) for one in new]
    for row in rows:
        del row["id"]
    if rows:
        connection.execute(insert(attachment), rows)


def by_id(connection: Connection, attachment_id: int) -> Attachment | None:
    """Return one attachment, whatever its project."""
    query = select_as(Attachment, attachment).where(attachment.c.id == attachment_id)
    return one_as(Attachment, connection.execute(query))


def of_events(connection: Connection, project_id: ProjectId, event_ids: Collection[EventId]) -> list[Attachment]:
    """Return the attachments of the project's events, in the order they came."""
    found: list[Attachment] = []
    for some in portions(event_ids):
        own = (attachment.c.project_id == project_id, attachment.c.event_id.in_(some))
        found += all_as(Attachment, connection.execute(select_as(Attachment, attachment).where(*own)))
    return sorted(found, key=lambda one: one.id)


def prune(connection: Connection, before: datetime, rows_max: int) -> set[str]:
    """Forget attachments stored before that time, at most *rows_max*; return the blobs nobody names any more."""
    old = select(attachment.c.id).where(attachment.c.created_at < before).limit(rows_max)
    return remove(connection, connection.execute(old).scalars().all())


def remove(connection: Connection, attachment_ids: Collection[AttachmentId]) -> set[str]:
    """Forget attachments and return the SHA-256 of the blobs nobody names any more."""
    dropped: set[str] = set()
    for some in portions(attachment_ids):
        statement = delete(attachment).where(attachment.c.id.in_(some)).returning(attachment.c.sha256)
        dropped |= set(connection.execute(statement).scalars())
    return unnamed(connection, dropped)


def unnamed(connection: Connection, hashes: Collection[str]) -> set[str]:
    """Return those of the blobs, given by their SHA-256, that no attachment names."""
    left = set(hashes)
    for some in portions(hashes):
        named = select(attachment.c.sha256).where(attachment.c.sha256.in_(some))
        left -= set(connection.execute(named).scalars())
    return left
