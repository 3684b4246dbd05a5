"""Fingerprint variables: ``{{ default }}``, ``{{ error.type }}``, ``{{ tags.NAME }}`` … (spec/ingest.md 5.2)."""

import re
from collections.abc import Callable, Sequence

import msgspec

from tocsin.domain.grouping.evidence import Evidence, Frame, Raised, present

DEFAULT = "{{ default }}"
"""Stands for what the event itself says."""

_VARIABLE = re.compile(r"\{\{\s*([^\s{}]+)\s*\}\}")


class Clues(msgspec.Struct, frozen=True):
    """Where the values of variables come from."""

    evidence: Evidence
    main_exception_id: int | None

    @property
    def raised(self) -> Raised:
        """The main exception (spec/ingest.md 4.2), an empty one if there is none."""
        raised = self.evidence.raised or [Raised()]
        if self.main_exception_id is None:
            return raised[-1]
        return next((each for each in raised if each.exception_id == self.main_exception_id), raised[-1])

    @property
    def frame(self) -> Frame:
        """The crash frame (spec/ingest.md 4.1), an empty one if there is none."""
        frames = self._crash_frames() or (Frame(),)
        return next((frame for frame in reversed(frames) if frame.in_app), frames[-1])

    def _crash_frames(self) -> Sequence[Frame]:
        evidence = self.evidence
        threads = present(evidence.threads.values) if evidence.threads else []
        candidates = [evidence.raised[-1].stacktrace if evidence.raised else None, evidence.stacktrace]
        candidates += [thread.stacktrace for thread in threads if len(threads) == 1]
        return next((stacktrace.calls for stacktrace in candidates if stacktrace), ())


def resolved(entry: str, clues: Clues) -> str:
    """Return the text that *entry* of a fingerprint stands for; ``{{ default }}`` stays, in this spelling."""
    found = _VARIABLE.fullmatch(entry)
    return _value(found[1], clues) if found else entry


def expanded(template: str, clues: Clues) -> str:
    """Return *template*, the title of a rule, with its variables filled in."""
    return _VARIABLE.sub(lambda found: _value(found[1], clues), template)


def _value(name: str, clues: Clues) -> str:
    if name == "default":
        return DEFAULT
    if name.startswith("tags."):
        tag = name.removeprefix("tags.")
        return clues.evidence.tag(tag) or f"<no-value-for-tag-{tag}>"
    if name not in _VARIABLES:
        return f"<unrecognized-variable-{name}>"
    missing, value_of = _VARIABLES[name]
    return value_of(clues) or f"<no-{missing}>"


def _message(clues: Clues) -> str | None:
    return next(iter(clues.evidence.messages), clues.raised.value)


def _package(clues: Clues) -> str:
    return re.split(r"[\\/]", clues.frame.package or "")[-1]


_Variable = tuple[str, Callable[[Clues], str | None]]
_TYPE: _Variable = ("type", lambda clues: clues.raised.type)
_ERROR_VALUE: _Variable = ("value", lambda clues: clues.raised.value)
_FUNCTION: _Variable = ("function", lambda clues: clues.frame.function)
_PATH: _Variable = ("abs-path", lambda clues: clues.frame.abs_path)
_MODULE: _Variable = ("module", lambda clues: clues.frame.module)
_PACKAGE: _Variable = ("package", _package)
_VARIABLES: dict[str, _Variable] = {
    "error.type": _TYPE,
    "error.value": _ERROR_VALUE,
    "function": _FUNCTION,
    "level": ("level", lambda clues: clues.evidence.level),
    "logger": ("logger", lambda clues: clues.evidence.logger),
    "message": ("message", _message),
    "module": _MODULE,
    "package": _PACKAGE,
    "path": _PATH,
    "stack.abs_path": _PATH,
    "stack.filename": ("filename", lambda clues: clues.frame.filename),
    "stack.function": _FUNCTION,
    "stack.module": _MODULE,
    "stack.package": _PACKAGE,
    "transaction": ("transaction", lambda clues: clues.evidence.transaction),
    "type": _TYPE,
    "value": _ERROR_VALUE,
}
