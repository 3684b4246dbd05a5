"""The URL table of the API: every route, who may use it, and what answers it."""

from tocsin.edges.api.events import EVENT_ROUTES
from tocsin.edges.api.hashes import HASH_ROUTES
from tocsin.edges.api.index import INDEX_ROUTES
from tocsin.edges.api.issues import ISSUE_ROUTES
from tocsin.edges.api.organizations import ORGANIZATION_ROUTES
from tocsin.edges.api.people import PEOPLE_ROUTES
from tocsin.edges.api.projects import PROJECT_ROUTES
from tocsin.edges.api.releases import RELEASE_ROUTES
from tocsin.edges.api.routing import Route
from tocsin.edges.api.tags import TAG_ROUTES
from tocsin.edges.api.tombstones import TOMBSTONE_ROUTES

ROUTES: tuple[Route, ...] = (
    *INDEX_ROUTES,
    *ORGANIZATION_ROUTES,
    *PROJECT_ROUTES,
    *PEOPLE_ROUTES,
    *RELEASE_ROUTES,
    *ISSUE_ROUTES,
    *HASH_ROUTES,
    *EVENT_ROUTES,
    *TAG_ROUTES,
    *TOMBSTONE_ROUTES,
)
