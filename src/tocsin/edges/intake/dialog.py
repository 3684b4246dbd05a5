"""The crash-report dialog: a script that asks a visitor of a web page what happened (spec/ingest.md 8.3)."""

import re
from collections.abc import Mapping
from importlib import resources
from typing import Final

import msgspec

from tocsin.domain.posts.others import event_id_of_dialog

_SCRIPT: Final = resources.files("tocsin.edges.intake").joinpath("dialog.js").read_text(encoding="utf-8")
_TEXT_CHARS_MAX: Final = 500

_TEXTS: Final = {
    "title": "It looks like something went wrong.",
    "subtitle": "Our team has been told.",
    "subtitle2": "If you’d like to help, tell us what happened.",
    "name": "",
    "email": "",
    "labelName": "Name",
    "labelEmail": "Email",
    "labelComments": "What happened?",
    "labelClose": "Close",
    "labelSubmit": "Send report",
    "errorGeneric": "Your report could not be sent. Please try again.",
    "successMessage": "Your report was sent. Thank you!",
    "lang": "en",
}
"""What the dialog says, unless the query says it differently: the names that SDKs use."""

_UNSAFE: Final = re.compile("[<>&\u2028\u2029]")


def dialog_script(query: Mapping[str, str]) -> str:
    """Return the script for one visitor and one event. Raises Malformed without a usable ``eventId``."""
    event_id = event_id_of_dialog(query.get("eventId", ""))
    given = {**query, "name": query.get("name", query.get("user.name", ""))}
    given["email"] = query.get("email", query.get("user.email", ""))
    texts = {name: (given.get(name) or text)[:_TEXT_CHARS_MAX] for name, text in _TEXTS.items()}
    options = {"dsn": query["dsn"], "eventId": event_id, "texts": texts}
    return _SCRIPT.replace("/* OPTIONS */ {}", _literal(options))


def _literal(value: object) -> str:
    """Return a value as JavaScript that is harmless inside a page too."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", msgspec.json.encode(value).decode())
