"""Contexts, extra data and the other objects that are mostly carried through (spec/ingest.md 3.1)."""

from typing import Any

import msgspec

from tocsin.domain.event.arrival import Arrival
from tocsin.domain.event.normalise.databags import CONTEXT, EXTRA, EXTRA_VALUE, MODULES, OTHER
from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.shapes import (
    FilePath,
    Number,
    Object,
    Shape,
    Text,
    Text128,
    Text256,
    Text4096,
    Texts,
    clean_object,
)

IMAGES_MAX = 2000
SDK_PARTS_MAX = 500


class _Sdk(msgspec.Struct, gc=False):
    name: Text128 = None
    version: Text128 = None
    packages: list[Any] | None = None
    integrations: list[Any] | None = None
    features: list[Any] | None = None
    settings: Object = None


class _Template(msgspec.Struct, gc=False):
    filename: FilePath = None
    abs_path: FilePath = None
    lineno: Number = None
    pre_context: Texts = None
    context_line: Text = None
    post_context: Texts = None


class _DebugMeta(msgspec.Struct, gc=False):
    images: list[dict[str, Any]] | None = None
    sdk_info: Object = None


class _TransactionInfo(msgspec.Struct, gc=False):
    source: Text256 = None


def _objects(sent: Any) -> Any:
    return [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else sent


class _Feedback(msgspec.Struct, gc=False):
    message: Text4096 = None
    contact_email: Text = None
    name: Text = None
    url: Text = None
    associated_event_id: Text = None
    source: Text = None


_SDK = Shape(_Sdk)
_FEEDBACK = Shape(_Feedback)
_TEMPLATE = Shape(_Template)
_DEBUG_META = Shape(_DebugMeta, {"images": _objects})
_TRANSACTION_INFO = Shape(_TransactionInfo)
_TRANSACTION_SOURCES = frozenset({"custom", "url", "route", "view", "component", "task", "sanitized", "unknown"})


def clean_contexts(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the contexts, each an object within its bounds and with a ``type``."""
    contexts = clean_object(sent, path, remarks) or {}
    kept = {}
    for alias, sent_context in contexts.items():
        if sent_context is None:
            continue
        context = clean_object(sent_context, (*path, alias), remarks)
        if context is not None:
            if not isinstance(context.get("type"), str) or not context["type"]:
                context["type"] = alias
            if alias == "feedback":
                _FEEDBACK.fit(context, (*path, alias), remarks)
            kept[alias] = CONTEXT.kept(context, (*path, alias), remarks)
    return kept or None


def clean_extra(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the extra data: each value within its bounds, and all of them within theirs."""
    extra = clean_object(sent, path, remarks)
    if extra is None:
        return None
    for name, value in extra.items():
        if isinstance(value, (dict, list, str)):
            extra[name] = EXTRA_VALUE.kept(value, (*path, name), remarks)
    return EXTRA.kept(extra, path, remarks) or None


def clean_modules(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return installed packages with their versions."""
    if isinstance(sent, list):
        sent = {pair[0]: pair[1] for pair in sent if _is_named(pair)}
    modules = clean_object(sent, path, remarks)
    return MODULES.kept(modules, path, remarks) if modules else None


def clean_sdk(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the SDK that made the event."""
    sdk = clean_object(sent, path, remarks)
    if sdk:
        _SDK.fit(sdk, path, remarks)
        for name in ("packages", "integrations", "features"):
            if sdk.get(name):
                sdk[name] = sdk[name][:SDK_PARTS_MAX]
    return sdk or None


def settle_sdk(event: dict[str, Any], arrival: Arrival, remarks: Remarks) -> None:
    """Let the envelope's SDK, or the client that authenticated, stand in for an SDK that the event does not name."""
    if "sdk" in event:
        return
    name, _, version = arrival.client.partition("/")
    sdk = arrival.sdk or ({"name": name, "version": version} if name and version else None)
    sdk = clean_sdk(dict(sdk), ("sdk",), remarks) if sdk else None
    if sdk:
        event["sdk"] = sdk


def clean_template(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the place in a template."""
    template = clean_object(sent, path, remarks)
    if template:
        _TEMPLATE.fit(template, path, remarks)
    return template or None


def clean_debug_meta(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the debug images; what is no object among them goes."""
    debug_meta = clean_object(sent, path, remarks)
    if debug_meta:
        _DEBUG_META.fit(debug_meta, path, remarks)
        if debug_meta.get("images"):
            debug_meta["images"] = debug_meta["images"][:IMAGES_MAX]
    return debug_meta or None


def clean_transaction_info(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return how the transaction got its name; a source nobody knows is ``unknown``."""
    transaction_info = clean_object(sent, path, remarks)
    if transaction_info:
        _TRANSACTION_INFO.fit(transaction_info, path, remarks)
        if transaction_info.get("source") not in _TRANSACTION_SOURCES:
            transaction_info["source"] = "unknown"
    return transaction_info


def clean_security_report(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return a report of a browser's policy with its keys in snake case."""
    report = clean_object(sent, path, remarks)
    if report:
        report = OTHER.kept({key.replace("-", "_"): value for key, value in report.items()}, path, remarks)
    return report


def clean_other(sent: Any, path: Path, remarks: Remarks) -> Any:
    """Return the value of an attribute nobody knows, within bounds: it is kept, though nothing uses it."""
    return OTHER.kept(sent, path, remarks)


def _is_named(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)
