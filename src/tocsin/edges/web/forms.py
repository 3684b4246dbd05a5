"""Submitted forms, and the token that proves that a form is one of ours."""

from hashlib import blake2b
from hmac import compare_digest
from typing import Self
from urllib.parse import parse_qsl

import msgspec

from tocsin.domain.errors import Forbidden, Malformed

FORM_FIELDS_MAX = 1000
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


class Form(msgspec.Struct, frozen=True):
    """The fields of a submitted form, in order."""

    fields: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Return the form in a URL-encoded *body*. Raises Malformed."""
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX)
        except ValueError as error:
            raise Malformed(f"The form cannot be read: {error}. Go back, reload the page and try again.") from None
        return cls(tuple(pairs))

    def one(self, name: str) -> str:
        """Return the last value of a field, ``""`` when it is absent."""
        return next((value for key, value in reversed(self.fields) if key == name), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field, in order."""
        return [value for key, value in self.fields if key == name]

    def check_token(self, session: str) -> None:
        """Raise Forbidden unless the form was made for *session*."""
        if not compare_digest(self.one(TOKEN_FIELD).encode(), form_token(session).encode()):
            raise Forbidden("This form is out of date. Go back, reload the page and try again.")


def form_token(session: str) -> str:
    """Return what every form of a session carries: made from its cookie, which no other site can read."""
    return blake2b(session.encode(), digest_size=16, person=b"tocsin form").hexdigest()
