"""What a person can do wrong, as values: a refusal is an answer, anything else is our bug."""


class Refusal(Exception):  # noqa: N818 - a refusal is an answer to a person, not a fault of ours
    """A request that Tocsin understands and declines.

    The text says what is wrong and what to do next. ``code`` is stable and meant for programs;
    ``edges/problems.py`` holds the one table from refusals to HTTP statuses.
    """

    code = "refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Malformed(Refusal):
    """The request cannot be read as what it claims to be."""

    code = "malformed"


class InvalidQuery(Refusal):
    """A search text, a window or a cursor that has no meaning (spec/search.md 1.8)."""

    code = "invalid_query"


class InvalidFields(Refusal):
    """A body whose fields fail validation; ``errors`` maps each field to its messages (spec/mutation.md 3.0)."""

    code = "invalid_fields"

    def __init__(self, errors: dict[str, object]) -> None:
        super().__init__("The request has invalid fields: " + ", ".join(sorted(errors)) + ".")
        self.errors = errors


class InvalidList(Refusal):
    """A rule broken by some of the issues at hand, answered as a bare list of messages (spec/mutation.md 3.0)."""

    code = "invalid_list"

    def __init__(self, messages: list[str]) -> None:
        super().__init__(" ".join(messages))
        self.messages = messages


class NotAuthenticated(Refusal):
    """No credentials, or credentials nobody issued."""

    code = "not_authenticated"


class Forbidden(Refusal):
    """Known credentials that do not reach this far."""

    code = "forbidden"

    def __init__(self, detail: str = "You do not have permission to perform this action.") -> None:
        super().__init__(detail)


class NotFound(Refusal):
    """Nothing by that name, or nothing that this caller may know of."""

    code = "not_found"

    def __init__(self, detail: str = "The requested resource does not exist") -> None:
        super().__init__(detail)


class Conflict(Refusal):
    """The request contradicts what is already stored."""

    code = "conflict"


class PreconditionFailed(Refusal):
    """The caller's picture of the issue is out of date."""

    code = "precondition_failed"


class KeyReused(Refusal):
    """An Idempotency-Key that came with another request before."""

    code = "key_reused"


class TooManyRequests(Refusal):
    """More requests than a quota allows (spec/mutation.md 1.4)."""

    code = "too_many_requests"


class TooLarge(Refusal):
    """A body, an item or a list beyond its limit."""

    code = "too_large"


class UnsupportedEncoding(Refusal):
    """A content encoding nobody taught us."""

    code = "unsupported_encoding"


class UnsupportedMediaType(Refusal):
    """A content type that the path does not take."""

    code = "unsupported_media_type"


class Unavailable(Refusal):
    """Tocsin cannot take this now (full disk, shutting down); nothing was changed, try again later."""

    code = "unavailable"
