"""The triage flow: lock, look up what is named, ask the domain, store. All of it happens, or nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.domain.caller import Reach
from tocsin.domain.issue.command import Command, read_command
from tocsin.domain.issue.issue import Issue, IssueId
from tocsin.domain.issue.workflow import carry_out_all
from tocsin.domain.organization import User
from tocsin.flows.triage.lookup import circumstances, resolved, users_seen
from tocsin.flows.triage.regroup import refuse_unfit, regroup, regroups
from tocsin.flows.triage.write import write
from tocsin.storage.history.store import History
from tocsin.storage.state import issues
from tocsin.storage.state.engine import State, Transaction
from tocsin.storage.state.holding import hold


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """Who commands."""

    user: User
    reach: Reach
    """In the organization of the issues."""
    shown: Mapping[str, Any] = {}
    """The user as answers show them."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command came to."""

    issue_ids: tuple[IssueId, ...] = ()
    """The issues it was carried out on. Without any nothing was done."""
    delta: dict[str, Any] = {}
    """The answer to a bulk command, less ``activity`` (spec/mutation.md 3.1)."""
    shows_activity: bool = False
    """Whether the answer has ``activity``: the newest entries of the only issue."""
    is_discarded: bool = False
    """Whether the issues are gone, so that there is nothing to answer with."""


NOTHING_SELECTED = Outcome()


class Triage:
    """Carries out commands. Safe to share among threads."""

    def __init__(self, state: State, history: History, new_share_id: Callable[[], str]) -> None:
        self._state = state
        self._history = history
        self._new_share_id = new_share_id

    def carry_out(self, issue_ids: Collection[IssueId], body: Any, by: Acting, now: datetime) -> Outcome:
        """Do to the issues what the JSON *body* asks for, in one transaction.

        Issues that do not exist and those of projects *by* cannot see are left alone. A body is judged only if there
        are ids (spec/mutation.md 2.3). Raises InvalidFields, InvalidList and Malformed, with nothing changed.
        """
        if not issue_ids:
            return NOTHING_SELECTED
        command = read_command(body)
        seen = users_seen(self._state, self._history, issue_ids) if command.needs_users_seen else {}
        with self._state.write() as connection:
            if regroups(command):
                hold(connection, issue_ids)
            chosen = _within_reach(connection, issue_ids, by.reach)
            if not chosen:
                return NOTHING_SELECTED
            command = resolved(connection, command, chosen, by.reach)
            refuse_unfit(command, chosen)
            here = circumstances(connection, command, chosen, by.user, by.shown, now)
            here = msgspec.structs.replace(here, users_seen=seen, share_ids=self._share_ids(command, chosen))
            bulk = carry_out_all(command, chosen, here)
            write(connection, bulk.changes, now)
            after = [change.issue for change in bulk.changes]
            regrouped = regroup(connection, self._history, command, after, by=by.user.id, now=now)
        return Outcome(
            issue_ids=tuple(issue.id for issue in chosen),
            delta=bulk.delta | regrouped,
            shows_activity=bulk.shows_activity,
            is_discarded=bool(command.discard),
        )

    def _share_ids(self, command: Command, chosen: Sequence[Issue]) -> dict[IssueId, str]:
        return {issue.id: self._new_share_id() for issue in chosen} if command.is_public else {}


def _within_reach(connection: Transaction, issue_ids: Collection[IssueId], reach: Reach) -> list[Issue]:
    locked = issues.load(connection, issue_ids, lock=True)
    visible = reach.project_ids
    return [issue for _, issue in sorted(locked.items()) if issue.project_id in visible]
