"""Paging parameters and the Link header (spec/search.md 4.1, 4.2)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.paging import Cursor, Page, Step, parse_cursor

PER_PAGE_MAX = 100
LIMIT_DEFAULT = 25
"""Issue lists: the seed's number, not the reference's 100 (spec/README.md)."""
HITS_MAX = 1000


def read_cursor(text: str | None) -> Cursor | None:
    """Return the cursor parameter; absent and empty both mean the first page. Raises InvalidQuery."""
    return parse_cursor(text) if text else None


def read_limit(text: str | None) -> int:
    """Return ``limit`` of an issue list, clamped to 1…100. Raises InvalidQuery unless it is a number."""
    if text is None or text == "":
        return LIMIT_DEFAULT
    try:
        return max(1, min(int(text), PER_PAGE_MAX))
    except ValueError:
        raise InvalidQuery("invalid limit") from None


def read_per_page(text: str | None) -> int:
    """Return ``per_page`` of any other list. Raises InvalidQuery outside 1…100."""
    if text is None or text == "":
        return PER_PAGE_MAX
    try:
        per_page = int(text)
    except ValueError:
        raise InvalidQuery("Invalid per_page parameter.") from None
    if not 1 <= per_page <= PER_PAGE_MAX:
        raise InvalidQuery(f"Invalid per_page value. Must be between 1 and {PER_PAGE_MAX}.")
    return per_page


def read_clamped_per_page(text: str | None) -> int:
    """Return ``per_page`` of a list of hashes, clamped to 1…100 (spec/mutation.md 8.3). Raises InvalidQuery."""
    try:
        return max(1, min(int(text or PER_PAGE_MAX), PER_PAGE_MAX))
    except ValueError:
        raise InvalidQuery("Invalid per_page parameter.") from None


def link_header(public_url: str, path: str, query: Sequence[tuple[str, str]], page: Page[Any]) -> str:
    """Return the Link header of *page*: previous, then next, each with rel, results and cursor."""
    kept = urlencode([(key, value) for key, value in query if key != "cursor"])
    base = f"{public_url}{path}?{kept}"
    return f"{_entry(base, 'previous', page.previous)}, {_entry(base, 'next', page.next)}"


def _entry(base: str, rel: str, step: Step) -> str:
    results = "true" if step.has_results else "false"
    return f'<{base}&cursor={step.cursor}>; rel="{rel}"; results="{results}"; cursor="{step.cursor}"'


def paging_headers(public_url: str, path: str, query: Sequence[tuple[str, str]], page: Page[Any]) -> dict[str, str]:
    """Return the paging headers of a list answer, with ``X-Hits`` where the page counts the whole list."""
    headers = {"Link": link_header(public_url, path, query, page)}
    if page.hits is not None:
        headers |= {"X-Hits": str(min(page.hits, HITS_MAX)), "X-Max-Hits": str(HITS_MAX)}
    return headers
