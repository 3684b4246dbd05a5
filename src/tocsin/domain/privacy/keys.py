"""Which keys of free-form data say that their values are sensitive (spec/ingest.md 3.13)."""

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

DEFAULT_WORDS: Final = "@password:filter"
"""The rule behind the words that everybody needs."""
ADDED_WORDS: Final = "strip-fields"
"""The rule behind the words that an organization or a project adds."""
SESSION_COOKIES: Final = "@session:filter"
CONDEMNED: Final = frozenset({DEFAULT_WORDS, ADDED_WORDS})
"""Verdicts on keys whose values have to go."""

_KEY_WORDS = (
    *("password", "secret", "passwd", "api_key", "api-key", "apikey", "auth", "credentials", "mysql_pwd", "privatekey"),
    *("private_key", "private-key", "token", "bearer"),
)
_WHOLE_KEYS = frozenset({"otp", "two_factor", "two-factor"})
_TEXT_WORDS: dict[str, re.Pattern[str] | None] = {
    **dict.fromkeys(("auth", "secret", "password", "passwd", "credentials", "mysql_pwd")),
    "token": re.compile(r"token[^\s=:]{0,64}\s{0,4}[=:]"),
    "key": re.compile(r"(?:api|private)[_-]?key"),
}
"""What is in a text, in lower case, that speaks of something sensitive; the pattern has the last word."""
_COOKIES = frozenset(
    {
        *(
            "session",
            "__session",
            "sessionid",
            "user_session",
            "phpsessid",
            "symfony",
            "mysession",
            "fasthttpsessionid",
        ),
        *("irissessionid", "sentrysid", "sudo", "su", "_vercel_jwt", "csrf", "_csrf", "xsrf", "_xsrf", "csrf-token"),
        *("csrf_token", "xsrf-token", "xsrf_token", "fastcsrf", "_iris_csrf"),
    }
)
_COOKIE_HEADERS = frozenset({"cookie", "cookies", "set-cookie", "http_cookie"})
_TRACE_IDS = frozenset({"trace_id", "span_id", "parent_span_id"})
"""Hexadecimal digits that may look like a card number by chance."""
_USER_AGENTS = frozenset({"user-agent", "http_user_agent", "user_agent"})

SESSION_COOKIE = re.compile(
    rf"(?<![^;,\s])(?:{'|'.join(sorted(map(re.escape, _COOKIES), reverse=True))})=(?P<value>[^;,\s]+)", re.IGNORECASE
)
"""A session cookie in the text of a header."""

KEYS_REMEMBERED_MAX = 20_000


class Verdict(StrEnum):
    """What a key says of its value when that need not go; else the verdict is one of ``CONDEMNED``."""

    PLAIN = ""
    SAFE = "safe"
    """Exempt from the default rules."""
    COOKIES = "cookies"
    """Cookies, as text, object or pairs."""
    VERSION = "version"
    """Numbers with dots that are no address."""


class Word(msgspec.Struct, frozen=True):
    """A sensitive word in texts."""

    word: str
    """In lower case."""
    pattern: re.Pattern[str] | None
    """Has the last word, if the word alone is not enough."""
    rule: str

    def is_in(self, low: str) -> bool:
        """Say whether a text, given in lower case, speaks of it."""
        return self.word in low and (self.pattern is None or self.pattern.search(low) is not None)


Words: TypeAlias = tuple[Word, ...]


def words_of(*, defaults: bool, added: Collection[str]) -> Words:
    """Return the words for which a text goes as a whole."""
    known = _TEXT_WORDS.items() if defaults else ()
    return (
        *(Word(word, pattern, DEFAULT_WORDS) for word, pattern in known),
        *(Word(word.lower(), None, ADDED_WORDS) for word in added),
    )


def words_in(words: Words, text: str) -> Words:
    """Return those of *words* that *text* speaks of."""
    if not words:
        return ()
    low = text.lower()
    return tuple([word for word in words if word.word in low and word.is_in(low)])


class Keys(dict[str, str]):
    """Verdicts by key: a Verdict, or the rule by which the value has to go. Each key is judged when it first comes."""

    def __init__(self, *, defaults: bool, added: Collection[str], safe: Collection[str]) -> None:
        super().__init__()
        self._defaults = defaults
        self._added = tuple(word.lower() for word in added)
        self._safe = frozenset(key.lower() for key in safe)

    def __missing__(self, key: str) -> str:
        if len(self) >= KEYS_REMEMBERED_MAX:
            self.clear()
        verdict = self[key] = self._judged(key.lower())
        return verdict

    def condemn(self, key: str) -> bool:
        """Say whether the value under *key* has to go."""
        return self[key] in CONDEMNED

    def is_session(self, cookie: str) -> bool:
        """Say whether a cookie of that name lets whoever has it in."""
        return self._defaults and cookie.lower() in _COOKIES

    def _judged(self, key: str) -> str:
        if key in self._safe:
            return Verdict.SAFE
        if self._defaults and (key in _WHOLE_KEYS or any(word in key for word in _KEY_WORDS)):
            return DEFAULT_WORDS
        if any(word in key for word in self._added):
            return ADDED_WORDS
        return self._kind(key)

    def _kind(self, key: str) -> Verdict:
        if key in _TRACE_IDS:
            return Verdict.SAFE
        if self._defaults and key in _COOKIE_HEADERS:
            return Verdict.COOKIES
        if key in _USER_AGENTS or key.endswith(("version", "build")):
            return Verdict.VERSION
        return Verdict.PLAIN
