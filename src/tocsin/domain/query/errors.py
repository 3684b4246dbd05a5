"""What can be wrong with a search text, and where (spec/search.md 1.8)."""

from tocsin.domain.errors import InvalidQuery


class MalformedQuery(InvalidQuery):
    """A search text that cannot be read.

    ``offset`` is the 0-based position in the stripped text at which the trouble begins, None when it is everywhere.
    """

    def __init__(self, detail: str, *, offset: int | None = None) -> None:
        super().__init__(detail)
        self.offset = offset


class UnanswerableQuery(MalformedQuery):
    """A well-formed search text that asks for what no search can tell; its ``detail`` never carries a prefix."""
