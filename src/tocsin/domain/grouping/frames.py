"""What one frame says about the problem: module or file, function, line of code (spec/ingest.md 5.4)."""

import re
from functools import lru_cache

from tocsin.domain.grouping.evidence import Frame, family
from tocsin.domain.grouping.functions import essential_function, without_numbers_of_compiler
from tocsin.domain.grouping.parameterise import parameterise

CONTEXT_LINE_CHARS_MAX = 120
FRAMES_CACHED_MAX = 8192

_URL = re.compile(r"(?:https?|applewebdata|blob):", re.IGNORECASE)
_URL_OR_FILE = re.compile(r"(?:https?|applewebdata|blob|file):", re.IGNORECASE)
_NO_FILES = frozenset({"<anonymous>", "[native code]"})
_NO_SCRIPTS = frozenset({"[native code]", "native code", "eval code", "<anonymous>"})
_WITH_CONTEXT_LINE = frozenset({"javascript", "node", "python", "php", "ruby"})
_JVM = frozenset({"clojure", "groovy", "java", "kotlin", "scala"})
_JAVA_LAMBDA = re.compile(r"\$\$Lambda[$/]")
_JAVA_GENERATED = re.compile(
    r"(?P<kept>\$\$\w*?(?:CGLIB|Guice)\$\$|_\$\$_(?:javassist|jvst)|\$(?:HibernateProxy|MockitoMock|ByteBuddy)\$"
    r"|\$Proxy(?=\d)|\$\$ExternalSyntheticLambda(?=\d)|Generated(?:Method|Constructor|SerializationConstructor)Accessor|\bfn__)[\w$]+"
)


def frame_values(frame: Frame, event_platform: str | None) -> tuple[str, ...]:
    """Return the texts by which *frame* counts, in order; none when the frame does not count at all.

    Positions never count. The answers for frames seen lately are kept, since most events repeat them.
    """
    line = frame.context_line
    return _frame_values(
        frame.platform or event_platform,
        frame.abs_path,
        frame.module,
        frame.filename,
        frame.function,
        frame.raw_function,
        line if line is not None and len(line) <= CONTEXT_LINE_CHARS_MAX else None,
        bool(frame.data and frame.data.sourcemap),
    )


def is_url(path: str | None) -> bool:
    """Return whether *path* is where a browser loaded a script from."""
    return path is not None and _URL.match(path) is not None


@lru_cache(FRAMES_CACHED_MAX)
def _frame_values(  # noqa: PLR0913, PLR0917 - the key of the cache is everything the answer depends on
    platform: str | None,
    abs_path: str | None,
    module: str | None,
    filename: str | None,
    function: str | None,
    raw_function: str | None,
    context_line: str | None,
    mapped: bool,  # noqa: FBT001
) -> tuple[str, ...]:
    platform = platform or "other"
    scripted = family(platform) == "javascript"
    if scripted and (function == "eval" or abs_path in _NO_SCRIPTS):
        return ()
    if platform == "csharp":
        function = raw_function or function
    name = essential_function(function or "", platform)
    line = _code(context_line or "", platform)
    if scripted and not name and abs_path and _URL_OR_FILE.match(abs_path):
        line = ""
    if scripted and mapped and line:
        name = ""
    # Bundlers tell versions of a file apart by a query.
    filename = (filename or "").partition("?")[0] if scripted else filename or ""
    place = _module(module or "", abs_path or "", platform) or _file(filename, abs_path)
    return tuple(value for value in (place, name, line) if value)


def _module(module: str, abs_path: str, platform: str) -> str:
    if family(platform) == "javascript":
        return "" if "/" in module and abs_path.endswith(module) else module
    if platform == "csharp":
        return without_numbers_of_compiler(module)
    if platform in _JVM:
        return "" if _JAVA_LAMBDA.search(module) else _JAVA_GENERATED.sub(r"\g<kept><auto>", module)
    return module


def _file(filename: str, abs_path: str | None) -> str:
    if is_url(abs_path) or filename in _NO_FILES:
        return ""
    return re.split(r"[\\/]", filename)[-1].lower()


def _code(context_line: str, platform: str) -> str:
    if platform not in _WITH_CONTEXT_LINE:
        return ""
    line = " ".join(context_line.split())
    return parameterise(line) if platform == "python" and "spawn_main(" in line else line
