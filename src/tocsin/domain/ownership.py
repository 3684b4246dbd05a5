"""Whose code is whose: the ownership rules of a project (spec/search.md 2.3 ``assigned_or_suggested``, 6).

A rule is a line ``matcher:pattern owner …``: ``path:src/billing/* jane@acme.io #billing``. Matchers are ``path`` and
``module`` (of any frame), ``url`` (of the request) and ``tags.NAME``; owners are e-mail addresses and ``#team-slug``.
Of the rules that fit, the last one weighs most.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.event.event import Event
from tocsin.domain.grouping.globs import path_glob, text_glob
from tocsin.domain.issue.issue import ProjectId

RAW_CHARS_MAX = 100_000
OWNERS_MAX = 10
"""Owners that are suggested for one issue."""

_RULE = re.compile(
    r'(?P<kind>path|module|url|tags\.(?P<tag>[A-Za-z0-9_.:-]+)):(?:"(?P<quoted>[^"]+)"|(?P<bare>\S+))(?P<owners>.*)'
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class AutoAssignment(StrEnum):
    """What becomes of a new issue that a rule fits, as the API calls it."""

    TO_OWNER = "Auto Assign to Issue Owner"
    TO_COMMITTER = "Auto Assign to Suspect Commits"
    OFF = "Turn off Auto-Assignment"


class Owner(msgspec.Struct, frozen=True):
    """Somebody a rule names: a person by e-mail address, or a team by slug."""

    kind: str
    """``user`` or ``team``."""
    identifier: str


class Rule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Whose events of a certain kind are."""

    matcher: str
    """``path``, ``module``, ``url`` or ``tags.NAME``."""
    pattern: str
    owners: tuple[Owner, ...]
    _fits: re.Pattern[str]

    def fits(self, event: Event) -> bool:
        """Say whether *event* is of that kind."""
        return any(self._fits.match(text) for text in _texts(self.matcher, event))


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a project as people wrote them, and what is done with them."""

    project_id: ProjectId
    raw: str = ""
    fallthrough: bool = True
    """Whether an issue that no rule fits is everybody's."""
    auto_assignment: AutoAssignment = AutoAssignment.TO_OWNER
    is_active: bool = True
    created_at: datetime
    updated_at: datetime


def parse_rules(raw: str) -> tuple[Rule, ...]:
    """Return the rules of a text, blank lines and those that begin with ``#`` left out.

    Raises Malformed for a line that is no rule.
    """
    if len(raw) > RAW_CHARS_MAX:
        raise Malformed(f"The rules are longer than {RAW_CHARS_MAX} characters. Shorten them.")
    lines = enumerate(raw.splitlines(), 1)
    return tuple(_rule(line.strip(), number) for number, line in lines if line.strip() and line.strip()[0] != "#")


def owners_of(rules: Iterable[Rule], event: Event) -> tuple[Owner, ...]:
    """Return whom the rules that fit *event* name, of the last rule first, at most ``OWNERS_MAX``."""
    fitting = [rule for rule in rules if rule.fits(event)]
    named = dict.fromkeys(owner for rule in reversed(fitting) for owner in rule.owners)
    return tuple(named)[:OWNERS_MAX]


def _rule(line: str, number: int) -> Rule:
    found = _RULE.fullmatch(line)
    if found is None:
        raise Malformed(
            f"Parse error: '{line[:50]}' (line {number}). Write path:, module:, url: or tags.NAME:, a pattern, owners."
        )
    pattern = found["quoted"] or found["bare"]
    compiled = path_glob(pattern) if found["kind"] == "path" else text_glob(pattern, ignore_case=True)
    owners = tuple(_owner(word, number) for word in found["owners"].split())
    return Rule(matcher=found["kind"], pattern=pattern, owners=owners, _fits=compiled)


def _owner(word: str, number: int) -> Owner:
    if word.startswith("#") and len(word) > 1:
        return Owner("team", word[1:].lower())
    if _EMAIL.fullmatch(word):
        return Owner("user", word.lower())
    raise Malformed(f"Parse error: '{word[:50]}' (line {number}) is no owner. Write an e-mail address or #team-slug.")


def _texts(matcher: str, event: Event) -> Iterator[str]:
    match matcher:
        case "path":
            yield from (path.replace("\\", "/") for path in (*event.stack_filenames, *event.stack_abs_paths))
        case "module":
            yield from event.stack_modules
        case "url":
            yield from (value for key, value in event.tags if key == "url")
        case _:
            name = matcher.removeprefix("tags.")
            yield from (value for key, value in event.tags if key == name)
