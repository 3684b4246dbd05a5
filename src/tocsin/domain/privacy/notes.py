"""What was taken out of an event, written down in its ``_meta`` (spec/ingest.md 3.12)."""

from collections.abc import Sequence
from typing import Any

from tocsin.domain.privacy.redaction import Edit, Redaction

Path = tuple[str, ...]
"""Keys and indexes from the top of the event to a value, all as text."""


class Notes:
    """Adds to the ``_meta`` of one event, in place: what SDKs and normalisation wrote there stays below."""

    def __init__(self, meta: dict[str, Any]) -> None:
        self.meta = meta

    def replaced(self, path: Path, rule: str, redaction: Redaction, shown: object, value: object) -> None:
        """Remember that *shown* is all that is left of *value*; what was noted of its parts is gone with them."""
        node = self._node(path)
        earlier = _note_of(node)
        node.clear()
        rem: list[object] = [rule, redaction.letter]
        if isinstance(shown, str) and shown:
            rem += (0, len(shown))
        node[""] = {"rem": [*_without_ranges(earlier.get("rem")), rem]}
        _keep_length(node[""], earlier, len(value) if isinstance(value, str) else None)

    def edited(self, path: Path, rule: str, redaction: Redaction, edits: Sequence[Edit], length: int) -> None:
        """Remember the *edits* of a text that had *length* characters before."""
        node = self._node(path)
        earlier = _note_of(node)
        rem = [*_shifted(earlier.get("rem"), edits)]
        rem += [[rule, redaction.letter, edit.new_start, edit.new_end] for edit in edits]
        node[""] = earlier | {"rem": rem}
        _keep_length(node[""], earlier, length)

    def forgotten(self, path: Path, dropped: Sequence[int]) -> None:
        """Let the notes of a list's elements follow them when those at *dropped* are taken out."""
        node = self._node(path)
        places = [key for key in node if key.isdecimal()]
        kept = {
            str(int(key) - sum(index < int(key) for index in dropped)): node[key]
            for key in places
            if int(key) not in dropped
        }
        for key in places:
            del node[key]
        node.update(kept)

    def _node(self, path: Path) -> dict[str, Any]:
        node = self.meta
        for key in path:
            child = node.get(key)
            if not isinstance(child, dict):
                child = node[key] = {}
            node = child
        return node


def _note_of(node: dict[str, Any]) -> dict[str, Any]:
    note = node.get("")
    return note if isinstance(note, dict) else {}


def _keep_length(note: dict[str, Any], earlier: dict[str, Any], length: int | None) -> None:
    """Note the length of what was sent: a text that had been cut before was longer still."""
    before = earlier.get("len")
    if isinstance(before, int):
        note["len"] = before
    elif length is not None:
        note["len"] = length


def _without_ranges(remarks: object) -> list[object]:
    """Return earlier remarks on a value as a whole; those on parts of it mean nothing any more."""
    return [each for each in remarks if isinstance(each, list) and len(each) == 2] if isinstance(remarks, list) else []


def _shifted(remarks: object, edits: Sequence[Edit]) -> list[object]:
    """Return earlier remarks with their ranges where the text is now; those of a text that is gone are gone too."""
    kept = []
    for remark in remarks if isinstance(remarks, list) else ():
        moved = _moved(remark, edits) if isinstance(remark, list) and len(remark) == 4 else remark
        if moved is not None:
            kept.append(moved)
    return kept


def _moved(remark: list[Any], edits: Sequence[Edit]) -> list[Any] | None:
    rule, letter, start, end = remark
    if not isinstance(start, int) or not isinstance(end, int):
        return remark
    shift = 0
    for edit in edits:
        if edit.end <= start:
            shift += (edit.new_end - edit.new_start) - (edit.end - edit.start)
        elif edit.start < end:
            return None
    return [rule, letter, start + shift, end + shift]
