"""Comments for screens: newest first, in pages."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tocsin.domain.errors import NotFound
from tocsin.domain.issue.issue import Activity, ActivityType, Issue
from tocsin.domain.query.paging import Cursor, Page, page_by_score
from tocsin.storage.state import activity, users
from tocsin.storage.state.activity import ActivityId
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views.issues import Entry
from tocsin.storage.views.stores import Views

__all__ = ["ActivityId", "comment_id", "comments_of"]

COMMENTS_MAX = 10_000
"""Comments of one issue that lists reach."""
_ID_DIGITS_MAX = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def comment_id(reference: str) -> ActivityId:
    """Return the id that a path names. Raises NotFound for what cannot be one."""
    if not (reference.isascii() and reference.isdigit() and len(reference) <= _ID_DIGITS_MAX):
        raise NotFound
    return ActivityId(int(reference))


def comments_of(views: Views, issue: Issue, cursor: Cursor | None, limit: int) -> Page[Entry]:
    """Return a page of the comments on *issue*, newest first, in the score family (spec/search.md 4.1)."""
    with views.state.read() as connection:
        known = activity.times(connection, issue.id, [ActivityType.NOTE], COMMENTS_MAX)
        page = page_by_score(known, lambda one: _milliseconds(one[1]), cursor, limit)
        entries = _entries(connection, [note_id for note_id, _ in page.rows])
    return Page(entries, page.previous, page.next)


def _milliseconds(at: datetime) -> int:
    """Return *at* in milliseconds, rounded up, as lists that go back in time want it (spec/search.md 4.3)."""
    return -((_EPOCH - at) // _MILLISECOND)


def _entries(connection: Transaction, note_ids: Sequence[ActivityId]) -> list[Entry]:
    notes = activity.by_ids(connection, note_ids)
    people = users.by_ids(connection, {note.user_id for note in notes.values() if note.user_id is not None})

    def entry(note_id: ActivityId, note: Activity) -> Entry:
        return Entry(id=note_id, activity=note, user=people.get(note.user_id) if note.user_id else None)

    return [entry(note_id, notes[note_id]) for note_id in note_ids]
