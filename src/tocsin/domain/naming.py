"""Slugs: the short names that stand in URLs."""

import re
import unicodedata
from collections.abc import Collection
from typing import Any

from tocsin.domain.issue.fields import Rejected, text

SLUG_CHARS_MAX = 50
NAME_CHARS_MAX = 200
NO_SLUG = (
    "Enter a valid slug consisting of lowercase letters, numbers, underscores or hyphens. "
    "It cannot be entirely numeric."
)

_SLUG = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{SLUG_CHARS_MAX - 1}}}")
_OTHERS = re.compile(r"[^a-z0-9_]+")


def is_slug(slug: str) -> bool:
    """Say whether *slug* is one: digits alone are not, for they would read as an id."""
    return _SLUG.fullmatch(slug) is not None and not slug.isdigit()


def slug_of(name: str, taken: Collection[str]) -> str:
    """Return a slug made of *name*, told apart from those *taken* by a number; ``""`` when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = _OTHERS.sub("-", plain).strip("-_")[:SLUG_CHARS_MAX].rstrip("-_")
    if not is_slug(base):
        return ""
    number, slug = 1, base
    while slug in taken:
        number += 1
        suffix = f"-{number}"
        slug = base[: SLUG_CHARS_MAX - len(suffix)] + suffix
    return slug


def read_slug(value: Any) -> str:
    """Read a slug somebody chose."""
    slug = text(value)
    if not is_slug(slug):
        raise Rejected([NO_SLUG])
    return slug


def read_name(value: Any) -> str:
    """Read a name for people."""
    name = text(value)
    if len(name) > NAME_CHARS_MAX:
        raise Rejected([f"Ensure this field has no more than {NAME_CHARS_MAX} characters."])
    return name
