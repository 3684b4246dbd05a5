"""Taking in what SDKs say people said about events (spec/ingest.md 8.3)."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from tocsin.domain.event.event import Event
from tocsin.domain.outcome import Category, Outcome, OutcomeKey, Source, Verdict
from tocsin.domain.pipeline import Digested
from tocsin.domain.user_report import UserReport, feedback_report, is_too_late
from tocsin.storage.history import events
from tocsin.storage.history.scope import ProjectScope
from tocsin.storage.history.store import History
from tocsin.storage.state import projects, user_reports
from tocsin.storage.state.engine import Transaction

_TAKEN = Outcome(category=Category.FEEDBACK, verdict=Verdict.ACCEPTED)
_TOO_LATE = Outcome(category=Category.FEEDBACK, verdict=Verdict.INVALID, reason="event_too_old")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A report, who sent it, and whether its event is too long ago."""

    report: UserReport
    source: Source
    is_too_late: bool = False
    is_counted: bool = True
    """False for what feedback says about an event: it counts as an event of its own."""


def said(history: History, digested: Sequence[Digested]) -> list[Said]:
    """Return the reports of a batch, each with what history knows of its event. Ask before the transaction begins."""
    reports = [_about_event(history, one.source, report) for one in digested for report in one.reports]
    spoken = [(one.source, feedback_report(event)) for one in digested for event in one.events]
    feedback = [_about_event(history, source, report) for source, report in spoken if report is not None]
    return [*reports, *(replace(one, is_counted=False) for one in feedback)]


def take_reports(connection: Transaction, found: Sequence[Said], fresh: Sequence[Event]) -> Counter[OutcomeKey]:
    """Store the reports of a batch, the last of an event in place of those before, and return what became of them.

    *fresh* are the events of the same batch, which history does not know yet.
    """
    counts: Counter[OutcomeKey] = Counter()
    known = projects.by_ids(connection, {one.report.project_id for one in found})
    staying = [one for one in found if one.report.project_id in known and not known[one.report.project_id].is_leaving]
    for one in staying:
        if not one.is_too_late:
            user_reports.save(connection, one.report)
        if one.is_counted:
            counts[one.source.key(_TOO_LATE if one.is_too_late else _TAKEN)] += 1
    if staying:
        user_reports.attach(connection, fresh)
    return counts


def _about_event(history: History, source: Source, report: UserReport) -> Said:
    event = events.event(history, ProjectScope((report.project_id,)), report.event_id)
    if event is None:
        return Said(report=report, source=source)
    known = replace(report, primary_hash=event.primary_hash, environment=event.environment)
    return Said(report=known, source=source, is_too_late=is_too_late(report, event.received))
