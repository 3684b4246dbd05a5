"""Globs as regular expressions that hardly backtrack: a rule of a project must never stall the intake."""

import re

from tocsin.domain.errors import Malformed

ALTERNATIVES_MAX = 64
"""How many plain globs the ``{a,b}`` groups of one pattern may multiply to."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_STARS = re.compile(r"(\*+)")
_WITH_CLASSES = re.compile(r"\*+|\[!?+[^\]]+\]|.", re.DOTALL)
_IN_CLASS = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_FOLDERS = re.compile(r"((?:^|(?<=/))\*{2,}/|\*{2,})")


def text_glob(pattern: str, *, ignore_case: bool = False, classes: bool = False) -> re.Pattern[str]:
    """Compile a glob over a whole text: ``*`` is any run, ``?`` any character, ``{a,b}`` either.

    With *classes*, ``[0-9]`` is one character of those, ``[!0-9]`` one that is none of them.
    Raises Malformed when the braces multiply to more than ``ALTERNATIVES_MAX`` patterns, or a range runs backwards.
    """
    translate = _with_classes if classes else _anywhere
    return _compile([translate(glob) for glob in expanded(pattern)], ignore_case=ignore_case)


def path_glob(pattern: str) -> re.Pattern[str]:
    """Compile a case-insensitive path glob: ``*`` and ``?`` stop at a slash, ``**`` does not (spec/ingest.md 5.5).

    A relative pattern also matches below any folder; backslashes count as slashes. Raises Malformed like `text_glob`.
    """
    return _compile([_path(glob) for glob in expanded(pattern.replace("\\", "/"))], ignore_case=True)


def _compile(alternatives: list[str], *, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(rf"(?s:{'|'.join(alternatives)})\Z", re.IGNORECASE if ignore_case else 0)


def expanded(pattern: str) -> list[str]:
    """Return *pattern* without braces, once for each way to choose. Raises Malformed for more than the limit."""
    braces = _BRACES.search(pattern)
    if braces is None:
        return [pattern]
    before, after = pattern[: braces.start()], expanded(pattern[braces.end() :])
    globs = [before + choice + rest for choice in braces[1].split(",") for rest in after]
    if len(globs) > ALTERNATIVES_MAX:
        raise Malformed(f"the pattern {pattern!r} has too many alternatives; split it into several rules")
    return globs


def _anywhere(glob: str) -> str:
    first, *rest = _STARS.split(glob)
    return _literal(first) + _runs([(".*?", _literal(piece)) for piece in rest[1::2]])


def _with_classes(glob: str) -> str:
    pieces = [""]
    for token in _WITH_CLASSES.findall(glob):
        if token.startswith("*"):
            pieces.append("")
        else:
            pieces[-1] += _class(token) if len(token) > 1 else _literal(token)
    return pieces[0] + _runs([(".*?", piece) for piece in pieces[1:]])


def _class(token: str) -> str:
    inner = token[1:-1]
    ranges = []
    for first, last, single in _IN_CLASS.findall(inner.removeprefix("!")):
        if first > last:
            raise Malformed(f"the range {first}-{last} in {token!r} runs backwards; write {last}-{first}")
        ranges.append(re.escape(single) if single else f"{re.escape(first)}-{re.escape(last)}")
    return f"[{'^' if inner.startswith('!') else ''}{''.join(ranges)}]"


def _path(glob: str) -> str:
    first, *rest = _FOLDERS.split(glob if glob.startswith(("/", "**")) else f"**/{glob}")
    pieces = zip(rest[::2], rest[1::2], strict=True)
    # Between two slashes, ** may stand for no folder at all.
    return _in_folder(first) + _runs(
        [("(?:.*?/)??" if stars.endswith("/") else ".*?", _in_folder(piece)) for stars, piece in pieces]
    )


def _in_folder(glob: str) -> str:
    first, *rest = _STARS.split(glob)
    return _literal(first, "[^/]") + _runs([("[^/]*?", _literal(piece, "[^/]")) for piece in rest[1::2]])


def _literal(text: str, anything: str = ".") -> str:
    return "".join(anything if character == "?" else re.escape(character) for character in text)


def _runs(runs: list[tuple[str, str]]) -> str:
    """Join gaps and the pieces after them, each gap committed to the first place where its piece fits.

    The next gap can begin anywhere later, so the first fit leaves the most room and no other needs a try; only the last
    piece stays free, because it has to end where the text ends.
    """
    if not runs:
        return ""
    *middle, (gap, last) = runs
    return "".join(f"(?>{gap}{piece})" for gap, piece in middle) + gap + last
