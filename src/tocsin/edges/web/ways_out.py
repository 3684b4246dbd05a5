"""Ways out of an empty result: which single term of the search, dropped, lets issues through."""

import msgspec
from msgspec.structs import replace

from tocsin.domain.query.tree import Query
from tocsin.edges.web import links
from tocsin.edges.web.question import Question
from tocsin.edges.web.visit import Visit
from tocsin.flows.search import IssueSearch

TERMS_MAX = 5
"""Searches with more terms are not tried: every try is a search."""


class WayOut(msgspec.Struct, frozen=True, kw_only=True):
    """A term to drop, and what is found without it."""

    term: str
    count: int
    url: str


def ways_out(visit: Visit, asked: Question, wanted: IssueSearch) -> tuple[WayOut, ...]:
    """Return the terms of a search that found nothing whose absence helps, the most helpful first."""
    terms = wanted.query.terms
    if len(terms) > TERMS_MAX:
        return ()
    ways = [_without(index, visit, asked, wanted) for index in range(len(terms))]
    return tuple(sorted((way for way in ways if way.count), key=lambda way: -way.count))


def _without(index: int, visit: Visit, asked: Question, wanted: IssueSearch) -> WayOut:
    terms = wanted.query.terms
    rest = Query((*terms[:index], *terms[index + 1 :]))
    return WayOut(
        term=str(terms[index]),
        count=visit.services.search.count(replace(wanted, query=rest, cursor=None), visit.now),
        url=links.stream(visit.reach.organization.slug, links.replaced(asked.carried, query=str(rest))),
    )
