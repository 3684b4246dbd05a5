"""The triage flow: lock, look up what is named, ask the domain, store. All of it happens, or nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.caller import Reach
from tocsin.domain.errors import InvalidFields, KeyReused
from tocsin.domain.issue.command import Command, read_command
from tocsin.domain.issue.issue import Issue, IssueId, UserId
from tocsin.domain.issue.journal import MutationKind, Rewritten
from tocsin.domain.issue.kind import looked_at
from tocsin.domain.issue.revision import require_revision
from tocsin.domain.issue.workflow import carry_out_all
from tocsin.domain.organization import User
from tocsin.flows.triage.lookup import circumstances, resolved, users_seen
from tocsin.flows.triage.parting import Deed
from tocsin.flows.triage.regroup import Regrouped, refuse_unfit, regroup, regroups
from tocsin.flows.triage.undo import Undone, undo
from tocsin.flows.triage.write import write
from tocsin.storage.history.store import History
from tocsin.storage.state import idempotency, issue_kinds, issues, mutations
from tocsin.storage.state.deletions import Request
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.holding import hold
from tocsin.storage.state.mutations import MutationId


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Who commands."""

    user: User | None
    """None for a token of the organization."""
    reach: Reach
    """In the organization of the issues."""
    shown: Mapping[str, Any] = {}
    """The user as answers show them."""

    @property
    def user_id(self) -> UserId | None:
        """Id of the acting user."""
        return None if self.user is None else self.user.id

    @property
    def caller(self) -> str:
        """Whose keys of repeated requests these are: the user's own, or those of all tokens of the organization."""
        return f"organization:{self.reach.organization.id}" if self.user is None else f"user:{self.user.id}"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How a command is to be carried out."""

    dry_run: bool = False
    """Find out what would happen, and change nothing."""
    if_match: str = ""
    """Entity tags of which the only issue must have one (``revision.py``); empty for whatever it is like."""
    key: str = ""
    """Idempotency-Key: a second request with it is answered with what the first one did."""
    request_hash: str = ""
    """Of the request that carries the key, 64 hex digits."""


PLAINLY = Asked()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command came to."""

    issue_ids: tuple[IssueId, ...] = ()
    """The issues it was carried out on. Without any nothing was done."""
    delta: dict[str, Any] = {}
    """The answer to a bulk command, less ``activity`` (spec/mutation.md 3.1)."""
    shows_activity: bool = False
    """Whether the answer has ``activity``: the newest entries of the only issue."""
    mutation_id: MutationId | None = None
    """By which it can be undone; None when nothing was selected, and for a dry run."""
    rehearsed: tuple[Rewritten, ...] = ()
    """For a dry run: what would be set."""
    is_discarded: bool = False
    """Whether the issues are gone, so that there is nothing to answer with."""
    status: int | None = None
    """For a retry, the status and body that the first request was answered with, unless that broke off before it."""
    body: bytes | None = None


NOTHING_SELECTED = Outcome()


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    issue_ids: Collection[IssueId]
    body: Any
    faults: Mapping[str, object]
    """What is wrong with fields of the body, whatever it names; told together with what is wrong with that."""
    by: Acting
    now: datetime
    asked: Asked


