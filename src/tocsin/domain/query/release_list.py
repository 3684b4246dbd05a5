"""What a list of releases is searched for: a part of the version, or a comparison with it (spec/search.md 1.1)."""

from datetime import datetime

import msgspec

from tocsin.domain.query.errors import MalformedQuery, UnanswerableQuery
from tocsin.domain.query.evaluate import release_meets
from tocsin.domain.query.keys import KEYS, MESSAGE, ReleasePart
from tocsin.domain.query.parse import parse_event_query
from tocsin.domain.query.pattern import Pattern
from tocsin.domain.query.tree import And, Operator, Term

_STAGE, _RELEASE = KEYS["release.stage"], KEYS["release"]


class ReleaseQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A search for releases: all of it must hold."""

    contains: str = ""
    """Text in the version, in any letter case."""
    terms: tuple[Term, ...] = ()
    """On the version or a part of it."""

    def admits(self, version: str) -> bool:
        """Say whether the release of that version meets the terms."""
        return all(_meets(term, version) is not term.negated for term in self.terms)


def read_release_query(text: str, now: datetime) -> ReleaseQuery:
    """Return what *text* means; a text that is no search is looked for as it stands.

    Raises UnanswerableQuery for a version that cannot be compared with.
    """
    plain = ReleaseQuery(contains=text.strip())
    if "release" not in text:
        return plain
    try:
        expression = parse_event_query(text, now=now)
    except UnanswerableQuery:
        raise
    except MalformedQuery:
        return plain
    conditions = expression.of if isinstance(expression, And) else (expression,)
    terms = [one for one in conditions if isinstance(one, Term)]
    words = [str(one.values[0]) for one in terms if one.key == MESSAGE and not one.negated]
    asked = tuple(one for one in terms if _is_about_releases(one))
    is_search = bool(asked) and len(words) <= 1 and len(asked) + len(words) == len(conditions)
    return ReleaseQuery(contains="".join(words), terms=asked) if is_search else plain


def _is_about_releases(term: Term) -> bool:
    return term.key in {_STAGE, _RELEASE} or isinstance(term.key.source, ReleasePart)


def _meets(term: Term, version: str) -> bool:
    if term.operator is Operator.PRESENT:
        return term.key in {_STAGE, _RELEASE} or release_meets(term, version)
    if term.key == _STAGE:
        # Adoption is told by sessions: without any, the stage of every release is low.
        return "low" in term.values
    if term.key == _RELEASE:
        return any(one.matches(version) if isinstance(one, Pattern) else one == version for one in term.values)
    return release_meets(term, version)
