"""What normalisation found wrong with an event, for the people who send it (spec/ingest.md 3.12)."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

Path: TypeAlias = tuple[str, ...]
"""Keys and indexes from the top of the event to a value, all as text."""

INVALID_DATA = "invalid_data"
MISSING_ATTRIBUTE = "missing_attribute"
VALUE_TOO_LONG = "value_too_long"
PAST_TIMESTAMP = "past_timestamp"
FUTURE_TIMESTAMP = "future_timestamp"
CLOCK_DRIFT = "clock_drift"

ERRORS_MAX = 100
NOTES_MAX = 2000
ORIGINAL_BYTES_MAX = 512


class Remarks:
    """Collects ``errors`` and ``_meta`` while one event is normalised.

    *sent* is the ``_meta`` of the SDK: it follows the values that normalisation moves, and ours is laid on top of it.
    An event in which everything is wrong must not grow by it: what comes after ``NOTES_MAX`` notes is not told.
    """

    def __init__(self, sent: dict[str, Any] | None = None) -> None:
        self.errors: list[dict[str, Any]] = []
        self._sent = sent or {}
        self._tree: dict[str, Any] = {}
        self._notes_left = NOTES_MAX

    def removed(self, path: Path, value: Any, kind: str = INVALID_DATA, *, reason: str = "") -> None:
        """Remember that *value* was taken out because it is *kind*."""
        original = _excerpt(value)
        details = {"reason": reason} if reason else {}
        self.error(kind, path, value=original, **details)
        note = self._note(path)
        note.setdefault("err", []).append([kind, details] if details else kind)
        note["val"] = original

    def trimmed(self, path: Path, length: int, limit: int) -> None:
        """Remember that a text of *length* characters was cut to *limit*."""
        note = self._note(path)
        note["rem"] = [["!limit", "s", limit - 3, limit]]
        note["len"] = length

    def shortened(self, path: Path, length: int) -> None:
        """Remember that a list or object of *length* entries lost some."""
        self._note(path)["len"] = length

    def flattened(self, path: Path) -> None:
        """Remember that an object or list was too deep and became its JSON text."""
        self._note(path)["rem"] = [["!limit", "s"]]

    def error(self, kind: str, path: Path, **details: Any) -> None:
        """Add an entry to ``errors``; beyond ERRORS_MAX they say nothing new and are left out."""
        if len(self.errors) < ERRORS_MAX:
            self.errors.append({"type": kind, "name": ".".join(path), **details})

    def moved(self, old: Path, new: Path) -> None:
        """Let the SDK's remarks follow a value from *old* to *new*."""
        node = self._sent_node(old[:-1])
        if node is not None and old[-1] in node:
            moved = node.pop(old[-1])
            node = self._sent
            for key in new[:-1]:
                below = node.setdefault(key, {})
                if not isinstance(below, dict):
                    below = node[key] = {}
                node = below
            node[new[-1]] = moved

    def renumbered(self, path: Path, dropped: int) -> None:
        """Let the SDK's remarks follow the elements of a list that lost its first *dropped*."""
        parent = self._sent_node(path[:-1])
        node = parent.get(path[-1]) if parent else None
        if parent is not None and isinstance(node, dict):
            parent[path[-1]] = {
                str(int(key) - dropped) if key.isdecimal() else key: note
                for key, note in node.items()
                if not (key.isdecimal() and int(key) < dropped)
            }

    def paired(self, path: Path, names: Iterable[str], spelling: Callable[[str], str] = str) -> None:
        """Let the SDK's remarks follow the values of an object that became a list of pairs.

        *names* are the first elements of the pairs, *spelling* makes such a name of a key as it was sent.
        """
        parent = self._sent_node(path[:-1])
        node = parent.get(path[-1]) if parent else None
        if parent is not None and isinstance(node, dict):
            notes = {spelling(key): note for key, note in node.items()}
            paired = {str(index): {"1": notes[name]} for index, name in enumerate(names) if name in notes}
            parent[path[-1]] = paired | ({"": node[""]} if "" in node else {})

    def meta(self) -> dict[str, Any]:
        """Return the ``_meta`` of the normalised event."""
        return _laid_over(self._sent, self._tree) if self._tree else self._sent

    def _note(self, path: Path) -> dict[str, Any]:
        if self._notes_left == 0:
            return {}
        self._notes_left -= 1
        node = self._tree
        for key in path:
            node = node.setdefault(key, {})
        note: dict[str, Any] = node.setdefault("", {})
        return note

    def _sent_node(self, path: Path) -> dict[str, Any] | None:
        node: Any = self._sent
        for key in path:
            node = node.get(key) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else None


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, node in above.items():
        under = merged.get(key)
        if not isinstance(under, dict):
            merged[key] = node
        elif key == "":
            merged[key] = _note_over(under, node)
        else:
            merged[key] = _laid_over(under, node)
    return merged


def _note_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = below | above
    for name in ("rem", "err"):
        earlier = below.get(name)
        if isinstance(earlier, list):
            merged[name] = earlier + [entry for entry in above.get(name, ()) if entry not in earlier]
    return merged


def _excerpt(value: Any) -> Any:
    encoded = msgspec.json.encode(value)
    if len(encoded) <= ORIGINAL_BYTES_MAX:
        return value
    return encoded[: ORIGINAL_BYTES_MAX - 3].decode(errors="ignore") + "..."
