"""What events say about the issues they belong to: figures, releases and words, as issues keep them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.issue.account import Account, Words
from tocsin.domain.issue.sighting import PLACEHOLDER_TITLES
from tocsin.domain.issue.whereabouts import Met
from tocsin.storage.history.filters import texts
from tocsin.storage.history.scope import EVERYTHING, IssueScope, Selection, in_issues, issue_number
from tocsin.storage.history.store import History

SCOPES_PER_QUESTION_MAX = 500

_AGE = "(timestamp, event_id)"


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What the events of one scope say."""

    total: Account | None = None
    """None without any event."""
    met: Mapping[str, Met] = {}
    """By environment."""


def accounts(history: History, scopes: Sequence[IssueScope], selection: Selection = EVERYTHING) -> list[Telling]:
    """Return what the selected events of each of *scopes* say, in their order; no two may share a hash."""
    told: list[Telling] = []
    for start in range(0, len(scopes), SCOPES_PER_QUESTION_MAX):
        told += _accounts(history, scopes[start : start + SCOPES_PER_QUESTION_MAX], selection)
    return told


def _accounts(history: History, scopes: Sequence[IssueScope], selection: Selection) -> list[Telling]:
    if not any(scope.hashes for scope in scopes):
        return [Telling() for _ in scopes]
    number, chosen = issue_number(scopes), in_issues(scopes) & selection.clause()
    untitled = texts(sorted(PLACEHOLDER_TITLES))
    sql = (
        f"SELECT {number.sql} AS number, grouping(environment), environment, min(timestamp), max(timestamp),"
        f" argMin(release, {_AGE}), count(), argMinIf(release, {_AGE}, release != ''),"
        f" argMaxIf(release, {_AGE}, release != ''), argMax((level, logger, platform, culprit), {_AGE}),"
        f" argMax((type, title, message, metadata), (title NOT IN {untitled.sql}, timestamp, event_id))"
        f" FROM event WHERE {chosen.sql} GROUP BY GROUPING SETS ((number), (number, environment))"
    )
    bindings = {**number.parameters, **chosen.parameters, **untitled.parameters}
    totals: dict[int, Account] = {}
    met: dict[int, dict[str, Met]] = {}
    for index, is_total, environment, first, last, first_release, *figures in history.rows(sql, bindings):
        if is_total:
            totals[index] = _account(first, last, figures)
        else:
            one = Met(first_seen=first, last_seen=last, first_release=first_release)
            met.setdefault(index, {})[environment] = one
    return [Telling(total=totals.get(index), met=met.get(index, {})) for index in range(1, len(scopes) + 1)]


def _account(first: datetime, last: datetime, figures: Sequence[Any]) -> Account:
    events, first_release, last_release, latest, titled = figures
    level, logger, platform, culprit = latest
    type_, title, message, metadata = titled
    return Account(
        events=events,
        first_seen=first,
        last_seen=last,
        first_release=first_release,
        last_release=last_release,
        words=Words(
            level=level,
            logger=logger,
            platform=platform,
            culprit=culprit,
            type=type_,
            title=title,
            message=message,
            metadata=msgspec.json.decode(metadata),
        ),
    )
