"""Which files came with which events. The bytes are blobs, named by their SHA-256."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NewType

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, insert, select, text

from tocsin.domain.event.event import EventId
from tocsin.domain.issue.issue import ProjectId
from tocsin.storage.state import outbox
from tocsin.storage.state.engine import is_sqlite
from tocsin.storage.state.rows import all_as, among, one_as, portions, select_as
from tocsin.storage.state.tables import attachment

AttachmentId = NewType("AttachmentId", int)

BLOB_KIND: Final = "blob.remove"
"""Kind of the notice that a blob may have lost its last attachment."""


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


def newest(
    connection: Connection,
    project_id: ProjectId,
    *,
    types: Collection[str] = (),
    before: AttachmentId | None = None,
    limit: int,
) -> list[Attachment]:
    """Return the attachments of the project, optionally of some types or older than one, newest first."""
    query = select_as(Attachment, attachment).where(attachment.c.project_id == project_id)
    if types:
        query = query.where(attachment.c.type.in_(list(types)))
    if before is not None:
        query = query.where(attachment.c.id < before)
    return all_as(Attachment, connection.execute(query.order_by(attachment.c.id.desc()).limit(limit)))


def events_among(
    connection: Connection, events: Collection[tuple[ProjectId, EventId]]
) -> set[tuple[ProjectId, EventId]]:
    """Return those of *events* that came with files."""
    found: set[tuple[ProjectId, EventId]] = set()
    for some in portions(events):
        key = (attachment.c.project_id, attachment.c.event_id)
        rows = connection.execute(select(*key).where(among(key, some)).distinct())
        found |= {(project_id, event_id) for project_id, event_id in rows}
    return found


def prune(connection: Connection, before: datetime, rows_max: int, now: datetime) -> None:
    """Forget attachments stored before that time, at most *rows_max*, as :func:`remove` does."""
    old = select(attachment.c.id).where(attachment.c.created_at < before).limit(rows_max)
    remove(connection, connection.execute(old).scalars().all(), now)


def remove(connection: Connection, attachment_ids: Collection[AttachmentId], now: datetime) -> None:
    """Forget attachments, and leave a notice for each blob that nobody names any more."""
    dropped: set[str] = set()
    for some in portions(attachment_ids):
        statement = delete(attachment).where(attachment.c.id.in_(some)).returning(attachment.c.sha256)
        dropped |= set(connection.execute(statement).scalars())
    doom(connection, dropped, now)


def doom(connection: Connection, contents: Collection[str], now: datetime) -> None:
    """Leave a notice for each of the blobs that no attachment names."""
    doomed = sorted(set(contents) - named(connection, contents))
    outbox.add(connection, [outbox.Notice(kind=BLOB_KIND, payload={"sha256": one}) for one in doomed], now)


def named(connection: Connection, contents: Collection[str]) -> set[str]:
    """Return those of the blobs that an attachment names."""
    found: set[str] = set()
    for some in portions(contents):
        query = select(attachment.c.sha256).where(attachment.c.sha256.in_(some))
        found |= set(connection.execute(query).scalars())
    return found


def lock_contents(connection: Connection, contents: Collection[str]) -> None:
    """Let nobody else keep or delete these blobs until the transaction ends.

    Whoever names a blob looks, under this lock, whether it is there; whoever deletes one whether it is named. So no row
    is left without its blob. On SQLite the transaction is the only one that writes anyway.
    """
    if not is_sqlite(connection):
        for content in sorted(set(contents)):
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _lock_of(content)})


def _lock_of(content: str) -> int:
    """Return a number for a blob: two that share one only wait for each other. Small ones are for other locks."""
    return int(content[:15], 16) | 1 << 60
