"""Requests that carry an Idempotency-Key: what was answered, so that a retry is answered alike and acts once."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, select, update

from tocsin.storage.state.mutations import MutationId
from tocsin.storage.state.rows import insert_into, one_as, select_as
from tocsin.storage.state.tables import idempotency

KEPT: Final = timedelta(hours=24)
"""How long a key is remembered."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request."""

    request_hash: str
    """64 hex digits: of method, path, query and body."""
    mutation_id: MutationId | None
    outcome: Any
    """What was done, from which the answer can be made again; None while the first request is at work."""
    status: int | None
    body: bytes | None
    """The answer as it was sent; None until it is known."""


def find(connection: Connection, caller: str, key: str) -> Answered | None:
    """Return what is known of the caller's request with that key."""
    own = (idempotency.c.caller == caller, idempotency.c.key == key)
    return one_as(Answered, connection.execute(select_as(Answered, idempotency).where(*own)))


def claim(connection: Connection, caller: str, key: str, request_hash: str, now: datetime) -> bool:
    """Say whether the key is new; whoever else brings it waits here until this transaction ends."""
    row = {
        "caller": caller,
        "key": key,
        "request_hash": request_hash,
        "outcome": None,
        "created_at": now,
    }
    claimed = insert_into(connection, idempotency).on_conflict_do_nothing().returning(idempotency.c.key)
    return connection.execute(claimed, row).scalar() is not None


def note_outcome(connection: Connection, caller: str, key: str, outcome: Any, mutation_id: MutationId | None) -> None:
    """Remember what the request did, in the transaction that did it."""
    own = (idempotency.c.caller == caller, idempotency.c.key == key)
    connection.execute(update(idempotency).where(*own).values(outcome=outcome, mutation_id=mutation_id))


def note_answer(connection: Connection, caller: str, key: str, status: int, body: bytes) -> None:
    """Remember what was answered."""
    own = (idempotency.c.caller == caller, idempotency.c.key == key)
    connection.execute(update(idempotency).where(*own).values(status=status, body=body))


def prune(connection: Connection, before: datetime, rows_max: int) -> None:
    """Forget what was asked before that time, at most *rows_max* requests."""
    key = (idempotency.c.caller, idempotency.c.key)
    old = select(*key).where(idempotency.c.created_at < before).limit(rows_max)
    for caller, text in connection.execute(old).all():
        connection.execute(delete(idempotency).where(key[0] == caller, key[1] == text))
