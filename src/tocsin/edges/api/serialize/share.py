"""Shared issues as strangers see them (spec/mutation.md 8.1)."""

from typing import Any

from tocsin.domain.issue.category import category_of
from tocsin.domain.issue.short_id import encode
from tocsin.edges.api.serialize.event import event_full
from tocsin.storage.views.shares import SharedIssue


def shared_object(shared: SharedIssue, permalink: str | None) -> dict[str, Any]:
    """Return a shared issue; *permalink* is for those who may follow it."""
    issue, project, organization = shared.issue, shared.project, shared.organization
    return {
        "id": str(issue.id),
        "shortId": encode(project.slug, issue.number),
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": permalink,
        "isUnhandled": shared.is_unhandled,
        "issueCategory": category_of(issue),
        "latestEvent": event_full(shared.event) if shared.event else None,
        "project": {
            "slug": project.slug,
            "name": project.name,
            "platform": project.platform or None,
            "organization": {"slug": organization.slug, "name": organization.name},
        },
    }
