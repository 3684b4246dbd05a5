"""What events say about their issue: the figures and words that go with them when they change hands.

Events never change, but the hashes that make them events of an issue do: by merging, by taking apart, by moving hashes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.issue.issue import UNSAVED, Issue, Status, Substatus
from tocsin.domain.issue.observe import priority_of_level
from tocsin.domain.issue.workflow import NEWS_AGE_MAX


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """How the newest of some events describe their issue; what it is called comes from the newest with a title."""

    level: str
    logger: str
    platform: str
    culprit: str
    type: str
    title: str
    message: str
    metadata: dict[str, Any]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What some events come to. Without any the times mean nothing: an issue must have some."""

    events: int
    first_seen: datetime
    last_seen: datetime
    first_release: str = ""
    """Version of the release of the earliest that has one; empty when none has."""
    last_release: str = ""
    words: Words | None = None
    """None when only figures are known."""


def account_of(issue: Issue) -> Account:
    """Return the figures that *issue* keeps."""
    return Account(
        events=issue.times_seen,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        first_release=issue.first_release,
        last_release=issue.last_release,
    )


def joined(accounts: Iterable[Account | None]) -> Account | None:
    """Return several accounts as one; of equal times the one given first counts. None when there is no event."""
    known = [account for account in accounts if account is not None and account.events]
    if not known:
        return None
    rising = sorted(known, key=lambda account: account.first_seen)
    falling = sorted(known, key=lambda account: account.last_seen, reverse=True)
    return Account(
        events=sum(account.events for account in known),
        first_seen=rising[0].first_seen,
        last_seen=falling[0].last_seen,
        first_release=next((account.first_release for account in rising if account.first_release), ""),
        last_release=next((account.last_release for account in falling if account.last_release), ""),
        words=next((account.words for account in falling if account.words), None),
    )


def remainder(whole: Account, gone: Sequence[Account], rest: Account) -> Account:
    """Return *whole* without the events of *gone*, at least one account; *rest* is what is known of the others.

    What cannot come from *gone* stays as it is: history may have forgotten where that came from.
    """
    first_gone, last_gone = min(one.first_seen for one in gone), max(one.last_seen for one in gone)
    releases_gone = {release for one in gone for release in (one.first_release, one.last_release)}
    return Account(
        events=whole.events - sum(one.events for one in gone),
        first_seen=whole.first_seen if whole.first_seen < first_gone else rest.first_seen,
        last_seen=whole.last_seen if whole.last_seen > last_gone else rest.last_seen,
        first_release=rest.first_release if whole.first_release in releases_gone else whole.first_release,
        last_release=rest.last_release if whole.last_release in releases_gone else whole.last_release,
    )


def including(issue: Issue, more: Account | None) -> Issue:
    """Return *issue* with the events of *more*; words older than it was last seen are not followed."""
    if more is None:
        return issue
    grown = _with_figures(issue, joined([account_of(issue), more]) or account_of(issue))
    return _saying(grown, more.words) if more.last_seen >= issue.last_seen else grown


def excluding(issue: Issue, gone: Iterable[Account | None], rest: Account | None) -> Issue:
    """Return *issue* without the events of *gone*; *rest* is what is known of its others, None if that is nothing.

    It is called what the others call it, as far as they are known. An issue that waits for the correction of an earlier
    split (storage/state/recounts.py) may count less than nothing meanwhile: so no event is counted twice or not at all.
    """
    leaving = [account for account in gone if account is not None and account.events]
    if not leaving:
        return issue
    if rest is None:
        events = sum(account.events for account in leaving)
        return msgspec.structs.replace(issue, times_seen=issue.times_seen - events)
    return _saying(_with_figures(issue, remainder(account_of(issue), leaving, rest)), rest.words)


def split_off(source: Issue, moved: Account | None, *, number: int, now: datetime) -> Issue:
    """Return a new issue, not saved yet, of the *moved* events of *source*; *number* counts per project.

    Without any event it looks like its source, and has been seen by nobody.
    """
    account = moved or msgspec.structs.replace(account_of(source), events=0)
    is_news = now - account.first_seen < NEWS_AGE_MAX
    fresh = Issue(
        id=UNSAVED,
        project_id=source.project_id,
        number=number,
        substatus=Substatus.NEW if is_news else Substatus.ONGOING,
        level=source.level,
        logger=source.logger,
        platform=source.platform,
        type=source.type,
        title=source.title,
        culprit=source.culprit,
        message=source.message,
        metadata=source.metadata,
        first_seen=account.first_seen,
        last_seen=account.last_seen,
        active_at=account.first_seen,
        times_seen=account.events,
        first_release=account.first_release,
        last_release=account.last_release,
        status=Status.UNRESOLVED,
    )
    words = account.words
    named = fresh if words is None else msgspec.structs.replace(fresh, **msgspec.structs.asdict(words))
    return msgspec.structs.replace(named, priority=priority_of_level(named.level))


def _with_figures(issue: Issue, account: Account) -> Issue:
    return msgspec.structs.replace(
        issue,
        times_seen=account.events,
        first_seen=account.first_seen,
        last_seen=account.last_seen,
        first_release=account.first_release,
        last_release=account.last_release,
    )


def _saying(issue: Issue, words: Words | None) -> Issue:
    """Return *issue* described by *words*; the logger and the platform are those of its first event for good."""
    if words is None:
        return issue
    return msgspec.structs.replace(
        issue,
        level=words.level,
        culprit=words.culprit,
        type=words.type,
        title=words.title,
        message=words.message,
        metadata=words.metadata,
    )
