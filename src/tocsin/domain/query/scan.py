"""The characters of a query: where words, filters, values and groups begin and end (spec/search.md 1.2, 1.4).

Nothing here knows what a key means. Every function takes the whole text and a position, so that errors can point at it.
"""

import re
from typing import NoReturn

import msgspec

from tocsin.domain.query.errors import MalformedQuery

EXCERPT_CHARS = 5
"""How much of the text a parse error shows on either side of its column."""

_NAME = r"[A-Za-z0-9_.-]+"
_NAME_WITH_COLONS = r"[A-Za-z0-9_.:-]+"
_KEY = (
    rf"(?P<family>tags|flags)\[(?P<member>{_NAME_WITH_COLONS})(?:, ?(?P<type>string|number|boolean|array))?\]"
    rf'|"(?P<quoted>{_NAME_WITH_COLONS})"'
    rf"|(?P<aggregate>{_NAME}\([^()\n]*\))"
    rf"|(?P<bare>{_NAME})"
)
_LONE_KEY = re.compile(_KEY)
_FILTER = re.compile(rf"(?P<negation>!?)(?P<key>{_KEY}):")
_OPERATOR = re.compile(r"[<>]=?|!?=|")
_AFFIX = re.compile("\uf00d(Contains|StartsWith|EndsWith)\uf00d|")
_QUOTED_TEXT = r'"((?:[^"\\]|\\"|\\(?!"))*+)"'
_QUOTED_VALUE = re.compile(rf"{_QUOTED_TEXT}(?=[ \t\n()]|\Z)")
_BARE_VALUE = re.compile(r"[^ \t\n()]*")
_LONE_QUOTE = re.compile(r'(?<!\\)"')
_ITEM = re.compile(rf" *+(?:{_QUOTED_TEXT}|([^ ,()\t\n]*?)) *+(,|\](?=[ \t\n)]|\Z))")
_BOOLEAN = re.compile(r"(and|or)(?=[ \t\n)]|\Z)", re.IGNORECASE)
_BOOLEAN_WITHIN = re.compile(rf"(?<![^ (]){_BOOLEAN.pattern}", re.IGNORECASE)
_SPACES = re.compile(r" *+")
_WORD = re.compile(r"[^ \t\n()]*+")
_GROUP_MARK = re.compile(r"[()\t\n]")


class WrittenKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is spelt: ``level``, ``"a:b"``, ``tags[level,number]``, ``count()``."""

    name: str
    family: str = ""
    """``tags`` or ``flags`` where the query says so."""
    type: str = ""
    """``string``, ``number``, ``boolean`` or ``array`` where the query says so."""
    is_aggregate: bool = False


class WrittenValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value as it is spelt, ``raw``, and the text or the texts that stand there once quotes are read."""

    raw: str
    texts: tuple[str, ...]
    is_list: bool = False
    is_quoted: bool = False


class WrittenFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A ``key:value`` as it is spelt, from ``start`` to ``end``; no meaning yet."""

    start: int
    end: int
    is_negated: bool
    key: WrittenKey
    operator: str
    affix: str
    """``Contains``, ``StartsWith`` or ``EndsWith`` where the search bar of the Sentry UI wrote it."""
    value: WrittenValue


def fail_at(text: str, at: int) -> NoReturn:
    """Raise the parse error of spec/search.md 1.8 for the character at *at*."""
    column = at + 1
    excerpt = text[max(0, column - EXCERPT_CHARS) : column + EXCERPT_CHARS]
    raise MalformedQuery(
        f"Parse error at '{excerpt}' (column {column}). This is commonly caused by unmatched parentheses. "
        "Enclose any text in double quotes.",
        offset=at,
    )


def spaces_end(text: str, at: int) -> int:
    """Return where the spaces at *at*, none or more, end."""
    return at + len(_match(_SPACES, text, at))


def boolean_at(text: str, at: int) -> str:
    """Return ``AND`` or ``OR`` if that operator stands at *at* in any letter case, else ``""``."""
    found = _BOOLEAN.match(text, at)
    return found[1].upper() if found else ""


def boolean_within(text: str, start: int, end: int) -> int | None:
    """Return where the first AND or OR stands between *start* and *end*, parentheses or not; None if nowhere."""
    found = _BOOLEAN_WITHIN.search(text, start, end)
    return found.start() if found else None


def group_end(text: str, at: int) -> int:
    """Return the position after the parenthesis that closes the one at *at*.

    Raises MalformedQuery where nothing closes it, or a tab or a line break comes first.
    """
    depth = 0
    for mark in _GROUP_MARK.finditer(text, at):
        if mark[0] not in "()":
            fail_at(text, mark.start())
        depth += 1 if mark[0] == "(" else -1
        if depth == 0:
            return mark.end()
    fail_at(text, at)


def phrase_end(text: str, at: int) -> int:
    """Return where the free text that begins at *at* ends: words and the spaces between them, up to another term."""
    end = _word_end(text, at)
    while (next_word := spaces_end(text, end)) > end and _is_word_of_phrase(text, next_word):
        end = _word_end(text, next_word)
    return end


def is_phrase(text: str) -> bool:
    """Return whether *text* alone reads as one piece of free text without quotes."""
    if not _is_word_of_phrase(text, 0) or not _has_balanced_parentheses(text) or "\t" in text or "\n" in text:
        return False
    return phrase_end(text, 0) == len(text) and boolean_within(text, 0, len(text)) is None


def quoted_at(text: str, at: int) -> tuple[str, int] | None:
    """Return the text of the quotes at *at* and the position after them; None if they do not enclose a whole value."""
    found = _QUOTED_VALUE.match(text, at)
    return (unescape_quotes(found[1]), found.end()) if found else None


def unescape_quotes(text: str) -> str:
    r"""Return *text* with each ``\"`` read as a quote."""
    return text.replace('\\"', '"')


