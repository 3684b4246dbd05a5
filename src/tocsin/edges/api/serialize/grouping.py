"""What made the hashes of an event, as the API tells it: variants by name, each with what counts in it and why not."""

from typing import Any

from tocsin.domain.grouping import Explanation, Variant
from tocsin.domain.grouping.explanation import Part
from tocsin.domain.organization import Project
from tocsin.storage.views.events import StoredEvent
from tocsin.storage.views.grouping import explanation_of

_TYPED_BY_NAME = frozenset({"checksum", "custom-fingerprint", "fallback"})
_DESCRIPTIONS = {
    "app": "in-app frames",
    "system": "all frames",
    "default": "the message or report",
    "checksum": "the checksum that the client sent",
    "custom-fingerprint": "the fingerprint",
    "fallback": "nothing in the event tells problems apart",
}


def grouping_info(event: StoredEvent, project: Project) -> dict[str, Any]:
    """Return the variants of *event* under the rules of its project; a hash it does not have is a mismatch."""
    explanation = explanation_of(event, project)
    return {variant.name: _variant(variant, event, explanation) for variant in explanation.grouping.variants}


def _variant(variant: Variant, event: StoredEvent, explanation: Explanation) -> dict[str, Any]:
    grouping = explanation.grouping
    part = explanation.parts.get(variant.name)
    return {
        "key": variant.name,
        "type": variant.name if variant.name in _TYPED_BY_NAME else "component",
        "description": _DESCRIPTIONS[variant.name],
        "hash": variant.hash,
        "hashMismatch": variant.contributes and variant.hash not in event.hashes,
        "contributes": variant.contributes,
        "hint": variant.hint,
        "values": list(variant.values),
        "fingerprint": list(grouping.fingerprint),
        "matchedRule": _rule(explanation),
        "component": _part(part) if part else None,
        "config": {"id": grouping.config},
    }


def _rule(explanation: Explanation) -> dict[str, Any] | None:
    rule = explanation.rule
    return _written(rule.written.text, rule.written.line) if rule else None


def _written(text: str, line: int) -> dict[str, Any]:
    return {"text": text, "line": line or None, "isBuiltIn": line == 0}


def _part(part: Part) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": part.id,
        "name": part.id,
        "contributes": part.contributes,
        "hint": part.hint,
        "values": [*part.texts, *map(_part, part.parts)],
    }
    if part.frame is not None:
        shown["inApp"] = part.frame.in_app is True
        shown["rules"] = [_written(written.text, written.line) for written in part.rules]
    return shown
