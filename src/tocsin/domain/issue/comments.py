"""Comments: what people write about an issue, whom they mention, and who hears of it (spec/mutation.md 8.4)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.domain.errors import InvalidFields, Malformed, NotFound
from tocsin.domain.issue.assignee_ref import UNREADABLE, TeamById, UserById, read_assignee
from tocsin.domain.issue.change import Change, unchanged
from tocsin.domain.issue.effects import Subscribe, Unsubscribe
from tocsin.domain.issue.fields import Rejected, body, text_up_to
from tocsin.domain.issue.issue import Activity, ActivityType, Issue, SubscriptionReason, TeamId, UserId

TEXT_CHARS_MAX: Final = 65_536
MENTIONS_MAX: Final = 100
REPEAT_WITHIN = timedelta(hours=1)
"""How long the same words of the same person are taken for a second press of the button."""

Mention = UserById | TeamById


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A comment as somebody sent it."""

    text: str
    mentions: tuple[Mention, ...] = ()
    """Each once, in the order sent."""


class Audience(msgspec.Struct, frozen=True):
    """Who may be mentioned: the teams of the issue's project, and who is in each of them."""

    teams: Mapping[TeamId, frozenset[UserId]] = {}

    @property
    def people(self) -> frozenset[UserId]:
        """Everybody on a team of the project."""
        return frozenset().union(*self.teams.values())


def read_comment(sent: Mapping[str, Any]) -> Draft:
    """Return the comment in the body *sent*. Raises InvalidFields; a text that is missing, null or blank is none."""
    return Draft(**_read({"text": None} | dict(sent)))


def check_mentions(draft: Draft, audience: Audience) -> None:
    """Raise InvalidFields for a mention of anybody, or of any team, outside *audience*."""
    faults = [_mention_fault(mention, audience) for mention in draft.mentions]
    if any(faults):
        raise InvalidFields({"mentions": list(dict.fromkeys(fault for fault in faults if fault))})


def post(
    issue: Issue, draft: Draft, audience: Audience, *, recent: Iterable[Activity], by: UserId, now: datetime
) -> Change:
    """Return what posting *draft* makes of *issue*: its only activity is the comment.

    *recent* are comments of the issue, those of the last hour at least. Raises InvalidFields for a mention outside
    *audience* and Malformed for words that the same person wrote within ``REPEAT_WITHIN``.
    """
    check_mentions(draft, audience)
    if any(_repeats(draft, note, by, now) for note in recent):
        raise Malformed("You have already posted that comment.")
    data: dict[str, Any] = {"text": draft.text}
    if draft.mentions:
        data["mentions"] = [_written(mention) for mention in draft.mentions]
    change = unchanged(issue).having(comment_count=issue.comment_count + 1)
    change = change.telling(ActivityType.NOTE, data, by=by, at=now)
    change = change.causing(Subscribe(frozenset({by}), SubscriptionReason.COMMENT))
    others = _mentioned(draft, audience) - {by}
    return change.causing(Subscribe(others, SubscriptionReason.MENTIONED)) if others else change


def own_note(entry: Activity | None, issue: Issue, by: UserId) -> Activity:
    """Return *entry* if it is a comment on *issue* that *by* wrote. Raises NotFound for anything else."""
    if entry is None or (entry.issue_id, entry.type, entry.user_id) != (issue.id, ActivityType.NOTE, by):
        raise NotFound
    return entry


def edited(note: Activity, draft: Draft) -> Activity:
    """Return *note* with the words of *draft*; nobody is mentioned by an edit (spec/mutation.md 8.4)."""
    return msgspec.structs.replace(note, data={"text": draft.text})


def deleted(issue: Issue, by: UserId, *, was_last: bool) -> Change:
    """Return *issue* with a comment of *by* less; *was_last* says that they have no other on it.

    Who was subscribed only for commenting is not any more once nothing of theirs is left.
    """
    change = unchanged(issue).having(comment_count=max(issue.comment_count - 1, 0))
    return change.causing(Unsubscribe(frozenset({by}), SubscriptionReason.COMMENT)) if was_last else change


_read_text = text_up_to(TEXT_CHARS_MAX)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Rejected(["This field is required."])
    return _read_text(value)


def _mentions(value: Any) -> tuple[Mention, ...]:
    """Read ``["user:1", "team:2"]``; null and a single text, as forms send it, will do."""
    listed = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise Rejected([f'Expected a list of items but got type "{type(value).__name__}".'])
    if len(listed) > MENTIONS_MAX:
        raise Rejected([f"Ensure this field has no more than {MENTIONS_MAX} elements."])
    return tuple(dict.fromkeys(_mention(one) for one in listed))


def _mention(value: Any) -> Mention:
    reference = read_assignee(value)
    if not isinstance(reference, UserById | TeamById):
        raise Rejected([UNREADABLE])
    return reference


_read = body({"text": _text, "mentions": _mentions})


def _mention_fault(mention: Mention, audience: Audience) -> str:
    match mention:
        case UserById(user_id):
            return "" if user_id in audience.people else "Cannot mention a non-team member"
        case TeamById(team_id):
            return "" if team_id in audience.teams else "Cannot mention a team without access to the project"


def _mentioned(draft: Draft, audience: Audience) -> frozenset[UserId]:
    return frozenset().union(*(_people(mention, audience) for mention in draft.mentions))


def _people(mention: Mention, audience: Audience) -> frozenset[UserId]:
    match mention:
        case UserById(user_id):
            return frozenset({user_id})
        case TeamById(team_id):
            return audience.teams[team_id]


def _written(mention: Mention) -> str:
    match mention:
        case UserById(user_id):
            return f"user:{user_id}"
        case TeamById(team_id):
            return f"team:{team_id}"


def _repeats(draft: Draft, note: Activity, by: UserId, now: datetime) -> bool:
    is_recent = now - note.created_at < REPEAT_WITHIN
    return is_recent and note.user_id == by and note.data.get("text") == draft.text