class Triage:
    """Carries out commands, and undoes them. Safe to share among threads."""

    def __init__(self, state: State, history: History, new_share_id: Callable[[], str]) -> None:
        self._state = state
        self._history = history
        self._new_share_id = new_share_id

    def carry_out(
        self, issue_ids: Collection[IssueId], body: Any, by: Acting, now: datetime, asked: Asked = PLAINLY
    ) -> Outcome:
        """Do to the issues what the JSON *body* asks for, in one transaction.

        Issues that do not exist and those of projects *by* cannot see are left alone. A body is judged only if there
        are ids (spec/mutation.md 2.3). Raises InvalidFields, InvalidList, Malformed, PreconditionFailed and KeyReused,
        with nothing changed.
        """
        if not issue_ids and not asked.key:
            return NOTHING_SELECTED
        command, faults = _read(body) if issue_ids else (Command(), {})
        order = _Order(issue_ids=issue_ids, body=body, faults=faults, by=by, now=now, asked=asked)
        seen = users_seen(self._state, self._history, issue_ids) if command.needs_users_seen else {}
        if asked.dry_run:
            with self._state.rehearse() as connection:
                outcome = self._carry_out(connection, command, order, seen)
            return msgspec.structs.replace(outcome, mutation_id=None)
        with self._state.write() as connection:
            return self._once(connection, command, order, seen)

    def earlier(self, by: Acting, asked: Asked) -> Outcome | None:
        """Return what a request with the same Idempotency-Key did before, if any did. Raises KeyReused."""
        if not asked.key:
            return None
        with self._state.read() as connection:
            return _earlier(connection, by, asked)

    def note_answer(self, by: Acting, asked: Asked, status: int, body: bytes) -> None:
        """Remember how the request with the Idempotency-Key was answered."""
        with self._state.write() as connection:
            idempotency.note_answer(connection, by.caller, asked.key, status, body)

    def undo(self, mutation_id: int, by: Acting, now: datetime) -> Undone:
        """Undo a mutation of the organization for all issues that nobody changed since; see :func:`undo.undo`."""
        with self._state.write() as connection:
            return undo(connection, self._history, mutation_id, by.reach, Deed(by=by.user_id, now=now))

    def _once(self, connection: Transaction, command: Command, order: _Order, seen: Mapping[IssueId, int]) -> Outcome:
        """Carry the command out unless a request with the same key did, which is found out by whoever came second."""
        by, asked = order.by, order.asked
        if not asked.key:
            return self._carry_out(connection, command, order, seen)
        if not idempotency.claim(connection, by.caller, asked.key, asked.request_hash, order.now):
            return _earlier(connection, by, asked) or NOTHING_SELECTED
        outcome = self._carry_out(connection, command, order, seen)
        kept = msgspec.to_builtins(outcome)
        idempotency.note_outcome(connection, by.caller, asked.key, kept, outcome.mutation_id)
        return outcome

    def _carry_out(
        self, connection: Transaction, command: Command, order: _Order, seen: Mapping[IssueId, int]
    ) -> Outcome:
        by, now = order.by, order.now
        if regroups(command):
            hold(connection, order.issue_ids)
        kinds = issue_kinds.load(
            connection, order.issue_ids, project_ids=by.reach.project_ids, apart=looked_at(command)
        )
        if not kinds:
            return NOTHING_SELECTED
        standing = [kind.issue for kind in kinds]
        ids = tuple(sorted(issue_id for kind in kinds for issue_id in kind.ids))
        require_revision(standing[0], order.asked.if_match)
        command = _resolved(connection, command, standing, order)
        if regroups(command):
            refuse_unfit(command, list(issues.load(connection, ids).values()))
        here = circumstances(connection, command, standing, by.user, by.shown, now)
        here = msgspec.structs.replace(here, users_seen=seen, share_ids=self._share_ids(command, standing))
        bulk = carry_out_all(command, standing, here, selected=len(ids))
        mutation_id = _begun(connection, order, len(ids))
        journal = write(connection, list(zip(kinds, bulk.changes, strict=True)), mutation_id, now)
        regrouped = self._regroup(connection, command, ids, order, mutation_id)
        journal = msgspec.structs.replace(journal, irreversible=regrouped.irreversible)
        mutations.keep_journal(connection, mutation_id, journal)
        return Outcome(
            issue_ids=ids,
            delta=bulk.delta | regrouped.delta,
            shows_activity=bulk.shows_activity,
            mutation_id=mutation_id,
            rehearsed=journal.rewritten if order.asked.dry_run else (),
            is_discarded=bool(command.discard),
        )

    def _regroup(
        self,
        connection: Transaction,
        command: Command,
        ids: Sequence[IssueId],
        order: _Order,
        mutation_id: MutationId,
    ) -> Regrouped:
        """Merge, take apart and discard, after everything else has taken effect (spec/mutation.md 3.1)."""
        if not regroups(command):
            return Regrouped()
        chosen = list(issues.load(connection, ids).values())
        deed = Deed(by=order.by.user_id, now=order.now, mutation_id=mutation_id)
        request = Request(organization_id=order.by.reach.organization.id, actor_id=order.by.user_id)
        return regroup(connection, self._history, command, chosen, deed, request)

    def _share_ids(self, command: Command, standing: Sequence[Issue]) -> dict[IssueId, str]:
        return {issue.id: self._new_share_id() for issue in standing} if command.is_public else {}


def _read(body: Any) -> tuple[Command, dict[str, object]]:
    """Return the command in the fields that can be read, and what is wrong with the others."""
    try:
        return read_command(body), {}
    except InvalidFields as invalid:
        if not isinstance(body, dict) or not invalid.errors.keys() & body.keys():
            raise
        return read_command({name: value for name, value in body.items() if name not in invalid.errors}), invalid.errors


def _resolved(connection: Transaction, command: Command, standing: Sequence[Issue], order: _Order) -> Command:
    """Return the command with all it names looked up. Raises InvalidFields with everything that is wrong with it."""
    try:
        found = resolved(connection, command, standing, order.by.reach)
    except InvalidFields as invalid:
        raise InvalidFields({**order.faults, **invalid.errors}) from None
    if order.faults:
        raise InvalidFields(dict(order.faults))
    return found


def _earlier(connection: Transaction, by: Acting, asked: Asked) -> Outcome | None:
    known = idempotency.find(connection, by.caller, asked.key)
    if known is None:
        return None
    if known.request_hash != asked.request_hash:
        raise KeyReused("This Idempotency-Key came with another request before. Use a new key for a new request.")
    outcome = msgspec.convert(known.outcome, Outcome)
    return msgspec.structs.replace(outcome, status=known.status, body=known.body)


def _begun(connection: Transaction, order: _Order, issues: int) -> MutationId:
    return mutations.begin(
        connection,
        organization_id=order.by.reach.organization.id,
        user_id=order.by.user_id,
        kind=MutationKind.TRIAGE,
        request=order.body,
        issue_count=issues,
        now=order.now,
    )
