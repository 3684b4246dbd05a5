"""What may stand in the body of a change, as the OpenAPI document tells it (spec/mutation.md 3)."""

from collections.abc import Sequence
from enum import StrEnum

from litestar.openapi.spec import OpenAPIType, Schema

from tocsin.domain.issue.issue import Priority, Substatus


def _one_of(words: Sequence[str] | type[StrEnum], description: str) -> Schema:
    return Schema(type=OpenAPIType.STRING, enum=[str(word) for word in words], description=description)


def _yes_or_no(description: str) -> Schema:
    return Schema(type=OpenAPIType.BOOLEAN, description=description)


def _number(description: str, maximum: int | None = None) -> Schema:
    return Schema(type=OpenAPIType.INTEGER, description=description, maximum=maximum)


_WINDOW_MINUTES_MAX = 10_080

_SNOOZE = {
    "ignoreDuration": _number("Minutes until the issue comes back."),
    "ignoreCount": _number("Events until it comes back."),
    "ignoreWindow": _number("Minutes within which these events must come.", _WINDOW_MINUTES_MAX),
    "ignoreUserCount": _number("Users until it comes back."),
    "ignoreUserWindow": _number("Minutes within which these users must come.", _WINDOW_MINUTES_MAX),
}

CHANGES = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "status": _one_of(("resolved", "resolvedInNextRelease", "unresolved", "ignored", "muted"), "The new status."),
        "substatus": _one_of(Substatus, "Why, where the status leaves a choice."),
        "statusDetails": Schema(
            type=OpenAPIType.OBJECT,
            properties={
                "inRelease": Schema(type=OpenAPIType.STRING, description="A version of the project, or latest."),
                "inNextRelease": _yes_or_no("Resolved in the release after the present one."),
                "inCommit": Schema(
                    type=OpenAPIType.OBJECT,
                    description="Resolved by a commit, in the newest release that has it or the first one that will.",
                    properties={
                        "commit": Schema(type=OpenAPIType.STRING, description="Its hash."),
                        "repository": Schema(type=OpenAPIType.STRING, description="The name of its repository."),
                    },
                ),
                **_SNOOZE,
            },
        ),
        **_SNOOZE,
        "assignedTo": Schema(
            type=OpenAPIType.STRING,
            description="user:ID, team:ID, #team-slug, a user name or an e-mail address; empty for nobody.",
        ),
        "hasSeen": _yes_or_no("Whether you have looked at it."),
        "isBookmarked": _yes_or_no("Whether you keep a bookmark."),
        "isSubscribed": _yes_or_no("Whether you want to hear of it."),
        "isPublic": _yes_or_no("Whether it has a share id."),
        "priority": _one_of(Priority, "How urgent it is, from now on decided by people."),
        "inbox": _yes_or_no("Whether it waits for review."),
        "merge": _yes_or_no("Make one issue of several, or take apart what was merged into these."),
        "discard": _yes_or_no("Delete the issue and drop its events from now on; nothing else may be asked with it."),
    },
)
