"""What every mutation can be asked besides: to rehearse, to insist on a revision, to act once however often sent."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from litestar import Response
from litestar.params import HeaderParameter, QueryParameter

from tocsin.domain.errors import Malformed
from tocsin.domain.issue.issue import Assignee
from tocsin.domain.issue.journal import Fields, Rewritten
from tocsin.edges.api.call import Call
from tocsin.flows.triage import Acting, Asked, Outcome

KEY_LENGTH_MAX: Final = 255
CHANGES_MAX: Final = 100
"""Groups of issues that the answer to a dry run describes."""
IDS_MAX: Final = 1000
"""Issues of a group that it names."""
_YES = frozenset({"1", "true", "yes", "on"})

DryRun = Annotated[
    str | None, QueryParameter(name="dryRun", description="1 to be told what would change, with nothing changed.")
]
IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag of the issue as you know it; 412 if it is another now."),
]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key", description="Any text of yours; a retry with it is answered alike and acts once."
    ),
]


def asked_of(call: Call, dry_run: str | None, key: str | None, if_match: str | None = None) -> Asked:
    """Return how the request wants its command carried out. Raises Malformed for a key that is too long."""
    if key is not None and not 0 < len(key) <= KEY_LENGTH_MAX:
        raise Malformed(f"An Idempotency-Key has 1 to {KEY_LENGTH_MAX} characters.")
    return Asked(
        dry_run=(dry_run or "").lower() in _YES, if_match=if_match or "", key=key or "", request_hash=_hash(call)
    )


def answered(
    call: Call,
    acting: Acting,
    asked: Asked,
    carried_out: Callable[[], Outcome],
    shown: Callable[[Outcome], Response[Any]],
) -> Response[Any]:
    """Answer a command: as before if it is a retry, with what would change if it is a dry run, else what it did."""
    triage = call.services.triage
    outcome = triage.earlier(acting, asked) or carried_out()
    if asked.dry_run:
        return Response(_rehearsal(outcome))
    response = _again(outcome) or shown(outcome)
    if asked.key and outcome.status is None:
        body = b"" if response.content is None else msgspec.json.encode(response.content)
        triage.note_answer(acting, asked, response.status_code or 200, body)
    if outcome.mutation_id is not None:
        response.headers["X-Tocsin-Mutation"] = str(outcome.mutation_id)
    return response


def _again(outcome: Outcome) -> Response[Any] | None:
    """Return the answer that the first of several equal requests got, if it got one."""
    if outcome.status is None:
        return None
    content = msgspec.json.decode(outcome.body) if outcome.body else None
    return Response(content, status_code=outcome.status, headers={"Idempotency-Replayed": "true"})


def _rehearsal(outcome: Outcome) -> dict[str, Any]:
    return {
        "dryRun": True,
        "issueCount": len(outcome.issue_ids),
        "delta": outcome.delta,
        "changes": [_change(one) for one in outcome.rehearsed[:CHANGES_MAX]],
    }


def _change(change: Rewritten) -> dict[str, Any]:
    return {
        "issueCount": len(change.ids),
        "issues": [str(one) for one in change.ids[:IDS_MAX]],
        "before": _named(change.before),
        "after": _named(change.after),
    }


_PLAIN = {"status": "status", "substatus": "substatus", "priority": "priority", "share_id": "shareId"}


def _named(fields: Fields) -> dict[str, Any]:
    """Return the fields by the names that issues have in answers."""
    items = fields.items()
    named: dict[str, Any] = {shown: items[name] for name, shown in _PLAIN.items() if name in items}
    if "assignee" in items:
        named["assignedTo"] = _actor(items["assignee"])
    return named


def _actor(assignee: Assignee | None) -> str | None:
    if assignee is None:
        return None
    return f"user:{assignee.user_id}" if assignee.user_id is not None else f"team:{assignee.team_id}"


def _hash(call: Call) -> str:
    """Return what tells this request from another: path, query and body. The method is always PUT."""
    told = msgspec.msgpack.encode([call.path, call.query, call.content_type, call.body])
    return sha256(told).hexdigest()
