"""Function names without what changes from build to build (spec/ingest.md 5.4)."""

import re
from collections.abc import Callable, Mapping

from tocsin.domain.grouping.evidence import NATIVE_PLATFORMS

_JAVASCRIPT_UNNAMED = frozenset(
    {"", "?", "<anonymous>", "<anonymous function>", "Anonymous function", "global code", "Global code", "module code"}
)
# How the same call is written by one browser and not by others: ``async load``, ``new Cart``, ``async*load``,
# ``setTimeout handler*load``, ``Cart.load [as onload]``.
_JAVASCRIPT_ADORNMENT = re.compile(r"^(?:async |new |[\w ]{1,40}\*)+| \[as [^\]]*\]$")
_NATIVE_UNKNOWN = frozenset({"<redacted>", "<unknown>"})
_RUBY_ERB = re.compile(r"_{2,}\d+_\d+$")
_RUBY_CLASS = re.compile(r"[A-Z]\w*(?:::[A-Z]\w*)*[#.](?=.)")
_CSHARP_GENERATED = re.compile(r"(?P<kept>>[a-z]?__(?:DisplayClass)?)\d+(?:_\d+)*")
_PHP_UNNAMED = re.compile(r"\{closure|\[Anonymous")

_OBJECTIVE_C = re.compile(r"[-+]\[")
_NATIVE_SUFFIXES = re.compile(
    r"(?:@@?GLIBC_[\d.]+|@\d+|::h[0-9a-f]{16}|\s*\[clone [^\]]*\]|\s*\(\.\w[^)]*\)"
    r"|\.(?:isra|constprop|part|cold|llvm)[.\d]*)+$"
)
_NATIVE_UNNAMED = re.compile(
    r"(?P<namespace>\(anonymous namespace\)|`anonymous namespace'|\{anonymous\}|_GLOBAL__N_1)"
    r"|(?P<lambda>\{lambda\([^{}]*\)#\d+\}|<lambda_\w+>|'lambda\d*'(?:\([^()]*\))?|\$_\d+|\{\{closure\}\})"
)
_OPERATOR = re.compile(r"\boperator\s*(?:\(\)|<=>|<<=|>>=|->\*|<<|>>|<=|>=|->|<|>|\s\w+)(?:\s+(?=<))?")
_QUALIFIERS = re.compile(r"(?:\s*(?:const|volatile|noexcept|&&?|\[abi:\w+\]))+$")
_OPENING, _CLOSING = "<([{", ">)]}"
_HIDDEN = str.maketrans("<>() ", "\x01\x02\x03\x04\x05")
_SHOWN = str.maketrans("\x01\x02\x03\x04\x05", "<>() ")


def essential_function(function: str, platform: str) -> str:
    """Return the part of *function* that names it on *platform*, or ``""`` for a function without a name."""
    trim = _TRIMMERS.get(platform)
    return trim(function) if trim else function


def _javascript(function: str) -> str:
    if " " in function or "*" in function:
        function = _JAVASCRIPT_ADORNMENT.sub("", function)
    name = function.rpartition(".")[2]
    return "" if name in _JAVASCRIPT_UNNAMED or name.endswith("/<") else name


def _csharp(function: str) -> str:
    return without_numbers_of_compiler(function.partition(" (")[0])


def without_numbers_of_compiler(name: str) -> str:
    """Return a C# name without the numbers that change when a lambda or an iterator is added above."""
    return _CSHARP_GENERATED.sub(r"\g<kept>", name) if "__" in name else name


def _java(function: str) -> str:
    return "" if function.startswith("lambda$") else function


def _ruby(function: str) -> str:
    if function.startswith("block "):
        return "block"
    # Since 3.4 Ruby names the class too; the file tells it as well.
    named = _RUBY_CLASS.match(function)
    return _RUBY_ERB.sub("", function[named.end() :] if named else function)


def _php(function: str) -> str:
    if function.startswith("class@anonymous"):
        function = function.rpartition("::")[2] if "::" in function else ""
    return "" if _PHP_UNNAMED.search(function) else function


def _native(function: str) -> str:
    if function in _NATIVE_UNKNOWN:
        return ""
    if _OBJECTIVE_C.search(function):
        return function
    name = _NATIVE_SUFFIXES.sub("", function.strip()).partition(" -> ")[0]
    name = _NATIVE_UNNAMED.sub(lambda found: f"\x00{found.lastgroup}\x00", name)
    # Operators made of brackets or with a blank would unbalance everything around them.
    name = _OPERATOR.sub(lambda found: found[0].translate(_HIDDEN), name)
    name = _without_arguments(_QUALIFIERS.sub("", name))
    name = _last_word(_without_templates(_implementer(name))).translate(_SHOWN)
    return name.replace("\x00namespace\x00", "<anonymous>").replace("\x00lambda\x00", "<lambda>")


def _implementer(name: str) -> str:
    """Return Rust's ``<Vec<T> as Drop>::drop`` as ``Vec<T>::drop``."""
    implementer, found, trait = name.partition(" as ")
    if not found or ">" not in trait or not name.startswith("<"):
        return name
    return implementer[1:] + trait.rpartition(">")[2]


def _without_arguments(name: str) -> str:
    """Return *name* without the last balanced pair of parentheses, if it ends in one."""
    if not name.endswith(")"):
        return name
    depth = 0
    for index in range(len(name) - 1, 0, -1):
        depth += (name[index] == ")") - (name[index] == "(")
        if depth == 0:
            return _QUALIFIERS.sub("", name[:index])
    return name


def _without_templates(name: str) -> str:
    """Return *name* with every outermost ``<…>`` made ``<T>``."""
    depth, kept = 0, []
    for character in name:
        depth += character == "<"
        if depth == 0:
            kept.append(character)
        elif character == ">":
            depth -= 1
            if depth == 0:
                kept.append("\x01T\x02")
    return "".join(kept) if depth == 0 else name


def _last_word(name: str) -> str:
    """Return what follows the last blank outside of brackets: the name without its return type."""
    depth = 0
    for index in range(len(name) - 1, 0, -1):
        character = name[index]
        depth += (character in _CLOSING) - (character in _OPENING)
        if depth == 0 and character == " ":
            return name[index + 1 :].lstrip("*&")
    return name


_TRIMMERS: Mapping[str, Callable[[str], str]] = {
    "csharp": _csharp,
    "java": _java,
    "javascript": _javascript,
    "node": _javascript,
    "php": _php,
    "ruby": _ruby,
    **dict.fromkeys(NATIVE_PLATFORMS, _native),
}
