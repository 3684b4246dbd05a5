"""How a project wants its events grouped: rules, configuration, and the one it comes from (spec/ingest.md 5.9)."""

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.grouping.group import CONFIGS, LATEST
from tocsin.domain.grouping.rules import DEFAULT_RULES, GroupingRules, parse_grouping_rules

RULES_CHARS_MAX: Final = 32_768
PATTERNS_CHARS_MAX: Final = 65_536
"""How long the patterns of all rules may be together, every ``{a,b}`` written out: each event is compared with them."""
TRANSITION_SECONDS: Final = 90 * 86_400
"""How long the configuration that a project comes from still finds its issues."""

_WORD = re.compile(r'(?:[^\s"]|"(?:\\.|[^"\\])*"|")+')
_BRACES = re.compile(r"\{([^{}]*)\}")


class ProjectGrouping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What decides which issue the events of a project belong to."""

    config: str = LATEST
    fingerprinting: str = ""
    enhancements: str = ""
    secondary_config: str = ""
    """The configuration before; empty when there was none."""
    secondary_until: int = 0
    """Seconds since 1970 at which it stops to count."""

    @property
    def rules(self) -> GroupingRules:
        """The rules, parsed. Raises Malformed for texts that ``check_rules`` refuses."""
        if not self.fingerprinting and not self.enhancements:
            return DEFAULT_RULES
        return parse_grouping_rules(self.fingerprinting, self.enhancements)

    def secondary_at(self, moment: datetime) -> str | None:
        """Return the configuration that also counts for an event received at *moment*."""
        if not self.secondary_config or moment.timestamp() >= self.secondary_until:
            return None
        return self.secondary_config if self.secondary_config != self.config else None


def grouping_of(options: Mapping[str, Any]) -> ProjectGrouping:
    """Return what the options of a project amount to. A configuration that this program lacks counts as none."""
    config, secondary = options.get("groupingConfig") or "", options.get("secondaryGroupingConfig") or ""
    return ProjectGrouping(
        config=config if config in CONFIGS else LATEST,
        fingerprinting=options.get("fingerprintingRules") or "",
        enhancements=options.get("groupingEnhancements") or "",
        secondary_config=secondary if secondary in CONFIGS else "",
        secondary_until=options.get("secondaryGroupingExpiry") or 0,
    )


def transition(before: Mapping[str, Any], changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the options to change so that a move to another configuration keeps the issues there are.

    Whatever *changes* says about the configuration before and its end stands.
    """
    old = grouping_of(before).config
    if changes.get("groupingConfig", old) == old:
        return {}
    kept = {"secondaryGroupingConfig": old, "secondaryGroupingExpiry": int(now.timestamp()) + TRANSITION_SECONDS}
    return {name: value for name, value in kept.items() if name not in changes}


def check_rules(*, fingerprinting: str = "", enhancements: str = "") -> None:
    """Raise Malformed, with the number of the line, for rules that cannot be read or are too many."""
    for text in (fingerprinting, enhancements):
        if len(text) > RULES_CHARS_MAX:
            raise Malformed(f"The rules may have {RULES_CHARS_MAX:,} characters; delete some.")
        _check_patterns(text)
    parse_grouping_rules(fingerprinting, enhancements)


def _check_patterns(text: str) -> None:
    if "\x00" in text or text != text.encode("utf-8", "replace").decode():
        raise Malformed("The rules hold characters that are no text; delete them.")
    sizes = accumulate(sum(map(_written_out, _WORD.findall(line))) for line in text.splitlines())
    for number, size in enumerate(sizes, start=1):
        if size > PATTERNS_CHARS_MAX:
            raise Malformed(f"line {number}: the patterns up to here have too many alternatives; use fewer braces")


def _written_out(word: str) -> int:
    """Return the length of *word* with every choice between braces written out."""
    choices = 1
    for braces in _BRACES.finditer(word):
        choices *= braces[1].count(",") + 1
    return choices * len(word)
