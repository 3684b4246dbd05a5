"""People's accounts: usernames and e-mail addresses in lower case, passwords as hashes made elsewhere."""

from collections.abc import Collection
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, insert, or_, select, update

from tocsin.domain.issue.issue import UserId
from tocsin.domain.organization import User
from tocsin.storage.state.rows import all_as, locked, one_as, portions, refusing_duplicates, select_as
from tocsin.storage.state.tables import user

_TAKEN = "Another account has this username or e-mail address. Sign in with it, or choose different ones."


def create(
    connection: Connection, email: str, now: datetime, *, name: str = "", hashed: str = "", superuser: bool = False
) -> UserId:
    """Store a new account, its username the e-mail address. With nothing *hashed* no password opens it.

    Raises Conflict when the address is taken.
    """
    values = {
        "username": email.lower(),
        "email": email.lower(),
        "name": name,
        "password_hash": hashed,
        "is_active": True,
        "is_superuser": superuser,
        "options": {},
        "created_at": now,
    }
    with refusing_duplicates(connection, _TAKEN):
        new_id = connection.execute(insert(user).values(values).returning(user.c.id)).scalar_one()
    return UserId(new_id)


def ensure(connection: Connection, email: str, now: datetime, *, superuser: bool = False) -> UserId:
    """Return the id of the account with *email*, created if there is none; an existing one stays as it is."""
    known = by_email(connection, email)
    return known.id if known else create(connection, email, now, superuser=superuser)


def save(connection: Connection, changed: User) -> None:
    """Write everything but the password of a stored account. Raises Conflict when a name is taken."""
    values = structs.asdict(changed) | {"username": changed.username.lower(), "email": changed.email.lower()}
    with refusing_duplicates(connection, _TAKEN):
        connection.execute(update(user).where(user.c.id == changed.id).values(values))


def password_hash(connection: Connection, user_id: UserId) -> str:
    """Return the stored hash, ``""`` when the user has no password or does not exist."""
    return connection.execute(select(user.c.password_hash).where(user.c.id == user_id)).scalar() or ""


def set_password_hash(connection: Connection, user_id: UserId, hashed: str) -> None:
    """Replace the stored hash."""
    connection.execute(update(user).where(user.c.id == user_id).values(password_hash=hashed))


def by_id(connection: Connection, user_id: int, *, lock: bool = False) -> User | None:
    """Return the account with that id; with *lock* nobody else changes it until the transaction ends."""
    query = select_as(User, user).where(user.c.id == user_id)
    return one_as(User, connection.execute(locked(query) if lock else query))


def by_ids(connection: Connection, user_ids: Collection[UserId]) -> dict[UserId, User]:
    """Return those of the accounts that exist."""
    found: dict[UserId, User] = {}
    for some in portions(user_ids):
        query = select_as(User, user).where(user.c.id.in_(some))
        found |= {one.id: one for one in all_as(User, connection.execute(query))}
    return found


def by_email(connection: Connection, email: str) -> User | None:
    """Return the account with that e-mail address."""
    return one_as(User, connection.execute(select_as(User, user).where(user.c.email == email.lower())))


def by_name(connection: Connection, name: str) -> User | None:
    """Return the account with that username, else the one with that e-mail address."""
    known = (user.c.username == name.lower(), user.c.email == name.lower())
    query = select_as(User, user).where(or_(*known)).order_by(known[0].desc()).limit(1)
    return one_as(User, connection.execute(query))
