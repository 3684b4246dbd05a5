"""Who should perhaps look after an issue that is nobody's (spec/search.md 2.3 ``assigned_or_suggested``)."""

from datetime import datetime
from enum import StrEnum

import msgspec

from tocsin.domain.issue.issue import TeamId, UserId


class SuggestionReason(StrEnum):
    """What a suggestion rests on, as the API calls it."""

    OWNERSHIP_RULE = "ownershipRule"
    """A rule of the project fits an event."""
    SUSPECT_COMMIT = "suspectCommit"
    """Somebody's commit touched what failed."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A user or a team, never both."""

    user_id: UserId | None = None
    team_id: TeamId | None = None
    reason: SuggestionReason
    added_at: datetime
