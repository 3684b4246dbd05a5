"""The table of pages."""

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from tocsin.domain.errors import Refusal
from tocsin.edges.web.changes import change_issues, undo_changes
from tocsin.edges.web.comments import change_comment, post_comment
from tocsin.edges.web.failures import answer_fault, answer_http, answer_refusal, nothing
from tocsin.edges.web.feedback import feedback, screenshot
from tocsin.edges.web.grouping import change_grouping, grouping_page
from tocsin.edges.web.home import home
from tocsin.edges.web.inbound import change_inbound, inbound
from tocsin.edges.web.issue import event_page, issue_page
from tocsin.edges.web.login import log_in, log_out, login
from tocsin.edges.web.monitors import add_monitor, change_monitor, monitor_page, monitors_page, new_monitor
from tocsin.edges.web.reference import reference
from tocsin.edges.web.releases import release_page, releases_page
from tocsin.edges.web.rendering import STATIC
from tocsin.edges.web.shared import shared_page
from tocsin.edges.web.stats import stats
from tocsin.edges.web.stream import stream
from tocsin.edges.web.visit import visit_of

_YEAR_SECONDS = 365 * 86_400

_STATIC = create_static_files_router(
    path="/static",
    directories=[STATIC],
    # The pages name a version with every file, so that no version ever changes.
    cache_control=CacheControlHeader(public=True, max_age=_YEAR_SECONDS, immutable=True),
    include_in_schema=False,
)

PAGES = (
    Router(
        path="/",
        route_handlers=[
            home,
            login,
            log_in,
            log_out,
            stream,
            change_issues,
            undo_changes,
            issue_page,
            event_page,
            grouping_page,
            change_grouping,
            post_comment,
            change_comment,
            releases_page,
            release_page,
            monitors_page,
            new_monitor,
            add_monitor,
            monitor_page,
            change_monitor,
            feedback,
            screenshot,
            shared_page,
            stats,
            inbound,
            change_inbound,
            reference,
            nothing,
        ],
        dependencies={"visit": Provide(visit_of)},
        exception_handlers={Refusal: answer_refusal, HTTPException: answer_http, Exception: answer_fault},
        include_in_schema=False,
    ),
    _STATIC,
)
