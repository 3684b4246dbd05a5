"""Check-ins over plain HTTP, files for an event, what visitors write, what nobody keeps (spec/ingest.md 1.1, 1.11)."""

from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from tocsin.domain.errors import Malformed, UnsupportedMediaType
from tocsin.domain.event.envelope import canonical_event_id
from tocsin.domain.outcome import NOT_STORED, Category, Outcome, Verdict
from tocsin.domain.posts.post import Packed, Parcels, Post, envelope_of, form_of
from tocsin.domain.user_report import COMMENTS_CHARS_MAX, EMAIL_CHARS_MAX, NAME_CHARS_MAX

_LATEST: Final = "0" * 32
"""The id of a check-in that means the latest one in progress."""
_REPORT_FIELDS: Final = {"name": NAME_CHARS_MAX, "email": EMAIL_CHARS_MAX, "comments": COMMENTS_CHARS_MAX}
_FORM_FIELDS_MAX: Final = 32


def take_check_in(post: Post) -> Parcels:
    """Return the check-in of a query string or a JSON body; the slug of the path wins (spec/ingest.md 1.11).

    Whatever was sent becomes a check-in: it is judged when it is digested, for cron jobs do not read answers.
    """
    sent = _json_object(post.body) if post.body.strip() and post.media_type == "application/json" else {}
    query = {name: post.query[name] for name in ("check_in_id", "status", "environment") if post.query.get(name)}
    check_in: dict[str, Any] = {"check_in_id": _LATEST, **query, **sent, "monitor_slug": post.name}
    if "duration" not in sent and (duration := _seconds(post.query.get("duration", ""))) is not None:
        check_in["duration"] = duration
    return Parcels(envelopes=(envelope_of([Packed({"type": "check_in"}, msgspec.json.encode(check_in))]),))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return sent if isinstance(sent, dict) else {}


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 2**40 else None


def take_files(post: Post) -> Parcels:
    """Return every part of a form as an attachment of the event that the path names. Raises Malformed or TooLarge."""
    event_id = canonical_event_id(post.name)
    if not event_id:
        raise Malformed("The path's event id is no UUID; send 32 hexadecimal digits.")
    if post.media_type != "multipart/form-data":
        raise UnsupportedMediaType("Attachments come as multipart/form-data, one part each.")
    items = [
        Packed(
            {
                "type": "attachment",
                "filename": part.filename or part.name,
                "content_type": part.content_type or "application/octet-stream",
            },
            part.data,
        )
        for part in form_of(post)
    ]
    if not items:
        raise Malformed("The form has no parts; send one for each attachment.")
    return Parcels(envelopes=(envelope_of(items, event_id=event_id),))


def take_dialog(post: Post) -> Parcels:
    """Return what a visitor wrote into the crash-report dialog (spec/ingest.md 8.3). Raises Malformed."""
    event_id = event_id_of_dialog(post.query.get("eventId", ""))
    report: dict[str, str] = {"event_id": event_id}
    fields = _fields(post)
    for name, chars_max in _REPORT_FIELDS.items():
        report[name] = fields.get(name, "").strip()
        if not report[name]:
            raise Malformed(f"The field {name} is empty; fill it in.")
        if len(report[name]) > chars_max:
            raise Malformed(f"The field {name} has more than {chars_max} characters; shorten it.")
    return Parcels(
        envelopes=(envelope_of([Packed({"type": "user_report"}, msgspec.json.encode(report))], event_id=event_id),)
    )


def event_id_of_dialog(sent: str) -> str:
    """Return the event that a dialog is about. Raises Malformed."""
    event_id = canonical_event_id(sent)
    if not event_id:
        raise Malformed("The query's eventId is no UUID; give the id that the SDK returned.")
    return event_id


def _fields(post: Post) -> dict[str, str]:
    if post.media_type == "multipart/form-data":
        return {part.name: part.text for part in form_of(post)}
    try:
        return dict(parse_qsl(post.body.decode("utf-8", "replace"), max_num_fields=_FORM_FIELDS_MAX))
    except ValueError as error:
        raise Malformed(f"The form has more than {_FORM_FIELDS_MAX} fields.") from error


def take_network_errors(post: Post) -> Parcels:
    """Count reports of network errors; nobody keeps them. Raises Malformed."""
    try:
        sent = msgspec.json.decode(post.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The body is not JSON; send an array of reports.") from error
    return _not_stored(Category.INTERNAL, len(sent) if isinstance(sent, list) else 1)


def take_traces(post: Post) -> Parcels:  # noqa: ARG001 - as all takers
    """Count a request of OpenTelemetry; nobody keeps what it holds."""
    return _not_stored(Category.SPAN, 1)


def take_logs(post: Post) -> Parcels:  # noqa: ARG001 - as all takers
    """Count a request of OpenTelemetry; nobody keeps what it holds."""
    return _not_stored(Category.LOG_ITEM, 1)


def _not_stored(category: Category, quantity: int) -> Parcels:
    outcome = Outcome(category=category, verdict=Verdict.FILTERED, reason=NOT_STORED, quantity=quantity)
    return Parcels(outcomes=(outcome,) if quantity else ())
