"""The globs of filters. What they cost is bounded: one project's must not hold up the events of all."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping.globs import expanded, text_glob

PATTERNS_MAX: Final = 300
"""How many patterns one option may come to, once its ``{a,b}`` groups are written out."""
TEXT_CHARS_MAX: Final = 8192
"""How far into a text globs look."""
TEXTS_CHARS_MAX: Final = 2 * TEXT_CHARS_MAX
"""How much of all texts of one event is looked at."""


@lru_cache(maxsize=1024)
def compiled(globs: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return patterns over lower-case texts. Raises Malformed for globs that are too many, or that make no sense."""
    # Regular expressions look for words ten times faster when these are in one case.
    lower = [glob.lower() for glob in globs]
    if sum(len(expanded(glob)) for glob in lower) > PATTERNS_MAX:
        raise Malformed(f"there may be {PATTERNS_MAX} patterns with all their alternatives; delete some")
    return tuple(text_glob(glob, classes=True) for glob in lower)


def is_any_matched(texts: Iterable[str], globs: tuple[str, ...]) -> bool:
    """Say whether a glob matches one of *texts* as a whole; case does not count."""
    patterns, chars_left = compiled(globs), TEXTS_CHARS_MAX
    for text in texts:
        lower = text[: min(TEXT_CHARS_MAX, chars_left)].lower()
        if any(pattern.match(lower) for pattern in patterns):
            return True
        chars_left -= len(lower)
        if chars_left <= 0:
            break
    return False
