"""The tags of an event: those it was sent with and those that follow from it (spec/ingest.md 4.8)."""

from typing import Any

from tocsin.domain.event.normalise.texts import cut

TAG_LENGTH_MAX = 200

_ATTRIBUTES = ("level", "logger", "environment", "transaction", "release", "dist")
_NAMED_CONTEXTS = ("browser", "os", "client_os", "runtime")


def tags_of(payload: dict[str, Any], exceptions: list[dict[str, Any]], user: str) -> tuple[tuple[str, str], ...]:
    """Return every tag, sorted by key; what the event itself says overrides a tag that was sent, but for ``url``."""
    tags: dict[str, str] = dict(payload["tags"]) if "tags" in payload else {}
    derived: dict[str, Any] = {name: payload.get(name) for name in _ATTRIBUTES}
    derived["user"] = user
    if exceptions:
        _add_mechanism(derived, exceptions)
    contexts = payload.get("contexts")
    if contexts:
        _add_contexts(derived, contexts)
    if "url" not in tags:
        derived["url"] = (payload.get("request") or {}).get("url")
    for key, value in derived.items():
        if value:
            tags[key] = value if len(value) <= TAG_LENGTH_MAX else cut(value, TAG_LENGTH_MAX)
    return tuple(sorted(tags.items()))


def user_tag(user: dict[str, Any] | None) -> str:
    """Return the one text that says who was affected, ``""`` when nobody is known."""
    if user:
        for kind, name in (("id", "id"), ("username", "username"), ("email", "email"), ("ip", "ip_address")):
            value = user.get(name)
            if value:
                return f"{kind}:{value}"
    return ""


def is_handled(exceptions: list[dict[str, Any]]) -> bool:
    """Say whether no exception of the event escaped its program."""
    return all((exception.get("mechanism") or {}).get("handled") is not False for exception in exceptions)


def _add_mechanism(tags: dict[str, Any], exceptions: list[dict[str, Any]]) -> None:
    mechanism = next((each["mechanism"] for each in exceptions if each.get("mechanism")), None)
    if mechanism:
        tags["mechanism"] = mechanism.get("type")
        if mechanism.get("handled") is not None:
            tags["handled"] = "yes" if mechanism["handled"] else "no"


def _add_contexts(tags: dict[str, Any], contexts: dict[str, dict[str, Any]]) -> None:
    for alias in _NAMED_CONTEXTS:
        context = contexts.get(alias)
        if context:
            _add_named(tags, alias, context)
    device = contexts.get("device")
    if device:
        tags["device"] = _text(device, "model")
        tags["device.family"] = _text(device, "family")
    gpu = contexts.get("gpu")
    if gpu:
        tags["gpu.name"] = _text(gpu, "name")
        tags["gpu.vendor"] = _text(gpu, "vendor_name")
    if "app" in contexts:
        tags["app.device"] = _text(contexts["app"], "device_app_hash")
    if "feedback" in contexts:
        tags["associated_event_id"] = _text(contexts["feedback"], "associated_event_id")
    if "monitor" in contexts:
        tags["monitor.id"] = _text(contexts["monitor"], "id")
        tags["monitor.slug"] = _text(contexts["monitor"], "slug")


def _add_named(tags: dict[str, Any], alias: str, context: dict[str, Any]) -> None:
    name, version = _text(context, "name"), _text(context, "version")
    tags[alias] = f"{name} {version}" if name and version else name or version
    tags[f"{alias}.name"] = name
    rooted = context.get("rooted")
    if isinstance(rooted, bool) and alias != "runtime":
        tags[f"{alias}.rooted"] = "yes" if rooted else "no"


def _text(context: dict[str, Any], name: str) -> str:
    value = context.get(name)
    if isinstance(value, str):
        return value.strip().replace("\n", " ")
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
