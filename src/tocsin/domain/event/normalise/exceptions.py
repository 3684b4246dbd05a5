"""Exceptions: a list of values, the root cause first, the one raised last at the end (spec/ingest.md 3.11)."""

import re
from typing import Any

import msgspec

from tocsin.domain.event.normalise.databags import OTHER
from tocsin.domain.event.normalise.remarks import MISSING_ATTRIBUTE, Path, Remarks
from tocsin.domain.event.normalise.shapes import (
    Flag,
    Identifier,
    Number,
    Object,
    Shape,
    Text128,
    Text256,
    Text8192,
    values_of,
)
from tocsin.domain.event.normalise.stacktraces import clean_stacktraces_of
from tocsin.domain.event.normalise.texts import json_text, text_of

EXCEPTIONS_MAX = 100
_TYPE_AND_VALUE = re.compile(r"(\S+?): (.*)", re.DOTALL)


class _Exception(msgspec.Struct, gc=False):
    type: Text256 = None
    value: Text8192 = None
    module: Text256 = None
    thread_id: Identifier = None
    mechanism: Object = None
    stacktrace: Object = None
    raw_stacktrace: Object = None


class _Mechanism(msgspec.Struct, gc=False):
    type: Text128 = None
    description: Text8192 = None
    help_link: Text8192 = None
    handled: Flag = None
    synthetic: Flag = None
    source: Text256 = None
    exception_id: Number = None
    parent_id: Number = None
    is_exception_group: Flag = None
    data: Object = None
    meta: Object = None


_EXCEPTION = Shape(_Exception, {"value": json_text, "type": text_of})
_MECHANISM = Shape(_Mechanism)


def clean_exceptions(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the exceptions as ``{"values": […]}``, None when none is left."""
    values = values_of(sent, path, remarks)
    if not values:
        return None
    path = (*path, "values")
    if len(values) > EXCEPTIONS_MAX:
        remarks.shortened(path, len(values))
        remarks.renumbered(path, len(values) - EXCEPTIONS_MAX)
        values = values[-EXCEPTIONS_MAX:]
    exceptions = _EXCEPTION.fit_all(values, path, remarks)
    kept = [each for index, each in enumerate(exceptions) if _clean(each, (*path, str(index)), remarks)]
    return {"values": kept} if kept else None


def _clean(exception: dict[str, Any], path: Path, remarks: Remarks) -> bool:
    """Clean *exception* in place; False if it says nothing and has to go."""
    if not exception.get("type"):
        split = _TYPE_AND_VALUE.fullmatch(exception.get("value") or "")
        if split:
            exception["type"], exception["value"] = split[1][:256], split[2]
        elif not exception.get("value"):
            remarks.removed(path, exception, MISSING_ATTRIBUTE, reason="neither type nor value")
            return False
    mechanism = exception.get("mechanism")
    if mechanism:
        _clean_mechanism(mechanism, (*path, "mechanism"), remarks)
    clean_stacktraces_of(exception, path, remarks)
    return True


def _clean_mechanism(mechanism: dict[str, Any], path: Path, remarks: Remarks) -> None:
    _MECHANISM.fit(mechanism, path, remarks)
    if not mechanism.get("type"):
        mechanism["type"] = "generic"
    for name in ("data", "meta"):
        if mechanism.get(name):
            mechanism[name] = OTHER.kept(mechanism[name], (*path, name), remarks)
