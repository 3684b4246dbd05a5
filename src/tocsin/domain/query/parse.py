"""From text to tree: the two dialects of the search language (spec/search.md 1.1, 1.2, 1.4)."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.query import scan
from tocsin.domain.query.errors import MalformedQuery, UnanswerableQuery
from tocsin.domain.query.keys import MESSAGE, Dialect
from tocsin.domain.query.pattern import parse_wildcards
from tocsin.domain.query.read import read_filter
from tocsin.domain.query.tree import And, Expression, Or, Query, Term

QUERY_CHARS_MAX = 16_384
GROUPS_DEEP_MAX = 32
ISSUE_SEARCH_PREFIX = "Error parsing search query: "


def parse_issue_query(text: str, *, now: datetime) -> Query:
    """Return the terms of an issue search, in the order in which they are written.

    *now* appears in the error text about dates, nowhere else. Raises MalformedQuery with the texts of spec/search.md
    1.8, prefix included.
    """
    try:
        return Query(tuple(_IssueSearch(text, now).terms()))
    except UnanswerableQuery:
        raise
    except MalformedQuery as trouble:
        raise MalformedQuery(ISSUE_SEARCH_PREFIX + trouble.detail, offset=trouble.offset) from None


def parse_event_query(text: str, *, now: datetime) -> Expression:
    """Return the conditions of an event search; ``And()`` where there are none.

    *now* appears in the error text about dates, nowhere else. Raises MalformedQuery, whose texts have no prefix here.
    """
    return _EventSearch(text, now).expression()


class _Cursor:
    """A query being read: the text, and how far reading has come."""

    dialect: Dialect

    def __init__(self, text: str, now: datetime) -> None:
        self.text = text.strip()
        self.now = now
        self.at = 0
        if len(self.text) > QUERY_CHARS_MAX:
            raise MalformedQuery(f"The query is longer than {QUERY_CHARS_MAX} characters. Shorten it.")

    def skip_spaces(self) -> None:
        self.at = scan.spaces_end(self.text, self.at)

    def rest_begins(self, character: str) -> bool:
        return self.text.startswith(character, self.at)

    def read_term(self) -> Term:
        """Read the filter, the quoted phrase or the words at the cursor, in that order of preference."""
        written = scan.filter_at(self.text, self.at)
        if written is not None:
            self.at = written.end
            return read_filter(written, self.dialect, self.now)
        quoted = scan.quoted_at(self.text, self.at)
        if quoted is not None:
            phrase, self.at = quoted
            return _free_text(phrase)
        start, self.at = self.at, scan.phrase_end(self.text, self.at)
        self.refuse_booleans(start)
        if self.at == start:
            scan.fail_at(self.text, start)
        return _free_text(self.text[start : self.at])

    def refuse_booleans(self, start: int) -> None:
        """Raise MalformedQuery for AND or OR between *start* and the cursor, where they can only be text."""
        at = scan.boolean_within(self.text, start, self.at)
        if at is not None:
            self.refuse_boolean(at)

    def refuse_boolean(self, at: int) -> None:
        scan.fail_at(self.text, at)


def _free_text(text: str) -> Term:
    return Term(key=MESSAGE, values=(parse_wildcards(text),))


class _IssueSearch(_Cursor):
    """Terms side by side. AND and OR are refused wherever they stand alone; a group is a phrase like any other."""

    dialect = Dialect.ISSUE

    def terms(self) -> list[Term]:
        terms = []
        self.skip_spaces()
        while self.at < len(self.text):
            terms.append(self.read_condition())
            self.skip_spaces()
        return terms

    def read_condition(self) -> Term:
        if scan.boolean_at(self.text, self.at):
            self.refuse_boolean(self.at)
        return self.read_group() if self.rest_begins("(") else self.read_term()

    def read_group(self) -> Term:
        start, self.at = self.at, scan.group_end(self.text, self.at)
        self.refuse_booleans(start)
        return _free_text(self.text[start : self.at])

    def refuse_boolean(self, at: int) -> None:
        detail = 'Boolean statements containing "OR" or "AND" are not supported in this search'
        raise MalformedQuery(detail, offset=at)


class _EventSearch(_Cursor):
    """Alternatives of conjunctions: AND, written or not, binds tighter than OR, and groups nest."""

    dialect = Dialect.EVENT

    def expression(self) -> Expression:
        self.skip_spaces()
        if self.at == len(self.text):
            return And()
        expression = self.read_alternatives(depth=0)
        if self.at < len(self.text):
            scan.fail_at(self.text, self.at)
        return expression

    def read_alternatives(self, depth: int) -> Expression:
        alternatives = [self.read_conjunction(depth, after="")]
        while self.take("OR"):
            alternatives.append(self.read_conjunction(depth, after="OR"))
        return _joined(Or, alternatives)

    def read_conjunction(self, depth: int, after: str) -> Expression:
        conditions = [self.read_condition(depth, after)]
        while True:
            if self.take("AND"):
                conditions.append(self.read_condition(depth, after="AND"))
            elif self.is_at_end() or scan.boolean_at(self.text, self.at):
                return _joined(And, conditions)
            else:
                conditions.append(self.read_condition(depth, after=""))

    def read_condition(self, depth: int, after: str) -> Expression:
        """Read one term or group; *after* is the operator before it, if there is one."""
        operator = scan.boolean_at(self.text, self.at)
        if operator:
            self.refuse_operator(operator, after)
        if after and self.is_at_end():
            raise MalformedQuery(f"Condition is missing on the right side of '{after}' operator", offset=self.at)
        condition = self.read_group(depth + 1) if self.rest_begins("(") else self.read_term()
        self.skip_spaces()
        return condition

    def read_group(self, depth: int) -> Expression:
        start = self.at
        if depth > GROUPS_DEEP_MAX:
            raise MalformedQuery(f"Groups are nested more than {GROUPS_DEEP_MAX} deep. Simplify them.", offset=start)
        self.at += 1
        self.skip_spaces()
        expression = self.read_alternatives(depth)
        if not self.rest_begins(")"):
            scan.fail_at(self.text, start)
        self.at += 1
        return expression

    def take(self, operator: str) -> bool:
        """Go past *operator* and the spaces after it, if it stands at the cursor."""
        stands_here = scan.boolean_at(self.text, self.at) == operator
        if stands_here:
            self.at += len(operator)
            self.skip_spaces()
        return stands_here

    def is_at_end(self) -> bool:
        """Whether the text or the group ends here."""
        return self.at == len(self.text) or self.rest_begins(")")

    def refuse_operator(self, operator: str, after: str) -> None:
        if after:
            detail = f"Missing condition in between two condition operators: '{after} {operator}'"
        else:
            detail = f"Condition is missing on the left side of '{operator}' operator"
        raise MalformedQuery(detail, offset=self.at)


def _joined(kind: type[And] | type[Or], parts: Sequence[Expression]) -> Expression:
    """Return *parts* as one expression: a single part as it is, parts of the same kind dissolved."""
    if len(parts) == 1:
        return parts[0]
    flat: list[Expression] = []
    for part in parts:
        flat.extend(part.of if isinstance(part, kind) else (part,))
    return kind(tuple(flat))
