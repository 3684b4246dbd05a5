"""API tokens. The store keeps SHA-256 hashes: a token is shown once, when it is made, and can never be read again."""

from datetime import datetime
from hashlib import sha256
from typing import NewType

import msgspec
from msgspec import structs
from sqlalchemy import Connection, RowMapping, insert, update

from tocsin.domain.access import Scope
from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import OrganizationId
from tocsin.storage.state.rows import select_as
from tocsin.storage.state.tables import api_token

TokenId = NewType("TokenId", int)

TOKEN_PREFIX = "toc_"  # noqa: S105 - what every token begins with is no secret
TOKEN_RANDOM_BYTES = 24


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token is made for. It belongs to a user, or to an organization: exactly one of the two."""

    user_id: UserId | None = None
    organization_id: OrganizationId | None = None
    label: str = ""
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None


class Token(Grant, frozen=True, kw_only=True):
    """What is known about a token: all but the token."""

    id: TokenId
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at *now*."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def token_text(random: bytes) -> str:
    """Return the token that *random* stands for, 24 bytes of a secure source: ``toc_`` and 48 hex digits."""
    if len(random) != TOKEN_RANDOM_BYTES:
        raise ValueError(f"a token needs {TOKEN_RANDOM_BYTES} random bytes, not {len(random)}")
    return TOKEN_PREFIX + random.hex()


def hash_of(secret: str) -> str:
    """Return what is stored in place of a token or of a session's cookie: 64 hex digits of SHA-256."""
    return sha256(secret.encode()).hexdigest()


def create(connection: Connection, secret: str, grant: Grant) -> TokenId:
    """Store the hash of the token *secret* with what it may do, and return the token's id."""
    values = structs.asdict(grant) | {"scopes": sorted(grant.scopes), "token_hash": hash_of(secret)}
    return TokenId(connection.execute(insert(api_token).values(values).returning(api_token.c.id)).scalar_one())


def by_secret(connection: Connection, secret: str) -> Token | None:
    """Return what is known about the token *secret*, be it valid or not; None when nobody issued it."""
    query = select_as(Token, api_token).where(api_token.c.token_hash == hash_of(secret))
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _token(row)


def of_user(connection: Connection, user_id: UserId) -> list[Token]:
    """Return the user's tokens, newest first."""
    query = select_as(Token, api_token).where(api_token.c.user_id == user_id).order_by(api_token.c.id.desc())
    return [_token(row) for row in connection.execute(query).mappings()]


def note_use(connection: Connection, token_id: TokenId, now: datetime) -> None:
    """Remember when the token was last used."""
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now))


def revoke(connection: Connection, user_id: UserId, token_id: TokenId, now: datetime) -> None:
    """End the user's token for good; one revoked before, or somebody else's, stays as it is."""
    own = (api_token.c.id == token_id, api_token.c.user_id == user_id, api_token.c.revoked_at.is_(None))
    connection.execute(update(api_token).where(*own).values(revoked_at=now))


def _token(row: RowMapping) -> Token:
    return Token(**{**row, "scopes": frozenset(map(Scope, row["scopes"]))})
