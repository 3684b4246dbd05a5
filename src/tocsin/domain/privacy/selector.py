"""Where a rule applies: ``$string && !extra.'my key'`` (docs/privacy.md).

A path means the end of the way to a value: ``foo`` is any value under the key foo, ``extra.foo`` only one right below
a key extra. ``*`` stands for one step of the way, ``**`` for any number; ``$frame`` and its kin stand for a step to a
value of that type. ``!`` binds closest, then ``&&``, then ``||``.
"""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec

from tocsin.domain.errors import Malformed

SELECTOR_CHARS_MAX = 1000
SELECTOR_DEPTH_MAX = 20
MANY_MAX = 2

_JSON_TYPES = frozenset({"string", "number", "array", "object"})
_ALIASES = {
    "bool": "boolean",
    "http": "request",
    "error": "exception",
    "message": "logentry",
    "text": "string",
}
TYPES: Final = _JSON_TYPES | {
    *("boolean", "datetime", "event", "exception", "stacktrace", "frame", "request", "user", "logentry", "thread"),
    *("breadcrumb", "span", "sdk", "attachments"),
}
"""What may stand after ``$``."""

_TOKEN = re.compile(r"\s*(?:(?P<sign>&&|\|\||[!().])|(?P<item>\*\*|\*|\$\w+|'(?:[^'\n]|'')*'|[\w-]+))", re.ASCII)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Step(msgspec.Struct, frozen=True):
    """One step on the way to a value."""

    key: str
    """Key or index; of pairs the name."""
    types: frozenset[str]
    is_implied: bool = False
    """Whether it leads into a list, which needs no mention."""


Way: TypeAlias = Sequence[Step]


class Key(msgspec.Struct, frozen=True):
    """A step to that key or index; letter case does not matter."""

    name: str

    def __str__(self) -> str:
        return self.name if _PLAIN_KEY.fullmatch(self.name) else "'" + self.name.replace("'", "''") + "'"

    def fits(self, step: Step) -> bool:
        """Say whether *step* is such a one."""
        return step.key.lower() == self.name.lower()


