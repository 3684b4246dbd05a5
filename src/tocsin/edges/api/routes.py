"""The URL table of the API: every route, who may use it, and what answers it."""

from tocsin.edges.api.audit_logs import AUDIT_ROUTES
from tocsin.edges.api.charts import CHART_ROUTES
from tocsin.edges.api.comments import COMMENT_ROUTES
from tocsin.edges.api.deletions import DELETION_ROUTES
from tocsin.edges.api.events import EVENT_ROUTES
from tocsin.edges.api.filters import FILTER_ROUTES
from tocsin.edges.api.grouping import GROUPING_ROUTES
from tocsin.edges.api.hashes import HASH_ROUTES
from tocsin.edges.api.index import INDEX_ROUTES
from tocsin.edges.api.issue_numbers import ISSUE_NUMBER_ROUTES
from tocsin.edges.api.issues import ISSUE_ROUTES
from tocsin.edges.api.monitors import MONITOR_ROUTES
from tocsin.edges.api.mutations import MUTATION_ROUTES
from tocsin.edges.api.organizations import ORGANIZATION_ROUTES
from tocsin.edges.api.outcomes import OUTCOME_ROUTES
from tocsin.edges.api.ownership import OWNERSHIP_ROUTES
from tocsin.edges.api.people import PEOPLE_ROUTES
from tocsin.edges.api.people_changes import PEOPLE_CHANGE_ROUTES
from tocsin.edges.api.privacy import PRIVACY_ROUTES
from tocsin.edges.api.project_changes import PROJECT_CHANGE_ROUTES
from tocsin.edges.api.projects import PROJECT_ROUTES
from tocsin.edges.api.release_contents import RELEASE_CONTENT_ROUTES
from tocsin.edges.api.releases import RELEASE_ROUTES
from tocsin.edges.api.repositories import REPOSITORY_ROUTES
from tocsin.edges.api.routing import Route
from tocsin.edges.api.searches import SEARCH_ROUTES
from tocsin.edges.api.sessions import SESSION_ROUTES
from tocsin.edges.api.shares import SHARE_ROUTES
from tocsin.edges.api.tables import TABLE_ROUTES
from tocsin.edges.api.tags import TAG_ROUTES
from tocsin.edges.api.tombstones import TOMBSTONE_ROUTES
from tocsin.edges.api.user_reports import USER_REPORT_ROUTES
from tocsin.edges.api.volume import VOLUME_ROUTES

ROUTES: tuple[Route, ...] = (
    *INDEX_ROUTES,
    *ORGANIZATION_ROUTES,
    *PROJECT_ROUTES,
    *OWNERSHIP_ROUTES,
    *PROJECT_CHANGE_ROUTES,
    *PRIVACY_ROUTES,
    *FILTER_ROUTES,
    *PEOPLE_ROUTES,
    *PEOPLE_CHANGE_ROUTES,
    *AUDIT_ROUTES,
    *RELEASE_ROUTES,
    *RELEASE_CONTENT_ROUTES,
    *REPOSITORY_ROUTES,
    *ISSUE_ROUTES,
    *MUTATION_ROUTES,
    *COMMENT_ROUTES,
    *SHARE_ROUTES,
    *ISSUE_NUMBER_ROUTES,
    *DELETION_ROUTES,
    *EVENT_ROUTES,
    *GROUPING_ROUTES,
    *TAG_ROUTES,
    *TABLE_ROUTES,
    *CHART_ROUTES,
    *MONITOR_ROUTES,
    *USER_REPORT_ROUTES,
    *VOLUME_ROUTES,
    *OUTCOME_ROUTES,
    *SESSION_ROUTES,
    *SEARCH_ROUTES,
    *HASH_ROUTES,
    *TOMBSTONE_ROUTES,
)
