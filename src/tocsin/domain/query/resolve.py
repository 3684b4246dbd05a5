"""Terms that only a look at state can tell, put as terms that events can tell (spec/search.md 2.3)."""

import msgspec

from tocsin.domain.query.evaluate import release_meets
from tocsin.domain.query.keys import KEYS, Key, ReleasePart
from tocsin.domain.query.pattern import Pattern
from tocsin.domain.query.tree import And, Expression, Operator, Or, Term, Value, terms_of

LATEST = "latest"

_PROJECT, _PROJECT_ID, _RELEASE, _STAGE = (KEYS[name] for name in ("project", "project.id", "release", "release.stage"))
_NAMING_RELEASES = frozenset({_RELEASE, KEYS["first_release"]})
_LITERAL_RELEASE = msgspec.structs.replace(_RELEASE, name="release.name")


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What state knows of the projects that are searched."""

    projects: dict[str, int]
    """Ids by slug."""
    latest: tuple[str, ...] = ()
    """The newest release of each project that has one; ``""`` alone where none has."""
    versions: tuple[str, ...] = ()
    """All releases."""


def needs_latest(expression: Expression) -> bool:
    """Return whether *expression* speaks of the latest release."""
    return any(term.key in _NAMING_RELEASES and LATEST in term.values for term in terms_of(expression))


def needs_versions(expression: Expression) -> bool:
    """Return whether *expression* compares releases by a part of their name."""
    return any(isinstance(term.key.source, ReleasePart) for term in terms_of(expression))


def resolve(expression: Expression, names: Names) -> Expression:
    """Return *expression* with every term on ``project``, on parts of releases and on the latest one spelt out."""
    match expression:
        case Term():
            return _resolve_term(expression, names)
        case And(parts):
            return And(tuple(resolve(part, names) for part in parts))
        case Or(parts):
            return Or(tuple(resolve(part, names) for part in parts))


def _resolve_term(term: Term, names: Names) -> Term:
    if term.key == _PROJECT:
        return _among(term, _PROJECT_ID, tuple(id_ for slug, id_ in names.projects.items() if _fits(term, slug)))
    if term.key == _STAGE:
        return _resolve_stage(term)
    if isinstance(term.key.source, ReleasePart):
        wanted = tuple(version for version in dict.fromkeys((*names.versions, "")) if release_meets(term, version))
        return _among(term, _LITERAL_RELEASE, wanted)
    if term.key == _RELEASE and LATEST in term.values:
        others = tuple(value for value in term.values if value != LATEST)
        return msgspec.structs.replace(term, values=(*others, *names.latest))
    return term


def _resolve_stage(term: Term) -> Term:
    """Adoption is told by sessions: without any, the stage of every release is ``low``."""
    if term.operator is Operator.PRESENT or "low" in term.values:
        return Term(key=_LITERAL_RELEASE, operator=Operator.PRESENT, negated=term.negated)
    return _among(term, _LITERAL_RELEASE, ())


def _among(term: Term, key: Key, values: tuple[Value, ...]) -> Term:
    return Term(key=key, values=values, negated=term.negated)


def _fits(term: Term, slug: str) -> bool:
    if term.operator is Operator.PRESENT:
        return True
    return any(value.matches(slug) if isinstance(value, Pattern) else value == slug for value in term.values)
