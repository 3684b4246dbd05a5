"""Password hashes: argon2id with the library's current parameters."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
# What is checked for an unknown user, so that the time of an answer does not tell who exists.
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the hash to store; it takes some 50 ms on purpose."""
    return _hasher.hash(password)


def is_password(password: str, stored: str) -> bool:
    """Say whether *password* is the one behind *stored*; ``""`` for a user without one is never matched."""
    try:
        _hasher.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)
