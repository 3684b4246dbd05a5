"""Tags for screens: which keys there are, and which values they take (spec/search.md 5.7)."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from tocsin.domain.issue.issue import Issue, ProjectId
from tocsin.domain.query.window import Window
from tocsin.storage.history import tags
from tocsin.storage.history.filters import every, is_like, tag
from tocsin.storage.history.scope import Page, ProjectScope, Scope, Selection
from tocsin.storage.history.tags import TAG_VALUES_MAX, TagKey, TagOrder, TagValue
from tocsin.storage.views.events import issue_scope
from tocsin.storage.views.stores import Views

__all__ = [
    "TagKey",
    "TagOrder",
    "TagQuestion",
    "TagSummary",
    "TagValue",
    "keys_of_projects",
    "summaries_of_issue",
    "summary_of_issue",
    "users_of",
    "values",
]

TOP_VALUES_MAX = 9


class TagQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Whose tags are asked for: those of the events of *issue*, else of *project_ids*."""

    issue: Issue | None = None
    project_ids: tuple[ProjectId, ...] = ()
    window: Window
    environments: tuple[str, ...] = ()


class TagSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A key and its most frequent values."""

    key: TagKey
    top: tuple[TagValue, ...]


def keys_of_projects(views: Views, question: TagQuestion) -> list[TagKey]:
    """Return the keys that events of the projects have, by name."""
    return tags.tag_keys(views.history, *_asked(views, question))


def summaries_of_issue(views: Views, question: TagQuestion, only: Collection[str], top_max: int) -> list[TagSummary]:
    """Return every key of the issue, or those of *only* if there are any, each with its most frequent values."""
    scope, selection = _asked(views, question)
    known = [key for key in tags.tag_keys(views.history, scope, selection) if not only or key.key in only]
    top = tags.top_tag_values(views.history, scope, selection, each_max=top_max)
    return [TagSummary(key=key, top=tuple(top.get(key.key, ()))) for key in known]


def summary_of_issue(views: Views, question: TagQuestion, key: str) -> TagSummary | None:
    """Return one key of the issue with its most frequent values; None when none of its events has it."""
    scope, selection = _asked(views, question)
    known = tags.tag_key(views.history, scope, key, selection)
    if known is None:
        return None
    top = tags.tag_values(views.history, scope, key, selection, Page(TOP_VALUES_MAX), TagOrder.EVENTS)
    return TagSummary(key=known, top=tuple(top))


def values(
    views: Views, question: TagQuestion, key: str, order: TagOrder = TagOrder.FIRST, contains: str = ""
) -> list[TagValue]:
    """Return the values of *key*, at most ``TAG_VALUES_MAX``, optionally those with *contains* in them."""
    scope, selection = _asked(views, question)
    if contains:
        matching = is_like(tag(key), f"*{contains}*")
        selection = msgspec.structs.replace(selection, where=every((selection.where, matching)))
    return tags.tag_values(views.history, scope, key, selection, Page(TAG_VALUES_MAX), order)


def users_of(views: Views, question: TagQuestion, values: Sequence[TagValue]) -> dict[str, dict[str, Any]]:
    """Return, by user tag, what the latest event of each user says about them."""
    scope, selection = _asked(views, question)
    return tags.users_behind(views.history, scope, selection, [value.value for value in values])


def _asked(views: Views, question: TagQuestion) -> tuple[Scope, Selection]:
    scope: Scope = issue_scope(views, question.issue) if question.issue else ProjectScope(question.project_ids)
    window = question.window
    return scope, Selection(start=window.start, end=window.end, environments=question.environments)
