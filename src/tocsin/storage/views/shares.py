"""Shared issues: what anybody who has the link may see (spec/mutation.md 8.1)."""

import re
from datetime import datetime

import msgspec

from tocsin.domain.caller import Caller
from tocsin.domain.errors import Forbidden, NotFound
from tocsin.domain.event.shareable import shareable
from tocsin.domain.issue.issue import Issue
from tocsin.domain.issue.workflow import LEAVING
from tocsin.domain.organization import Organization, Project
from tocsin.storage.history.events import StoredEvent
from tocsin.storage.state import issues, organizations, projects
from tocsin.storage.state.engine import Transaction
from tocsin.storage.views import access
from tocsin.storage.views.events import EventQuestion, FoundEvent, Which, chosen_of_issue
from tocsin.storage.views.issues import numbers
from tocsin.storage.views.stores import Views

_SHARE_ID = re.compile("[0-9a-f]{32}")


class SharedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A shared issue and its latest event, without anything that is not for strangers."""

    issue: Issue
    project: Project
    organization: Organization
    is_unhandled: bool
    """Whether the latest event has an exception that was not handled."""
    event: FoundEvent | None
    """None when no event is kept any more."""


def shared_issue(views: Views, share_id: str, now: datetime) -> SharedIssue:
    """Return the issue with that share id. Raises NotFound when there is none, or its organization shares none."""
    with views.state.read() as connection:
        issue, project, organization = _found(connection, share_id)
    latest = chosen_of_issue(views, issue, project, Which.LATEST, EventQuestion(), now)
    return SharedIssue(
        issue=issue,
        project=project,
        organization=organization,
        is_unhandled=numbers(views, issue).is_unhandled,
        event=FoundEvent(event=_for_strangers(latest.event), issue_id=issue.id) if latest else None,
    )


def reaches(views: Views, caller: Caller | None, shared: SharedIssue) -> bool:
    """Say whether *caller* may see the whole issue."""
    if caller is None:
        return False
    try:
        reach = access.reach(views, caller, shared.organization.slug)
    except Forbidden:
        return False
    return shared.issue.project_id in reach.project_ids


def _found(connection: Transaction, share_id: str) -> tuple[Issue, Project, Organization]:
    issue = issues.by_share_id(connection, share_id) if _SHARE_ID.fullmatch(share_id) else None
    if issue is None or issue.status in LEAVING:
        raise NotFound
    project = projects.by_ids(connection, [issue.project_id])[issue.project_id]
    organization = organizations.by_id(connection, project.organization_id)
    if organization is None or not organization.options.get("allowSharedIssues", True):
        raise NotFound
    return issue, project, organization


def _for_strangers(event: StoredEvent) -> StoredEvent:
    payload = msgspec.json.encode(shareable(msgspec.json.decode(event.payload)))
    return msgspec.structs.replace(
        event, payload=payload, tags=(), user="", message="", sdk_name="", sdk_version="", environment=""
    )
