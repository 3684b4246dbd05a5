"""The rules in force for a project: its own and the built-in ones, parsed (spec/ingest.md 5.1)."""

from functools import lru_cache

import msgspec

from tocsin.domain.grouping import builtin_rules
from tocsin.domain.grouping.fingerprint_rules import FingerprintRule, parse_fingerprint_rules
from tocsin.domain.grouping.stack_rule_text import parse_stack_rules
from tocsin.domain.grouping.stack_rules import StackRules

PROJECTS_CACHED_MAX = 256


class GroupingRules(msgspec.Struct, frozen=True, eq=False):
    """Parsed rules, in the order in which they apply."""

    fingerprinting: tuple[FingerprintRule, ...]
    enhancements: StackRules


@lru_cache(PROJECTS_CACHED_MAX)
def parse_grouping_rules(fingerprinting: str = "", enhancements: str = "") -> GroupingRules:
    """Return the rules of a project from its two settings. The same texts give the same, already warm, value.

    A project's fingerprint rules go before the built-in ones (the first match wins), its stack trace rules after them
    (the last match wins). Raises Malformed with the number of the line that is no rule.
    """
    return GroupingRules(
        fingerprinting=parse_fingerprint_rules(fingerprinting) + _BUILT_IN,
        enhancements=parse_stack_rules(builtin_rules.STACK_RULES, enhancements),
    )


_BUILT_IN = parse_fingerprint_rules(builtin_rules.FINGERPRINT_RULES, built_in=True)
DEFAULT_RULES = parse_grouping_rules()
"""The built-in rules alone."""