def key_in(text: str) -> WrittenKey | None:
    """Return the key that all of *text* spells, quotes and brackets included, or None."""
    found = _LONE_KEY.fullmatch(text)
    return _written_key(found) if found else None


def filter_at(text: str, at: int) -> WrittenFilter | None:
    """Return the filter that begins at *at*, or None.

    Raises MalformedQuery for stray quotes in its value and for empty items of a list.
    """
    found = _FILTER.match(text, at)
    if found is None:
        return None
    operator = _match(_OPERATOR, text, found.end())
    after_operator = found.end() + len(operator)
    affix = _AFFIX.match(text, after_operator) if not operator else None
    value, end = _value_at(text, affix.end() if affix else after_operator, operator)
    return WrittenFilter(
        start=at,
        end=end,
        is_negated=bool(found["negation"]),
        key=_written_key(found),
        operator=operator,
        affix=(affix[1] or "") if affix else "",
        value=value,
    )


def _match(pattern: re.Pattern[str], text: str, at: int) -> str:
    """Return what *pattern*, which can match nothing at all, matches at *at*."""
    found = pattern.match(text, at)
    return found[0] if found else ""


def _is_word_of_phrase(text: str, at: int) -> bool:
    return (
        at < len(text)
        and text[at] not in " \t\n()"
        and not boolean_at(text, at)
        and _FILTER.match(text, at) is None
        and _QUOTED_VALUE.match(text, at) is None
    )


def _word_end(text: str, at: int) -> int:
    """Return the end of the word at *at*; parentheses inside a word belong to it with all that they hold."""
    at += len(_match(_WORD, text, at))
    while text.startswith("(", at):
        at = group_end(text, at)
        at += len(_match(_WORD, text, at))
    return at


def _has_balanced_parentheses(text: str) -> bool:
    depth = 0
    for mark in text:
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            return False
    return depth == 0


def _written_key(found: re.Match[str]) -> WrittenKey:
    if found["family"]:
        return WrittenKey(name=found["member"], family=found["family"], type=found["type"] or "")
    if found["aggregate"]:
        return WrittenKey(name=found["aggregate"], is_aggregate=True)
    return WrittenKey(name=found["quoted"] or found["bare"])


def _value_at(text: str, at: int, operator: str) -> tuple[WrittenValue, int]:
    """Return the value at *at* and its end: a list only straight after the colon, quotes not after ``<`` or ``>``."""
    listed = _list_at(text, at) if not operator else None
    if listed is not None:
        return listed
    quoted = quoted_at(text, at) if operator in {"", "=", "!="} else None
    if quoted is not None:
        content, end = quoted
        return WrittenValue(raw=text[at:end], texts=(content,), is_quoted=True), end
    raw = _match(_BARE_VALUE, text, at)
    return WrittenValue(raw=raw, texts=(_bare_text(raw, at),)), at + len(raw)


def _list_at(text: str, at: int) -> tuple[WrittenValue, int] | None:
    """Return the list at *at* and its end, or None where the text makes no proper list."""
    if not text.startswith("[", at):
        return None
    items: list[str | None] = []
    end, mark = at + 1, ","
    while mark == ",":
        found = _ITEM.match(text, end)
        if found is None:
            return None
        items.append(_item_text(found))
        end, mark = found.end(), found[3]
    if items == [None]:
        return None
    texts = tuple(item for item in items if item is not None)
    if len(texts) < len(items):
        raise MalformedQuery("Lists should not have empty values", offset=at)
    return WrittenValue(raw=text[at:end], texts=texts, is_list=True), end


def _item_text(found: re.Match[str]) -> str | None:
    """Return the text of one item of a list, None for an item that is not there."""
    if found[1] is not None:
        return unescape_quotes(found[1])
    return _bare_text(found[2], found.start(2)) if found[2] else None


def _bare_text(raw: str, at: int) -> str:
    if _LONE_QUOTE.search(raw):
        raise MalformedQuery(f"Invalid quote at '{raw}': quotes must enclose text or be escaped.", offset=at)
    return unescape_quotes(raw)
