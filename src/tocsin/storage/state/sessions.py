"""Sign-ins of browsers. As with tokens, only the hash of the cookie is kept."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert

from tocsin.domain.issue.issue import UserId
from tocsin.storage.state.rows import one_as, select_as
from tocsin.storage.state.tables import web_session
from tocsin.storage.state.tokens import hash_of


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and until when."""

    user_id: UserId
    created_at: datetime
    expires_at: datetime


def create(connection: Connection, secret: str, user_id: UserId, now: datetime, expires_at: datetime) -> None:
    """Store a session under the hash of the cookie *secret*."""
    values = {"token_hash": hash_of(secret), "user_id": user_id, "created_at": now, "expires_at": expires_at}
    connection.execute(insert(web_session).values(values))


def by_secret(connection: Connection, secret: str, now: datetime) -> Session | None:
    """Return the session that the cookie *secret* stands for, None when there is none or it has expired."""
    query = select_as(Session, web_session).where(web_session.c.token_hash == hash_of(secret))
    return one_as(Session, connection.execute(query.where(web_session.c.expires_at > now)))


def end(connection: Connection, secret: str) -> None:
    """Sign out: the cookie *secret* stands for nothing from now on."""
    connection.execute(delete(web_session).where(web_session.c.token_hash == hash_of(secret)))


def end_all(connection: Connection, user_id: UserId) -> None:
    """Sign the user out everywhere, as a new password should."""
    connection.execute(delete(web_session).where(web_session.c.user_id == user_id))


def prune(connection: Connection, now: datetime) -> int:
    """Delete expired sessions and return how many."""
    return connection.execute(delete(web_session).where(web_session.c.expires_at <= now)).rowcount
