"""The short texts an event is filtered and grouped by (spec/ingest.md 3.1)."""

import re
from typing import Any

from tocsin.domain.event.normalise.levels import level_of
from tocsin.domain.event.normalise.remarks import VALUE_TOO_LONG, Path, Remarks
from tocsin.domain.event.normalise.texts import clean_text, cut

FINGERPRINT_PARTS_MAX = 100
FINGERPRINT_PART_LENGTH_MAX = 1024
RELEASE_LENGTH_MAX = 200
DIST_LENGTH_MAX = 64
ENVIRONMENT_LENGTH_MAX = 64
LOGGER_LENGTH_MAX = 64
CULPRIT_LENGTH_MAX = 200
TRANSACTION_LENGTH_MAX = 200
CHECKSUM_LENGTH_MAX = 128
SERVER_NAME_LENGTH_MAX = 200

PLATFORMS = frozenset(
    (  # noqa: SIM905 - thirty quoted names read worse
        "as3 c cfml clojure cocoa crystal csharp dart elixir go groovy haskell java javascript kotlin lua native nim "
        "node objc ocaml other perl php powershell python ruby rust scala swift unity"
    ).split()
)

_RELEASE_FORBIDDEN = re.compile(r"[\n\r\t\f/\\]|\A\.{1,2}\Z")
_DIST = re.compile(r"[a-zA-Z0-9_.-]+")
_ENVIRONMENT_FORBIDDEN = re.compile(r"[\n\r\f/]|\A(?i:none)\Z")
_LINE_BREAK = re.compile(r"[\r\n]")
_WORD_START = re.compile(r"\b\w")
_SAFE_INTEGER_MAX = 2**53


def clean_platform(sent: Any, _path: Path, _remarks: Remarks) -> str:
    """Return a platform we know, else ``other``."""
    return sent if isinstance(sent, str) and sent in PLATFORMS else "other"


def clean_level(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the level, whatever its spelling."""
    level = level_of(sent)
    if level is None:
        remarks.removed(path, sent, reason="expected a level")
    return level


def clean_release(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return a release that a URL can name."""
    if isinstance(sent, (int, float)) and not isinstance(sent, bool):
        sent = str(sent)
    return _without(_RELEASE_FORBIDDEN, clean_text(sent, RELEASE_LENGTH_MAX, path, remarks), path, remarks)


def clean_dist(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the distribution of the release: letters, digits, ``_ . -``."""
    if isinstance(sent, (int, float)) and not isinstance(sent, bool):
        sent = str(sent)
    dist = sent.strip() if isinstance(sent, str) else ""
    if dist and len(dist) <= DIST_LENGTH_MAX and _DIST.fullmatch(dist):
        return dist
    if sent != "":
        remarks.removed(path, sent, VALUE_TOO_LONG if len(dist) > DIST_LENGTH_MAX else "invalid_data")
    return None


def clean_environment(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the environment; ``none`` in any case is a mistake, not an environment."""
    environment = clean_text(sent, ENVIRONMENT_LENGTH_MAX, path, remarks)
    return _without(_ENVIRONMENT_FORBIDDEN, environment, path, remarks)


def clean_logger(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the logger; of a long dotted name the last words tell most."""
    if isinstance(sent, str) and len(sent.strip()) > LOGGER_LENGTH_MAX:
        remarks.trimmed(path, len(sent.strip()), LOGGER_LENGTH_MAX)
        sent = _last_words(sent.strip())
    return _without(_LINE_BREAK, clean_text(sent, LOGGER_LENGTH_MAX, path, remarks), path, remarks)


def clean_transaction(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the transaction."""
    return clean_text(sent, TRANSACTION_LENGTH_MAX, path, remarks)


def clean_culprit(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the culprit that a client set itself."""
    return clean_text(sent, CULPRIT_LENGTH_MAX, path, remarks)


def clean_server_name(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return a server or site name as long as the tag it becomes."""
    return clean_text(sent, SERVER_NAME_LENGTH_MAX, path, remarks)


def clean_checksum(sent: Any, path: Path, remarks: Remarks) -> str | None:
    """Return the checksum of old clients, which decides about grouping alone."""
    return clean_text(sent, CHECKSUM_LENGTH_MAX, path, remarks)


def clean_fingerprint(sent: Any, path: Path, remarks: Remarks) -> list[str] | None:
    """Return the fingerprint as texts; None when it has none."""
    if not isinstance(sent, list):
        remarks.removed(path, sent, reason="expected a list")
        return None
    parts = []
    for index, each in enumerate(sent[:FINGERPRINT_PARTS_MAX]):
        part = _fingerprint_part(each)
        if part is not None:
            parts.append(part)
        elif each is not None:
            remarks.removed((*path, str(index)), each, reason="expected a text")
    return parts or None


def _fingerprint_part(sent: Any) -> str | None:
    if isinstance(sent, str):
        return cut(sent, FINGERPRINT_PART_LENGTH_MAX)
    if isinstance(sent, float):
        return str(int(sent)) if sent.is_integer() and abs(sent) < _SAFE_INTEGER_MAX else None
    return str(sent) if isinstance(sent, int) else None


def _without(forbidden: re.Pattern[str], text: str | None, path: Path, remarks: Remarks) -> str | None:
    if text is not None and forbidden.search(text):
        remarks.removed(path, text)
        return None
    return text


def _last_words(name: str) -> str:
    """Return the end of *name* that fits after a star, from the start of a word where there is one."""
    tail = name[len(name) - LOGGER_LENGTH_MAX + 1 :]
    word = _WORD_START.search(tail, 0 if not name[-len(tail) - 1].isalnum() else 1)
    return "*" + (tail[word.start() :] if word else tail)
