"""Find out who asks: by token, by browser session, by e-mail and password."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tocsin.domain.caller import Caller
from tocsin.domain.errors import NotAuthenticated
from tocsin.lib.passwords import is_password
from tocsin.storage.state import sessions, tokens, users
from tocsin.storage.state.engine import State

_USE_NOTED_EVERY = timedelta(minutes=10)
"""How exactly ``last_used_at`` of a token is kept: writing it at every request would make every read a write."""

INVALID_TOKEN = "Invalid token"  # noqa: S105 - the text of the refusal


class Authenticate:
    """Turns credentials into callers."""

    def __init__(self, state: State, new_secret: Callable[[], str], session_days: int) -> None:
        self._state = state
        self._new_secret = new_secret
        self._session = timedelta(days=session_days)

    def by_token(self, secret: str, now: datetime) -> Caller:
        """Return the caller behind an API token. Raises NotAuthenticated for an unknown, revoked or expired one."""
        with self._state.read() as connection:
            token = tokens.by_secret(connection, secret)
            user = users.by_id(connection, token.user_id) if token and token.user_id else None
        if token is None or not token.is_valid(now) or (token.user_id and not (user and user.is_active)):
            raise NotAuthenticated(INVALID_TOKEN)
        if token.last_used_at is None or now - token.last_used_at > _USE_NOTED_EVERY:
            with self._state.write() as connection:
                tokens.note_use(connection, token.id, now)
        return Caller(user=user, organization_id=token.organization_id, granted=token.scopes)

    def by_key(self, secret: str, now: datetime) -> Caller:
        """Return the caller behind a token of an organization, as :meth:`by_token` does for any token."""
        caller = self.by_token(secret, now)
        if caller.organization_id is None:
            raise NotAuthenticated(INVALID_TOKEN)
        return caller

    def by_session(self, secret: str, now: datetime) -> Caller:
        """Return the caller behind a browser's cookie. Raises NotAuthenticated when it stands for nobody."""
        with self._state.read() as connection:
            session = sessions.by_secret(connection, secret, now)
            user = users.by_id(connection, session.user_id) if session else None
        if user is None or not user.is_active:
            raise NotAuthenticated("Your session has ended. Log in again.")
        return Caller(user=user)

    def log_in(self, email: str, password: str, now: datetime) -> str:
        """Return the cookie of a new session. Raises NotAuthenticated, alike for a wrong name and a wrong password."""
        with self._state.read() as connection:
            user = users.by_name(connection, email.strip())
            stored = users.password_hash(connection, user.id) if user else ""
        if not is_password(password, stored) or user is None or not user.is_active:
            raise NotAuthenticated("No account has this e-mail and password. Check both and try again.")
        secret = self._new_secret()
        with self._state.write() as connection:
            sessions.create(connection, secret, user.id, now, now + self._session)
        return secret

    def log_out(self, secret: str) -> None:
        """End the session of a cookie; nothing happens when there is none."""
        with self._state.write() as connection:
            sessions.end(connection, secret)
