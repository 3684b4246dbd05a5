"""What becomes of every recorded request, one reviewed file for each in tests/corpus/snapshots.

    python -m tests.checks.snapshots            say which files no longer say what the code does
    python -m tests.checks.snapshots --write    rewrite them, for a person to review the difference

Everything that varies from run to run is fixed: a request is digested as of the time at which it was recorded, and an
event without an id gets one.
"""

import argparse
import difflib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from tocsin.domain.event.accepted import Accepted, BodyForm
from tocsin.domain.event.envelope import Item, open_accepted
from tocsin.domain.event.event import Event
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.grouping import group
from tocsin.domain.pipeline import Attachment, digest

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
SNAPSHOTS = CORPUS / "snapshots"
NAMES = sorted(path.stem for path in CORPUS.glob("*.envelope"))

LIMITS = IntakeLimits()
_DERIVED = [
    "type",
    "title",
    "culprit",
    "location",
    "level",
    "platform",
    "logger",
    "transaction",
    "release",
    "dist",
    "environment",
    "user",
    "handled",
    "metadata",
    "sdk_name",
    "sdk_version",
    "error_types",
    "error_values",
    "error_mechanisms",
]


def accepted_request(name: str) -> Accepted:
    """Return a recorded request as the intake keeps it."""
    recorded = json.loads((CORPUS / f"{name}.json").read_text())
    headers = {key.lower(): value for key, value in recorded["headers"]}
    accepted = Accepted(
        project_id=42,
        public_key="a1b2c3d4e5f60718293a4b5c6d7e8f90",
        received=datetime.fromtimestamp(recorded["received_at"], UTC),
        client_ip="203.0.113.9",
        client=_client(headers, recorded["path"]),
        user_agent=headers.get("user-agent", ""),
        form=BodyForm.STORE if "/store/" in recorded["path"] else BodyForm.ENVELOPE,
        encoding=recorded["content_encoding"].replace("identity", ""),
        body=(CORPUS / f"{name}.envelope").read_bytes(),
    )
    envelope = open_accepted(accepted, LIMITS)
    event_id = envelope.event_id or envelope.payload_event_id or ("a" * 32 if envelope.needs_event_id else "")
    return msgspec.structs.replace(accepted, event_id=event_id)


def _client(headers: dict[str, str], path: str) -> str:
    credentials = f"{headers.get('x-sentry-auth', '')}&{path}".replace("?", "&").replace(",", "&")
    fields = (field.strip().partition("=") for field in credentials.split("&"))
    named = {key.rpartition(" ")[2]: value for key, _, value in fields}
    return named.get("sentry_client", "").replace("%2F", "/") or headers.get("user-agent", "")


def snapshot(name: str) -> dict[str, Any]:
    """Return what the code makes of a recorded request."""
    accepted = accepted_request(name)
    digested = digest(accepted, LIMITS)
    return {
        "items": [_item(item) for item in open_accepted(accepted, LIMITS).items],
        "outcomes": msgspec.to_builtins(digested.outcomes),
        "sessions": msgspec.to_builtins(digested.sessions),
        "check_ins": msgspec.to_builtins(digested.check_ins),
        "reports": msgspec.to_builtins(digested.reports),
        "attachments": [_attachment(each) for each in digested.attachments],
        "events": [_event(each) for each in digested.events],
    }


def _item(item: Item) -> dict[str, Any]:
    return {**item.headers, "bytes": len(item.payload)}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {name: getattr(attachment, name) for name in ("filename", "content_type", "attachment_type")} | {
        "bytes": len(attachment.data)
    }


def _event(event: Event) -> dict[str, Any]:
    payload = msgspec.json.decode(event.payload)
    grouping = group(payload)
    return {
        **{name: getattr(event, name) for name in _DERIVED},
        "timestamp": event.timestamp.isoformat(),
        "received": event.received.isoformat(),
        "tags": dict(event.tags),
        "hashes": event.hashes,
        "grouping": {
            "fingerprint": grouping.fingerprint,
            "main_exception_id": grouping.main_exception_id,
            "variants": {
                variant.name: {
                    "contributes": variant.contributes,
                    "hint": variant.hint,
                    "hash": variant.hash,
                    "values": list(variant.values),
                }
                for variant in grouping.variants
            },
        },
        "errors": payload.pop("errors", []),
        "_meta": payload.pop("_meta", {}),
        "payload": payload,
    }


def snapshot_text(name: str) -> str:
    """Return the file that should be there for a recorded request."""
    return _readable(msgspec.to_builtins(snapshot(name)), "") + "\n"


def _readable(value: Any, indent: str) -> str:
    """Return JSON for eyes: what fits into a line stands in one."""
    short = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(short) <= 140 or not isinstance(value, (dict, list)):
        return short
    deeper = indent + " "
    if isinstance(value, dict):
        lines = [f"{deeper}{json.dumps(key, ensure_ascii=False)}: {_readable(value[key], deeper)}" for key in value]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + _readable(each, deeper) for each in value) + f"\n{indent}]"


def differences(name: str) -> Iterator[str]:
    """Yield how the file of a recorded request differs from what the code makes of it now."""
    path = SNAPSHOTS / f"{name}.json"
    reviewed = path.read_text().splitlines() if path.exists() else []
    return difflib.unified_diff(reviewed, snapshot_text(name).splitlines(), "reviewed", "now", lineterm="", n=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="rewrite the files that differ")
    options = parser.parse_args()
    SNAPSHOTS.mkdir(exist_ok=True)
    changed = [name for name in NAMES if any(differences(name))]
    for name in changed:
        print(name)
        if options.write:
            (SNAPSHOTS / f"{name}.json").write_text(snapshot_text(name))
    print(f"{len(changed)} of {len(NAMES)} differ" + (", now rewritten" if options.write else ""))


if __name__ == "__main__":
    main()
