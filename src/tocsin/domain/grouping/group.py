"""From a normalised event to its hashes (spec/ingest.md section 5)."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, Final

from tocsin.domain.event.event import GroupingHash
from tocsin.domain.grouping.config_2023 import content_of_2023
from tocsin.domain.grouping.content import Content, content_of
from tocsin.domain.grouping.evidence import Evidence, present, read_evidence
from tocsin.domain.grouping.fingerprint import DEFAULT, Clues, expanded, resolved
from tocsin.domain.grouping.fingerprint_rules import first_match
from tocsin.domain.grouping.model import Grouping, Variant, hash_of
from tocsin.domain.grouping.rules import DEFAULT_RULES, GroupingRules
from tocsin.domain.grouping.stack_rules import StackRules

OLDEST: Final = "tocsin:2023-01-11"
LATEST: Final = "tocsin:2026-11-20"
CONFIGS: Final[Mapping[str, Callable[[Evidence, StackRules], Content]]] = {OLDEST: content_of_2023, LATEST: content_of}
"""Every configuration by its id, oldest first: how it finds what an event says.

A stored hash is only worth something with the configuration that made it, so none changes once it is released.
"""

_HEX_DIGITS = frozenset("0123456789abcdef")
_MD5_DIGITS = 32


def group(payload: Mapping[str, Any], rules: GroupingRules = DEFAULT_RULES, *, config: str = LATEST) -> Grouping:
    """Return where the normalised event *payload* belongs according to the algorithm *config*.

    ``apply_rules`` comes first: a frame without ``in_app`` is not the user's own. Any JSON object has a grouping.
    Raises KeyError for a *config* that is not in ``CONFIGS``.
    """
    return group_evidence(read_evidence(payload), rules, config=config)


def group_evidence(evidence: Evidence, rules: GroupingRules = DEFAULT_RULES, *, config: str = LATEST) -> Grouping:
    """Return the same as ``group`` for a payload that was read before; ``apply_rules`` returns such evidence."""
    rule = first_match(rules.fingerprinting, evidence)
    content = CONFIGS[config](evidence, rules.enhancements)
    clues = Clues(evidence, content.main_exception_id)
    entries = rule.fingerprint if rule else present(evidence.fingerprint) or (DEFAULT,)
    fingerprint = tuple(resolved(entry, clues) for entry in entries)
    variants = _variants(evidence, fingerprint, content)
    return Grouping(
        config=config,
        hashes=tuple(variant.hash for variant in variants if variant.contributes),
        variants=variants,
        fingerprint=fingerprint,
        main_exception_id=content.main_exception_id,
        title=expanded(rule.title, clues) if rule and rule.title else None,
    )


def _variants(evidence: Evidence, fingerprint: tuple[str, ...], content: Content) -> tuple[Variant, ...]:
    """Return all variants, those that contribute first, in the order of spec/ingest.md 5.2."""
    if evidence.checksum:
        checksum = Variant(name="checksum", values=(evidence.checksum,), hash=_checksum_hash(evidence.checksum))
        return checksum, *_content_variants(content, hint="the checksum takes precedence")
    if DEFAULT not in fingerprint:
        custom = Variant(name="custom-fingerprint", values=fingerprint, hash=hash_of(fingerprint))
        return custom, *_content_variants(content, hint="the fingerprint takes precedence")
    if not content.variants:
        return (Variant(name="fallback", values=(), hash=hash_of(())),)
    return _content_variants(content, fingerprint)


def _content_variants(
    content: Content, fingerprint: tuple[str, ...] = (DEFAULT,), *, hint: str | None = None
) -> tuple[Variant, ...]:
    """Return the variants of *content* salted with *fingerprint*; with a *hint* why not, none contributes."""
    variants: list[Variant] = []
    for name, texts in content.variants.items():
        values = _salted(texts, fingerprint)
        hash_ = hash_of(values)
        why_not = hint or ("it says the same as the app variant" if any(hash_ == v.hash for v in variants) else None)
        variants.append(Variant(name=name, values=values, hash=hash_, contributes=why_not is None, hint=why_not))
    return tuple(variants)


def _salted(texts: tuple[str, ...], fingerprint: tuple[str, ...]) -> tuple[str, ...]:
    if fingerprint == (DEFAULT,):
        return texts
    return tuple(chain.from_iterable(texts if entry == DEFAULT else (entry,) for entry in fingerprint))


def _checksum_hash(checksum: str) -> GroupingHash:
    if len(checksum) == _MD5_DIGITS and _HEX_DIGITS.issuperset(checksum):
        return GroupingHash(checksum)
    return hash_of((checksum,))
