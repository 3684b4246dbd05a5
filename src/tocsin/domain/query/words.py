"""Keys whose values come from a fixed list of words: the words, and the complaint about any other."""

from collections.abc import Mapping

import msgspec

from tocsin.domain.issue.issue import Priority, Status, Substatus

REPROCESSING = "reprocessing"
"""A status of the protocol that no issue of ours ever has."""


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What may stand after a key, and which canonical word it means."""

    words: Mapping[str, str]
    complaint: str
    """The error text of spec/search.md 1.8, with ``{}`` for the word nobody knows."""
    any_case: bool = False

    def canonical(self, word: str) -> str | None:
        """Return the canonical word for *word*, or None."""
        return self.words.get(word.lower() if self.any_case else word)


def _themselves(*words: str) -> dict[str, str]:
    return {word: word for word in words}


_STATUS_WORDS = _themselves(Status.UNRESOLVED.value, Status.RESOLVED.value, Status.IGNORED.value, REPROCESSING) | {
    "archived": Status.IGNORED.value,
    "muted": Status.IGNORED.value,
}
_SUBSTATUS_WORDS = _themselves(*(substatus.value for substatus in Substatus))
_OTHER_IS_WORDS = _themselves("assigned", "unassigned", "for_review", "linked", "unlinked")

IS_WORDS = tuple(sorted(_STATUS_WORDS | _SUBSTATUS_WORDS | _OTHER_IS_WORDS))
"""Everything ``is:`` takes, spec/search.md 2.2."""

STATUSES = Vocabulary(words=_STATUS_WORDS, complaint="invalid status value of '{}'")
SUBSTATUSES = Vocabulary(words=_SUBSTATUS_WORDS, complaint="invalid substatus value of '{}'")
KEYWORDS = Vocabulary(
    words=_STATUS_WORDS | _SUBSTATUS_WORDS | _OTHER_IS_WORDS,
    complaint=f'Invalid value for "is" search, valid values are {list(IS_WORDS)}',
)
PRIORITIES = Vocabulary(
    words=_themselves(*(priority.value for priority in Priority)),
    complaint="Invalid priority value of '{}'",
    any_case=True,
)
CATEGORIES = Vocabulary(
    words=_themselves(
        "error",
        "performance",
        "profile",
        "cron",
        "replay",
        "feedback",
        "uptime",
        "metric_alert",
        "outage",
        "metric",
        "db_query",
        "http_client",
        "frontend",
        "mobile",
        "ai_detected",
        "preprod",
        "configuration",
    ),
    complaint="Invalid category value of '{}'",
    any_case=True,
)
TYPES = Vocabulary(
    words=_themselves(
        "error",
        "feedback",
        "metric_issue",
        "monitor_check_in_failure",
        "performance_consecutive_db_queries",
        "performance_consecutive_http",
        "performance_db_main_thread",
        "performance_file_io_main_thread",
        "performance_http_overhead",
        "performance_large_http_payload",
        "performance_m_n_plus_one_db_queries",
        "performance_n_plus_one_api_calls",
        "performance_n_plus_one_db_queries",
        "performance_render_blocking_asset_span",
        "performance_slow_db_query",
        "performance_uncompressed_assets",
        "profile_file_io_main_thread",
        "profile_function_regression",
        "replay_hydration_error",
        "replay_rage_click",
        "uptime_domain_failure",
    ),
    complaint="Invalid type value of '{}'",
)
RELEASE_STAGES = Vocabulary(
    words=_themselves("adopted", "low", "replaced"), complaint="Invalid release stage value of '{}'"
)
DEVICE_CLASSES = Vocabulary(words=_themselves("high", "medium", "low"), complaint="Invalid device class value of '{}'")