class Type(msgspec.Struct, frozen=True):
    """A step to a value of that type."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"

    def fits(self, step: Step) -> bool:
        """Say whether *step* is such a one."""
        return self.name in step.types


class One(msgspec.Struct, frozen=True):
    """Any one step."""

    def __str__(self) -> str:
        return "*"

    def fits(self, _step: Step) -> bool:
        """Say whether *step* is such a one."""
        return True


class Many(msgspec.Struct, frozen=True):
    """Any number of steps; at least one at the end of a path, else also none."""

    def __str__(self) -> str:
        return "**"


Item: TypeAlias = Key | Type | One | Many


class Path(msgspec.Struct, frozen=True):
    """Ways that end with these steps."""

    items: tuple[Item, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.items))

    @property
    def is_specific(self) -> bool:
        """Whether it names something, as ``$string`` and ``**`` do not."""
        return any(
            isinstance(item, Key) or (isinstance(item, Type) and item.name not in _JSON_TYPES) for item in self.items
        )

    def matches(self, way: Way) -> bool:
        """Say whether *way* is meant."""
        return _ends(self.items, way)


class Not(msgspec.Struct, frozen=True):
    """Everything else."""

    inner: "Selector"

    def __str__(self) -> str:
        return f"!{_enclosed(self.inner, And, Or)}"

    @property
    def is_specific(self) -> bool:
        """Whether it names something; to exclude is no naming."""
        return False

    def matches(self, way: Way) -> bool:
        """Say whether *way* is meant."""
        return not self.inner.matches(way)


class And(msgspec.Struct, frozen=True):
    """What all of them mean."""

    parts: tuple["Selector", ...]

    def __str__(self) -> str:
        return " && ".join(_enclosed(part, And, Or) for part in self.parts)

    @property
    def is_specific(self) -> bool:
        """Whether it names something."""
        return any(part.is_specific for part in self.parts)

    def matches(self, way: Way) -> bool:
        """Say whether *way* is meant."""
        return all(part.matches(way) for part in self.parts)


class Or(msgspec.Struct, frozen=True):
    """What one of them means."""

    parts: tuple["Selector", ...]

    def __str__(self) -> str:
        return " || ".join(_enclosed(part, Or) for part in self.parts)

    @property
    def is_specific(self) -> bool:
        """Whether every part names something."""
        return all(part.is_specific for part in self.parts)

    def matches(self, way: Way) -> bool:
        """Say whether *way* is meant."""
        return any(part.matches(way) for part in self.parts)


Selector: TypeAlias = Path | Not | And | Or


def last_key(selector: Selector) -> str | None:
    """Return the key, in lower case, under which every value is that *selector* means, None if there is no such key."""
    if isinstance(selector, Path):
        last = selector.items[-1]
        return last.name.lower() if isinstance(last, Key) else None
    if isinstance(selector, And):
        return next(filter(None, map(last_key, selector.parts)), None)
    return None


def selects(selector: Selector, way: Way, *, is_open: bool) -> bool:
    """Say whether the value at the end of *way* is meant; one that is not *is_open* has to be named."""
    if isinstance(selector, Or):
        return any(selects(part, way, is_open=is_open) for part in selector.parts)
    return (is_open or selector.is_specific) and selector.matches(way)


def parse_selector(text: str) -> Selector:
    """Return what *text* selects. Raises Malformed, saying where it stops making sense."""
    if len(text) > SELECTOR_CHARS_MAX:
        raise Malformed(f"A source may have {SELECTOR_CHARS_MAX} characters; make two rules of it.")
    parser = _Parser(text)
    selector = parser.either(0)
    parser.expect_end()
    return selector


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def either(self, depth: int) -> Selector:
        if depth > SELECTOR_DEPTH_MAX:
            raise self._refusal(f"there may be {SELECTOR_DEPTH_MAX} parentheses inside each other")
        parts = [self._every(depth)]
        while self._take("||"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._next < len(self._tokens):
            raise self._refusal(f"nothing may follow before {self._tokens[self._next]!r} but && or ||")

    def _every(self, depth: int) -> Selector:
        parts = [self._single(depth)]
        while self._take("&&"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _single(self, depth: int) -> Selector:
        if depth > SELECTOR_DEPTH_MAX:
            raise self._refusal(
                f"there may be {SELECTOR_DEPTH_MAX} exclamation marks and parentheses inside each other"
            )
        if self._take("!"):
            return Not(self._single(depth + 1))
        if self._take("("):
            inner = self.either(depth + 1)
            if not self._take(")"):
                raise self._refusal("a parenthesis is not closed")
            return inner
        return self._path()

    def _path(self) -> Path:
        items = [self._item()]
        while self._take("."):
            items.append(self._item())
        if items.count(Many()) > MANY_MAX:
            raise self._refusal(f"a path may have ** {MANY_MAX} times")
        return Path(tuple(items))

    def _item(self) -> Item:
        word = self._tokens[self._next] if self._next < len(self._tokens) else ""
        if not word or word in {"&&", "||", "!", "(", ")", "."}:
            raise self._refusal(f"a key, $type, * or ** is missing {f'before {word!r}' if word else 'at the end'}")
        self._next += 1
        if word in {"*", "**"}:
            return One() if word == "*" else Many()
        if word.startswith("$"):
            return self._type(word[1:].lower())
        return Key(word[1:-1].replace("''", "'") if word.startswith("'") else word)

    def _type(self, name: str) -> Type:
        name = _ALIASES.get(name, name)
        if name not in TYPES:
            raise self._refusal(
                f"there is no type ${name}; use one of {', '.join(f'${each}' for each in sorted(TYPES))}"
            )
        return Type(name)

    def _take(self, sign: str) -> bool:
        taken = self._next < len(self._tokens) and self._tokens[self._next] == sign
        self._next += taken
        return taken

    def _refusal(self, reason: str) -> Malformed:
        return Malformed(f"The source {self._text!r} cannot be read: {reason}.")


def _tokens(text: str) -> list[str]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            rest = text[at:end].strip()
            hint = "put keys with other characters in 'single quotes'"
            raise Malformed(f"The source {text!r} cannot be read at {rest!r}: {hint}.")
        tokens.append(found["sign"] or found["item"])
        at = found.end()
    return tokens


def _enclosed(part: Selector, *looser: type) -> str:
    return f"({part})" if isinstance(part, looser) else str(part)


def _ends(items: Sequence[Item], way: Way) -> bool:
    """Say whether *way* ends with *items*. Steps into a list need not be written: ``exception.value`` will do."""
    count, length = len(items), len(way)
    while count:
        item = items[count - 1]
        if isinstance(item, Many):
            longest = length - 1 if count == len(items) else length
            return any(_ends(items[: count - 1], way[:shorter]) for shorter in range(longest, -1, -1))
        if not length:
            return False
        length -= 1
        if item.fits(way[length]):
            count -= 1
        elif not way[length].is_implied:
            return False
    return True
