"""What people do to issues, one or many: the buttons of the stream and of an issue's page."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec.structs import replace

from tocsin.domain.access import Scope
from tocsin.domain.errors import Malformed, Refusal
from tocsin.domain.issue.issue import IssueId
from tocsin.edges.web import links
from tocsin.edges.web.choices import choices_of
from tocsin.edges.web.forms import Form
from tocsin.edges.web.notices import Notice
from tocsin.edges.web.question import question_of, search_of
from tocsin.edges.web.rendering import redirect
from tocsin.edges.web.visit import Visit
from tocsin.edges.web.words import counted
from tocsin.flows.triage import Acting

WRITERS = frozenset({Scope.EVENT_WRITE, Scope.EVENT_ADMIN})
SELECTED_MAX = 1000
_NUMBER_DIGITS_MAX = 19

_STATUSES: Mapping[str, tuple[dict[str, Any], str]] = {
    "resolve": ({"status": "resolved"}, "Resolved {}."),
    "resolve-next": ({"status": "resolvedInNextRelease"}, "Resolved {} in the next release."),
    "unresolve": ({"status": "unresolved"}, "Made {} unresolved."),
    "archive": (
        {"status": "ignored", "substatus": "archived_until_escalating"},
        "Archived {} until more events than usual arrive.",
    ),
    "archive-forever": ({"status": "ignored", "substatus": "archived_forever"}, "Archived {} for ever."),
}
_MARKS: Mapping[str, tuple[dict[str, Any], str]] = {
    "subscribe": ({"isSubscribed": True}, "Subscribed to {}."),
    "unsubscribe": ({"isSubscribed": False}, "Unsubscribed from {}."),
    "bookmark": ({"isBookmarked": True}, "Bookmarked {}."),
    "unbookmark": ({"isBookmarked": False}, "Took the bookmark from {}."),
    "share": ({"isPublic": True}, "Shared {} with everybody who has the link."),
    "unshare": ({"isPublic": False}, "Stopped sharing {}."),
}
_NOTHING_SELECTED = Notice("Nothing is selected. Select the issues to change first.", is_refusal=True)

_NOTHING_LEFT = Notice("Those issues are gone. Nothing was changed.", is_refusal=True)


@post("/organizations/{org:str}/issues/changes", status_code=200, sync_to_thread=True)
def change_issues(visit: NamedDependency[Visit], org: FromPath[str]) -> Response[str]:
    """Change the selected issues, or all that match, and go back to where the form was."""
    visit.reach.require(WRITERS)
    wanted = visit.form.one("next")
    back = wanted if links.is_local(wanted) else links.stream(org, question_of(visit).carried)
    return redirect(visit.services, back, _carry_out(visit))


@post("/organizations/{org:str}/issues/undo", status_code=200, sync_to_thread=True)
def undo_changes(visit: NamedDependency[Visit], org: FromPath[str]) -> Response[str]:
    """Undo what a notice told, for every issue that was not changed since, and go back to where the notice was."""
    visit.reach.require(WRITERS)
    wanted = visit.form.one("next")
    back = wanted if links.is_local(wanted) else links.stream(org, question_of(visit).carried)
    return redirect(visit.services, back, _undo(visit))


def _undo(visit: Visit) -> Notice:
    named = visit.form.one("mutation")
    try:
        if not (named.isascii() and named.isdigit() and len(named) < _NUMBER_DIGITS_MAX):
            raise Malformed("A change is named by its number. Reload the page and press Undo again.")
        acting = Acting(user=visit.user, reach=visit.reach)
        undone = visit.services.triage.undo(int(named), acting, visit.now)
    except Refusal as refusal:
        return Notice(refusal.detail, is_refusal=True)
    restored = f"Undone. {counted(len(undone.restored), 'issue')} as before."
    left = f" {counted(len(undone.left_alone), 'issue')} changed since, left alone." if undone.left_alone else ""
    return Notice(restored + left)


def _carry_out(visit: Visit) -> Notice:
    """Carry out the form and say what came of it; what is declined is said where the form was, too."""
    try:
        issue_ids = _selected(visit)
        if not issue_ids:
            return _NOTHING_SELECTED
        body, sentence = _command(visit.form)
        acting = Acting(user=visit.user, reach=visit.reach)
        outcome = visit.services.triage.carry_out(issue_ids, body, acting, visit.now)
    except Refusal as refusal:
        return Notice(refusal.detail, is_refusal=True)
    if not outcome.issue_ids:
        return _NOTHING_LEFT
    return Notice(sentence.format(counted(len(outcome.issue_ids), "issue")), mutation_id=outcome.mutation_id or 0)


def _selected(visit: Visit) -> tuple[IssueId, ...]:
    """Return the issues that the form means. Raises Malformed, and InvalidQuery for a search without a meaning."""
    if visit.form.one("all"):
        wanted = search_of(visit, question_of(visit), choices_of(visit).own_team_ids)
        return visit.services.search.ids(replace(wanted, cursor=None), visit.now)
    try:
        return tuple(IssueId(int(text)) for text in visit.form.all("issue")[:SELECTED_MAX])
    except ValueError:
        raise Malformed("An issue is named by its number. Reload the page and select again.") from None


def _command(form: Form) -> tuple[dict[str, Any], str]:
    """Return the body of the API that does what the pressed button says, and the sentence that tells it was done."""
    action = form.one("action")
    if action in _STATUSES:
        return _STATUSES[action]
    if action in _MARKS:
        return _MARKS[action]
    if action == "merge":
        return {"merge": True}, "Merged {}."
    if action == "assign":
        assignee = form.one("assignee")
        return {"assignedTo": assignee or None}, "Assigned {}." if assignee else "Unassigned {}."
    if action == "prioritise":
        return {"priority": form.one("priority")}, "Set the priority of {}."
    raise Malformed(f"There is no action {action!r}. Reload the page and use its buttons.")
