"""The schema of state on one page.

Times are UTC microseconds, hashes and event ids are bytes, ids are never given out twice, absent text is ``""``.
A change here needs a migration in ``migrations/versions``; a test compares the two.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

from tocsin.domain.access import Role
from tocsin.domain.audit import AuditEvent
from tocsin.domain.issue.issue import (
    ActivityType,
    InboxReason,
    Priority,
    ResolutionType,
    Status,
    SubscriptionReason,
    Substatus,
)
from tocsin.domain.issue.journal import MutationKind
from tocsin.domain.issue.suggestion import SuggestionReason
from tocsin.domain.monitor.check_in import CheckInStatus
from tocsin.domain.monitor.environment import Health
from tocsin.domain.outcome import Category, Verdict
from tocsin.domain.rate_limit import CapScope
from tocsin.domain.saved_search import Visibility
from tocsin.storage.state.column_types import Hex, Id, Json, Line, Moment, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *items: SchemaItem) -> Table:
    """Return a table with rows of its own numbering."""
    number = Column("id", Id, Identity(), primary_key=True)
    return Table(name, metadata, number, *items, sqlite_autoincrement=True)


def _keyed(name: str, *items: SchemaItem) -> Table:
    """Return a table that is its primary key and little else, stored in that order where the engine can."""
    return Table(name, metadata, *items, sqlite_with_rowid=False)


def _of(table: str, column: str = "", *, optional: bool = False, key: bool = False) -> Column[Any]:
    """Return a reference to a row of *table*. A required row takes this one with it, an optional one leaves NULL."""
    kept = "SET NULL" if optional else "CASCADE"
    reference = ForeignKey(f"{table}.id", ondelete=kept)
    return Column(column or f"{table}_id", Id, reference, nullable=optional, primary_key=key, autoincrement=False)


def _owner(table: str) -> Column[Any]:
    """Return a reference to whom a row may belong: it goes with its owner."""
    return Column(f"{table}_id", Id, ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=True)


def _time(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Moment, nullable=optional)


def _text(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Line, nullable=optional)


def _json(name: str) -> Column[Any]:
    return Column(name, Json, nullable=False)


def _number(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=optional)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


# People and what they own ---------------------------------------------------------------------------------------------

organization = _table(
    "organization",
    _text("slug"),
    _text("name"),
    _json("options"),
    _time("created_at"),
    UniqueConstraint("slug"),
)

user = _table(
    "user",
    _text("username"),
    _text("email"),
    _text("name"),
    _text("password_hash"),
    _flag("is_active"),
    _flag("is_superuser"),
    _json("options"),
    _time("created_at"),
    _time("last_login_at", optional=True),
    UniqueConstraint("username"),
    UniqueConstraint("email"),
)

membership = _table(
    "membership",
    _of("organization"),
    _of("user"),
    Column("role", Word(Role), nullable=False),
    _time("created_at"),
    UniqueConstraint("organization_id", "user_id"),
    Index(None, "user_id"),
)

team = _table(
    "team",
    _of("organization"),
    _text("slug"),
    _text("name"),
    _time("created_at"),
    UniqueConstraint("organization_id", "slug"),
)

team_member = _keyed("team_member", _of("team", key=True), _of("user", key=True), Index(None, "user_id"))

project = _table(
    "project",
    _of("organization"),
    _text("slug"),
    _text("name"),
    _text("platform"),
    _json("options"),
    Column("next_issue_number", Id, nullable=False),
    _time("created_at"),
    _time("first_event_at", optional=True),
    UniqueConstraint("organization_id", "slug"),
)

project_team = _keyed("project_team", _of("project", key=True), _of("team", key=True), Index(None, "team_id"))

project_key = Table(
    "project_key",
    metadata,
    Column("public_key", Text, primary_key=True),
    _of("project"),
    _text("secret_key"),
    _text("label"),
    _flag("is_active"),
    _number("rate_limit_count", optional=True),
    _number("rate_limit_window_seconds", optional=True),
    _json("options"),
    _time("created_at"),
    Index(None, "project_id"),
)

# A user's, or an organization's own.
api_token = _table(
    "api_token",
    _owner("user"),
    _owner("organization"),
    Column("token_hash", Hex, nullable=False),
    _text("label"),
    _json("scopes"),
    _time("created_at"),
    _time("last_used_at", optional=True),
    _time("expires_at", optional=True),
    _time("revoked_at", optional=True),
    CheckConstraint("(user_id IS NULL) <> (organization_id IS NULL)", name="one_owner"),
    UniqueConstraint("token_hash"),
    Index(None, "user_id"),
    Index(None, "organization_id"),
)

web_session = _keyed(
    "web_session",
    Column("token_hash", Hex, primary_key=True),
    _of("user"),
    _time("created_at"),
    _time("expires_at"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

# Releases and environments --------------------------------------------------------------------------------------------

release = _table(
    "release",
    _of("organization"),
    _text("version"),
    _text("package"),
    Column("semver_key", LargeBinary, nullable=True),
    _text("status"),
    _text("ref"),
    _text("url"),
    _json("data"),
    _time("added_at"),
    _time("started_at", optional=True),
    _time("released_at", optional=True),
    UniqueConstraint("organization_id", "version"),
    Index(None, "organization_id", "added_at"),
    Index(None, "organization_id", "semver_key"),
)

release_project = _keyed(
    "release_project",
    _of("release", key=True),
    _of("project", key=True),
    _number("new_issues"),
    _time("first_event_at", optional=True),
    _time("last_event_at", optional=True),
    Index(None, "project_id"),
)

repository = _table(
    "repository",
    _of("organization"),
    _text("name"),
    _text("url"),
    _text("provider"),
    _text("status"),
    _time("created_at"),
    UniqueConstraint("organization_id", "name"),
)

commit = _table(
    "commit",
    _of("organization"),
    _of("repository"),
    _text("key"),
    _text("message"),
    _text("author_name"),
    _text("author_email"),
    _time("committed_at"),
    UniqueConstraint("repository_id", "key"),
    Index(None, "organization_id"),
)

# What a commit changed: the files by their paths, each added (A), modified (M) or deleted (D).
commit_file = _keyed("commit_file", _of("commit", key=True), Column("path", Line, primary_key=True), _text("type"))

# Which commits a release brought, the newest at position 0.
release_commit = _keyed(
    "release_commit",
    _of("release", key=True),
    _of("commit", key=True),
    _number("position"),
    Index(None, "commit_id"),
)

# The last commit of a release in each repository.
release_head = _keyed(
    "release_head",
    _of("release", key=True),
    _of("repository", key=True),
    _of("commit"),
    Index(None, "repository_id"),
    Index(None, "commit_id"),
)

deploy = _table(
    "deploy",
    _of("release"),
    _text("environment"),
    _text("name"),
    _text("url"),
    _json("project_ids"),
    _time("started_at", optional=True),
    _time("finished_at"),
    Index(None, "release_id"),
)

environment = _table("environment", _of("organization"), _text("name"), UniqueConstraint("organization_id", "name"))

project_environment = _keyed(
    "project_environment",
    _of("project", key=True),
    _of("environment", key=True),
    _flag("is_hidden"),
    Index(None, "environment_id"),
)

# Issues ---------------------------------------------------------------------------------------------------------------

issue = _table(
    "issue",
    _of("project"),
    Column("number", Id, nullable=False),
    Column("status", Word(Status), nullable=False),
    Column("substatus", Word(Substatus), nullable=True),
    _text("level"),
    _text("logger"),
    _text("platform"),
    _text("type"),
    _text("title"),
    _text("culprit"),
    _text("message"),
    _json("metadata"),
    _time("first_seen"),
    _time("last_seen"),
    _time("active_at"),
    Column("times_seen", Id, nullable=False),
    _text("first_release"),
    _text("last_release"),
    Column("priority", Word(Priority), nullable=True),
    _time("priority_locked_at", optional=True),
    _time("resolved_at", optional=True),
    _of("user", "assignee_user_id", optional=True),
    _of("team", "assignee_team_id", optional=True),
    Column("share_id", Hex, nullable=True),
    _number("comment_count"),
    _number("version"),
    CheckConstraint("assignee_user_id IS NULL OR assignee_team_id IS NULL", name="one_assignee"),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("share_id"),
    Index(None, "project_id", "status", "last_seen", "id"),
    Index(None, "project_id", "status", "first_seen", "id"),
    Index(None, "project_id", "status", "times_seen", "id"),
    Index(None, "assignee_user_id"),
    Index(None, "assignee_team_id"),
)

tombstone = _table(
    "tombstone",
    _of("project"),
    Column("previous_issue_id", Id, nullable=False),
    _text("level"),
    _text("type"),
    _text("title"),
    _text("culprit"),
    _text("message"),
    _json("metadata"),
    _of("user", "actor_id", optional=True),
    _time("created_at"),
    Column("times_discarded", Id, nullable=False),
    Index(None, "project_id"),
    Index(None, "actor_id"),
)

# Which issue a grouping hash belongs to. With neither issue nor tombstone it is free: the next event makes an issue.
# Events digested before `since` belong to an earlier owner that is gone, never to this one.
issue_hash = _keyed(
    "issue_hash",
    _of("project", key=True),
    Column("hash", Hex, primary_key=True),
    _of("issue", optional=True),
    _of("tombstone", optional=True),
    _time("since", optional=True),
    CheckConstraint("issue_id IS NULL OR tombstone_id IS NULL", name="one_owner"),
    Index(None, "issue_id"),
    Index(None, "tombstone_id"),
    # Each search asks for the few hashes that have such a time.
    Index(None, "project_id", postgresql_where=text("since IS NOT NULL"), sqlite_where=text("since IS NOT NULL")),
)

# Where a merged issue went: looked up by its old id, or by its old number in the project.
issue_redirect = Table(
    "issue_redirect",
    metadata,
    Column("previous_issue_id", Id, primary_key=True, autoincrement=False),
    _of("project"),
    Column("previous_number", Id, nullable=False),
    _of("issue"),
    UniqueConstraint("project_id", "previous_number"),
    Index(None, "issue_id"),
)

resolution = Table(
    "resolution",
    metadata,
    _of("issue", key=True),
    Column("type", Word(ResolutionType), nullable=False),
    _text("release"),
    _text("current_release", optional=True),
    _of("user", "actor_id", optional=True),
    _time("created_at"),
    Index(None, "actor_id"),
)

snooze = Table(
    "snooze",
    metadata,
    _of("issue", key=True),
    _time("until", optional=True),
    _number("count", optional=True),
    _number("window_minutes", optional=True),
    _number("user_count", optional=True),
    _number("user_window_minutes", optional=True),
    Column("times_seen_at_start", Id, nullable=True),
    Column("users_seen_at_start", Id, nullable=True),
    _time("users_counted_from", optional=True),
    _of("user", "actor_id", optional=True),
    Index(None, "until"),
    Index(None, "actor_id"),
)

# What a commit is said to resolve, by somebody's command or by its message.
issue_commit = _keyed(
    "issue_commit",
    _of("issue", key=True),
    _of("commit", key=True),
    _time("created_at"),
    Index(None, "commit_id"),
)

# One merge of a child into a parent, with all that it takes to undo it exactly. Merges of a child's own children stay.
issue_merge = _table(
    "issue_merge",
    _of("issue", "parent_id"),
    _of("issue", "child_id"),
    Column("mutation_id", Id, nullable=True),
    _json("hashes"),
    _json("parent_before"),
    _json("child_before"),
    _of("user", "actor_id", optional=True),
    _time("created_at"),
    UniqueConstraint("child_id"),
    Index(None, "parent_id"),
    Index(None, "actor_id"),
)

# How often an issue archived until it escalates is expected to occur.
forecast = Table(
    "forecast",
    metadata,
    _of("issue", key=True),
    _json("expected"),
    _time("computed_at"),
    Index(None, "computed_at"),
)

issue_environment = _keyed(
    "issue_environment",
    _of("issue", key=True),
    _of("environment", key=True),
    _time("first_seen"),
    _time("last_seen"),
    _text("first_release"),
    Index(None, "environment_id"),
)

activity = _table(
    "activity",
    _of("issue"),
    Column("type", Word(ActivityType), nullable=False),
    _json("data"),
    _of("user", optional=True),
    _time("created_at"),
    Column("mutation_id", Id, nullable=True),
    Index(None, "issue_id", "created_at", "id"),
    Index(None, "user_id"),
)

inbox = Table(
    "inbox",
    metadata,
    _of("issue", key=True),
    Column("reason", Word(InboxReason), nullable=False),
    _time("added_at"),
    Index(None, "added_at"),
)

bookmark = _keyed("bookmark", _of("issue", key=True), _of("user", key=True), Index(None, "user_id"))

seen = _keyed("seen", _of("issue", key=True), _of("user", key=True), _time("last_seen"), Index(None, "user_id"))

subscription = _keyed(
    "subscription",
    _of("issue", key=True),
    _of("user", key=True),
    _flag("is_active"),
    Column("reason", Word(SubscriptionReason), nullable=False),
    _time("created_at"),
    Index(None, "user_id"),
)

attachment = _table(
    "attachment",
    _of("project"),
    Column("event_id", Hex, nullable=False),
    _text("name"),
    _text("type"),
    _text("content_type"),
    Column("size_bytes", Id, nullable=False),
    Column("sha256", Hex, nullable=False),
    _time("created_at"),
    Index(None, "project_id", "event_id"),
    Index(None, "project_id", "id"),
    Index(None, "sha256"),
    Index(None, "created_at"),
)

# Searches -------------------------------------------------------------------------------------------------------------

saved_search = _table(
    "saved_search",
    _of("organization"),
    _of("user"),
    _number("type"),
    _text("name"),
    _text("query"),
    _text("sort"),
    Column("visibility", Word(Visibility), nullable=False),
    _time("created_at"),
    Index(None, "organization_id", "visibility"),
    Index(None, "user_id", "organization_id"),
)

recent_search = _table(
    "recent_search",
    _of("organization"),
    _of("user"),
    _number("type"),
    _text("query"),
    Column("query_hash", Hex, nullable=False),
    _time("created_at"),
    _time("last_seen"),
    UniqueConstraint("user_id", "organization_id", "type", "query_hash"),
    Index(None, "organization_id"),
)

# Who the rules of a project, or a commit, suggest should look after an issue that is nobody's.
suggested_user = _keyed(
    "suggested_user",
    _of("issue", key=True),
    _of("user", key=True),
    Column("reason", Word(SuggestionReason), nullable=False),
    _time("added_at"),
    Index(None, "user_id"),
)

suggested_team = _keyed(
    "suggested_team",
    _of("issue", key=True),
    _of("team", key=True),
    Column("reason", Word(SuggestionReason), nullable=False),
    _time("added_at"),
    Index(None, "team_id"),
)

ownership = Table(
    "ownership",
    metadata,
    _of("project", key=True),
    _text("raw"),
    _flag("fallthrough"),
    _text("auto_assignment"),
    _flag("is_active"),
    _time("created_at"),
    _time("updated_at"),
)

# What people say about an event. The hash is that of the event, as soon as it is known.
user_report = _table(
    "user_report",
    _of("project"),
    Column("event_id", Hex, nullable=False),
    Column("primary_hash", Hex, nullable=True),
    _text("environment"),
    _text("name"),
    _text("email"),
    _text("comments"),
    _time("created_at"),
    UniqueConstraint("project_id", "event_id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "primary_hash"),
)

# Monitors -------------------------------------------------------------------------------------------------------------

monitor = _table(
    "monitor",
    _of("project"),
    _text("slug"),
    _text("name"),
    _flag("is_active"),
    _flag("is_muted"),
    _json("config"),
    _time("created_at"),
    UniqueConstraint("project_id", "slug"),
)

monitor_environment = _table(
    "monitor_environment",
    _of("monitor"),
    _text("name"),
    Column("health", Word(Health), nullable=False),
    _flag("is_muted"),
    _time("last_check_in_at", optional=True),
    _time("next_expected_at", optional=True),
    _time("missed_at", optional=True),
    _number("failures"),
    _number("successes"),
    _time("incident_at", optional=True),
    Column("incident_event_id", Hex, nullable=False),
    _time("minute", optional=True),
    _number("minute_count"),
    _time("created_at"),
    UniqueConstraint("monitor_id", "name"),
    Index(None, "missed_at"),
)

check_in = _table(
    "check_in",
    _of("monitor_environment"),
    Column("guid", Hex, nullable=False),
    Column("status", Word(CheckInStatus), nullable=False),
    _time("started_at"),
    _time("updated_at"),
    _time("expected_at", optional=True),
    _time("timeout_at", optional=True),
    Column("duration_ms", Id, nullable=True),
    _text("release"),
    Column("trace_id", Hex, nullable=False),
    UniqueConstraint("monitor_environment_id", "guid"),
    Index(None, "monitor_environment_id", "started_at", "id"),
    Index(None, "timeout_at"),
    Index(None, "started_at"),
)

# Which event told of an incident. The hash is that of the event, as soon as it is known.
monitor_incident = _table(
    "monitor_incident",
    _of("project"),
    _of("monitor_environment"),
    Column("event_id", Hex, nullable=False),
    Column("primary_hash", Hex, nullable=True),
    _time("opened_at"),
    _time("ended_at", optional=True),
    UniqueConstraint("project_id", "event_id"),
    Index(None, "monitor_environment_id", "opened_at"),
)

# Work -----------------------------------------------------------------------------------------------------------------

outbox = _table(
    "outbox",
    _text("kind"),
    _json("payload"),
    _time("created_at"),
    _time("due_at"),
    _number("tries"),
    Index(None, "kind", "due_at", "id"),
)

# What one command changed, with all that it takes to undo it. `before` is compressed.
mutation = _table(
    "mutation",
    _of("organization"),
    _of("user", optional=True),
    Column("kind", Word(MutationKind), nullable=False),
    _json("request"),
    Column("issue_count", Id, nullable=False),
    Column("before", LargeBinary, nullable=False),
    Column("undone_by", Id, nullable=True),
    _time("created_at"),
    Index(None, "organization_id", "created_at"),
    Index(None, "user_id"),
    Index(None, "created_at"),
)

# What was answered to a request that carried an Idempotency-Key. Without a body the answer is not known yet.
# The caller is a user, or whoever holds a token of an organization.
idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", Hex, nullable=False),
    Column("mutation_id", Id, nullable=True),
    _json("outcome"),
    _number("status", optional=True),
    Column("body", LargeBinary, nullable=True),
    _time("created_at"),
    Index(None, "created_at"),
)

# Progress of what one request deletes.
deletion = _table(
    "deletion",
    _of("organization"),
    _of("user", "actor_id", optional=True),
    Column("issues", Id, nullable=False),
    Column("issues_deleted", Id, nullable=False),
    Column("events_deleted", Id, nullable=False),
    _time("created_at"),
    _time("finished_at", optional=True),
    Index(None, "organization_id", "created_at"),
    Index(None, "actor_id"),
)

audit_entry = _table(
    "audit_entry",
    _of("organization"),
    _of("user", "actor_id", optional=True),
    Column("event", Word(AuditEvent), nullable=False),
    Column("target_id", Id, nullable=True),
    _json("data"),
    _time("created_at"),
    Index(None, "organization_id", "created_at", "id"),
    Index(None, "actor_id"),
)

applied_batch = _keyed(
    "applied_batch", Column("batch_id", Hex, primary_key=True), _time("applied_at"), Index(None, "applied_at")
)

applied_event = _keyed(
    "applied_event",
    Column("project_id", Id, primary_key=True, autoincrement=False),
    Column("event_id", Hex, primary_key=True),
    Column("batch_id", Hex, nullable=False),
    _time("applied_at"),
    Index(None, "applied_at"),
)

# How many items became what, by the hour in which they arrived.
outcome = _keyed(
    "outcome",
    _of("project", key=True),
    Column("hour", Moment, primary_key=True),
    Column("public_key", Text, primary_key=True),
    Column("category", Word(Category), primary_key=True),
    Column("verdict", Word(Verdict), primary_key=True),
    Column("reason", Line, primary_key=True),
    Column("quantity", Id, nullable=False),
    Index(None, "hour"),
)

# How many events a key, a project or everybody has sent within a window of time.
spending = _keyed(
    "spending",
    Column("scope", Word(CapScope), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("window_seconds", Integer, primary_key=True),
    Column("began_at", Moment, primary_key=True),
    _time("ends_at"),
    Column("events", Id, nullable=False),
    Index(None, "ends_at"),
)

# One row: grows with every change of organizations, projects and keys, so that caches know when to forget.
config_version = Table(
    "config_version",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("version", Id, nullable=False),
)
