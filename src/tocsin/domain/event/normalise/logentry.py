"""The log message: template, parameters, and the text they make (spec/ingest.md 3.7)."""

import re
from typing import Any

import msgspec

from tocsin.domain.event.normalise.databags import PARAMETERS
from tocsin.domain.event.normalise.remarks import MISSING_ATTRIBUTE, Path, Remarks
from tocsin.domain.event.normalise.shapes import Shape, Text8192
from tocsin.domain.event.normalise.texts import cut, json_text, text_of

MESSAGE_LENGTH_MAX = 8192

_PRINTF = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-#0 +]*(?:\d+)?(?:\.\d+)?[hlL]?[diouxXeEfFgGcrsa]|%%")
_BRACES = re.compile(r"\{\{|\}\}|\{(?P<name>\w*)\}")


class _LogEntry(msgspec.Struct, gc=False):
    message: Text8192 = None
    formatted: Text8192 = None
    params: list[Any] | dict[str, Any] | None = None


_LOG_ENTRY = Shape(_LogEntry, {"message": json_text, "formatted": json_text})


def clean_logentry(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return ``{formatted, message?, params?}``, whatever form the message was sent in; None without a text."""
    if sent is False:
        return None
    if not isinstance(sent, dict) or sent.keys().isdisjoint(("message", "formatted", "params")):
        sent = {"formatted": sent if isinstance(sent, str) else json_text(sent)}
    _LOG_ENTRY.fit(sent, path, remarks)
    message, formatted, params = sent.get("message"), sent.get("formatted"), sent.get("params")
    if not message and not formatted:
        if params:
            remarks.removed(path, sent, MISSING_ATTRIBUTE, reason="parameters without a message")
        return None
    return _settled(message, formatted, params and PARAMETERS.kept(params, (*path, "params"), remarks))


def _settled(message: str | None, formatted: str | None, params: Any) -> dict[str, Any]:
    if message and not formatted and params:
        formatted = cut(_formatted(message, params), MESSAGE_LENGTH_MAX)
    settled: dict[str, Any] = {"formatted": formatted or message}
    if message and message != settled["formatted"]:
        settled["message"] = message
    if params:
        settled["params"] = params
    return settled


def _formatted(template: str, params: list[Any] | dict[str, Any]) -> str:
    """Return *template* with its parameters, or as it is when they do not go together."""
    pattern = _PRINTF if "%" in template else _BRACES
    unnamed = iter(params if isinstance(params, list) else ())

    def parameter(match: re.Match[str]) -> str:
        if match[0] in {"%%", "{{", "}}"}:
            return match[0][0]
        name = match["name"]
        if not name:
            return _parameter_text(next(unnamed))
        return _parameter_text(params[name] if isinstance(params, dict) else params[int(name)])

    try:
        return pattern.sub(parameter, template)
    except (LookupError, ValueError, StopIteration):
        return template


def _parameter_text(value: Any) -> str:
    if value is None:
        return "None"
    text = text_of(value)
    return json_text(value) if text is None else text
