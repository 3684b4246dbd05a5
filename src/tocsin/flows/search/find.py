"""The search flow: plan, rank, page, and fetch the figures of the page."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tocsin.domain.event.event import EventId
from tocsin.domain.issue import short_id
from tocsin.domain.issue.display import displayed_status
from tocsin.domain.issue.issue import Issue, IssueId, ProjectId, Status
from tocsin.domain.organization import Project
from tocsin.domain.query.paging import Page, page_by_score
from tocsin.domain.query.tree import And
from tocsin.domain.query.window import Grid, Window, daily_grid, fitting_grid, hourly_grid
from tocsin.flows.search import ranked
from tocsin.flows.search.counted import Counter, Limits
from tocsin.flows.search.explain import Explanation, Stopwatch
from tocsin.flows.search.memory import Memory
from tocsin.flows.search.plan import Plan
from tocsin.flows.search.question import Question, question, selection
from tocsin.flows.search.ranked import Ranked
from tocsin.flows.search.request import DirectHit, FoundIssue, GroupStats, IssueSearch, Numbers, Series, Sort
from tocsin.storage.history import events
from tocsin.storage.history.figures import Figures, Wanted, figures
from tocsin.storage.history.filters import is_event
from tocsin.storage.history.scope import IssueScope, ProjectScope, Selection
from tocsin.storage.history.scope import Page as Part
from tocsin.storage.history.seen import Seen
from tocsin.storage.history.store import History
from tocsin.storage.state import issue_conditions, issue_hashes, issues
from tocsin.storage.state.engine import State
from tocsin.storage.views.named_releases import met_for

_SHOWN = frozenset({Status.UNRESOLVED, Status.RESOLVED, Status.IGNORED})
_EVENTS_OF_ONE_ID_MAX = 100


class Search:
    """Finds issues. Safe to share among threads."""

    def __init__(self, state: State, history: History, limits: Limits | None = None) -> None:
        self._state = state
        self._history = history
        self._memory = Memory()
        self._counter = Counter(state, history, limits or Limits())

    def issues(self, wanted: IssueSearch, now: datetime) -> Page[FoundIssue]:
        """Return the page of issues at the cursor, with their figures and the number of all hits.

        The page may be shorter than the limit where issues look different from how they are kept (spec/search.md 2.0).
        Raises InvalidQuery for an order, a project or a short id that has no meaning.
        """
        return self.explained(wanted, now)[0]

    def explained(self, wanted: IssueSearch, now: datetime) -> tuple[Page[FoundIssue], Explanation]:
        """Return what ``issues`` does, and how it was found."""
        watch = Stopwatch()
        with watch.step("plan"):
            asked = self._question(wanted, now)
        page = self._page(asked, wanted, now, watch)
        with watch.step("load issues") as step:
            shown = self._loaded(page.rows, asked, wanted, now)
            step.rows = len(shown)
        with watch.step("count events") as step:
            found = self._shown(shown, _wanted(asked, wanted, now))
            step.rows = len(found)
        explanation = Explanation(
            plan=asked.plan,
            sort=asked.sort,
            query=wanted.query,
            window=asked.window,
            hits=page.hits,
            steps=tuple(watch.steps),
        )
        return Page(found, page.previous, page.next, hits=page.hits), explanation

    def ids(self, wanted: IssueSearch, now: datetime) -> tuple[IssueId, ...]:
        """Return all issues found, however many, in no order; sort, cursor and limit do not matter."""
        asked = self._question(_unsorted(wanted), now)
        if asked.plan is Plan.STATE:
            with self._state.read() as connection:
                return tuple(ranked.ids_from_state(connection, asked))
        return tuple(self._counter.matches(asked, now, Stopwatch()).issue_ids.tolist())

    def count(self, wanted: IssueSearch, now: datetime, *, most: int = ranked.HITS_MAX) -> int:
        """Return how many issues are found, as far as *most*; sort, cursor and limit do not matter."""
        asked = self._question(_unsorted(wanted), now)
        if asked.plan is Plan.STATE:
            with self._state.read() as connection:
                return issue_conditions.count(connection, asked.conditions, most)
        return min(len(self._counter.matches(asked, now, Stopwatch())), most)

    def figured(self, issues: Sequence[Issue], wanted: IssueSearch, now: datetime) -> tuple[FoundIssue, ...]:
        """Return *issues* with the figures that they would have among what *wanted* finds, in their order.

        Raises InvalidQuery as ``issues`` does.
        """
        return self._shown(issues, _wanted(self._question(wanted, now), wanted, now))

    def statistics(
        self,
        issues: Sequence[Issue],
        window: Window,
        environments: tuple[str, ...] | None,
        group_stats: GroupStats,
        now: datetime,
    ) -> tuple[FoundIssue, ...]:
        """Return *issues* as a list shows them, in their order, whether or not any search would find them."""
        wanted = Wanted(selection=selection(window, environments, now), grid=_grid(group_stats, window, now))
        return self._shown(issues, wanted)

    def direct_hit(self, text: str, projects: Sequence[Project], *, short_ids: bool) -> DirectHit | None:
        """Return the issues that *text* names, an event's id or, with *short_ids*, an issue's (spec/search.md 3.3).

        *projects* are all that the caller may see. None means that the text is to be searched for.
        """
        event_id = _event_id(text)
        if event_id is not None:
            return self._owners_of(event_id, [project.id for project in projects])
        named = self._by_short_id(text, projects) if short_ids else None
        return None if named is None else DirectHit(issues=(named,))

    def _question(self, wanted: IssueSearch, now: datetime) -> Question:
        met = met_for(self._history, And(wanted.query.terms), wanted.project_ids, wanted.environments)
        with self._state.read() as connection:
            return question(connection, wanted, now, met)

    def _page(self, asked: Question, wanted: IssueSearch, now: datetime, watch: Stopwatch) -> Page[Ranked]:
        if asked.sort is not Sort.INBOX and asked.plan is Plan.STATE:
            with watch.step("page in state") as step, self._state.read() as connection:
                page = ranked.page_from_state(connection, asked, wanted.cursor, wanted.limit)
                step.rows = len(page.rows)
                return page
        if asked.sort is not Sort.INBOX:
            return self._counter.page(asked, wanted.cursor, wanted.limit, now, watch)
        return page_by_score(self._waiting(asked, now, watch), ranked.score_of, wanted.cursor, wanted.limit)

    def _waiting(self, asked: Question, now: datetime, watch: Stopwatch) -> Sequence[Ranked]:
        in_state = asked.plan is Plan.STATE
        found = [] if in_state else self._counter.matches(asked, now, watch).issue_ids.tolist()
        with watch.step("inbox in state") as step, self._state.read() as connection:
            waiting = ranked.by_inbox(connection, ranked.ids_from_state(connection, asked) if in_state else found)
            step.rows = len(waiting)
            return waiting

    def _loaded(self, rows: Sequence[Ranked], asked: Question, wanted: IssueSearch, now: datetime) -> list[Issue]:
        """Return the issues of *rows* that look as they were asked for."""
        with self._state.read() as connection:
            loaded = issues.load(connection, [row.id for row in rows])
        options = {project.id: project.options for project in wanted.projects}
        known = [loaded[row.id] for row in rows if row.id in loaded]
        return [issue for issue in known if _looks_right(issue, asked, options, now)]

    def _shown(self, issues: Sequence[Issue], wanted: Wanted) -> tuple[FoundIssue, ...]:
        if not issues:
            return ()
        with self._state.read() as connection:
            scopes = ranked.scopes(connection, {issue.id: issue.project_id for issue in issues})
        found = self._counted(list(zip(issues, scopes, strict=True)), wanted)
        return tuple(_found(issue, found[issue.id], wanted) for issue in issues)

    def _counted(self, asked: Sequence[tuple[Issue, IssueScope]], wanted: Wanted) -> dict[IssueId, Figures]:
        """Return the figures of each issue: those that nobody remembers are counted."""
        known = {issue.id: self._memory.recall(issue, scope, wanted) for issue, scope in asked}
        missing = [(issue, scope) for issue, scope in asked if known[issue.id] is None]
        times = [issue.last_seen for issue, _ in missing]
        counted = figures(self._history, [scope for _, scope in missing], times, wanted)
        for (issue, scope), one in zip(missing, counted, strict=True):
            self._memory.keep(issue, scope, wanted, one)
            known[issue.id] = one
        return {issue_id: one for issue_id, one in known.items() if one is not None}

    def _owners_of(self, event_id: EventId, project_ids: Sequence[ProjectId]) -> DirectHit | None:
        selection = Selection(where=is_event(event_id))
        page = events.page(self._history, ProjectScope(tuple(project_ids)), selection, Part(_EVENTS_OF_ONE_ID_MAX))
        keys = {(ProjectId(one.project_id), one.primary_hash): one.digested_at for one in page}
        with self._state.read() as connection:
            owners = issue_hashes.owners(connection, keys)
            owned = {
                owner.issue_id
                for key, owner in owners.items()
                if owner.issue_id is not None and (owner.since is None or owner.since <= keys[key])
            }
            loaded = issues.load(connection, owned)
        found = tuple(issue for _, issue in sorted(loaded.items()) if issue.status in _SHOWN)
        return DirectHit(issues=found, event_id=event_id, environment=page[0].environment) if found else None

    def _by_short_id(self, text: str, projects: Sequence[Project]) -> Issue | None:
        name = short_id.parse(text)
        project = next((one for one in projects if name and one.slug == name.project_slug), None)
        if name is None or project is None:
            return None
        with self._state.read() as connection:
            issue_id = issues.by_numbers(connection, [(project.id, name.number)]).get((project.id, name.number))
            found = None if issue_id is None else issues.load(connection, [issue_id]).get(issue_id)
        return found if found and found.status in _SHOWN else None


def _unsorted(wanted: IssueSearch) -> IssueSearch:
    return msgspec.structs.replace(wanted, sort=Sort.DATE)


def _looks_right(issue: Issue, asked: Question, options: dict[ProjectId, dict[str, object]], now: datetime) -> bool:
    if asked.statuses is None:
        return True
    hours = options[issue.project_id].get("resolveAge")
    shown = displayed_status(issue, now, resolve_age_hours=hours if isinstance(hours, int) and hours else None)
    return shown in asked.statuses


def _wanted(asked: Question, wanted: IssueSearch, now: datetime) -> Wanted:
    """Return which figures a list shows."""
    return Wanted(selection=asked.selection, where=asked.where, grid=_grid(wanted.group_stats, asked.window, now))


def _grid(group_stats: GroupStats, window: Window, now: datetime) -> Grid | None:
    match group_stats:
        case "24h":
            return hourly_grid(now)
        case "14d":
            return daily_grid(now, 14)
        case "auto":
            return fitting_grid(window)
        case "":
            return None


def _found(issue: Issue, counted: Figures, wanted: Wanted) -> FoundIssue:
    inside, latest = counted.selected, counted.latest
    return FoundIssue(
        issue=issue,
        count=inside.events,
        user_count=inside.users,
        first_seen=inside.first,
        last_seen=inside.last,
        lifetime=Numbers(
            count=issue.times_seen,
            user_count=counted.users_ever,
            first_seen=issue.first_seen,
            last_seen=issue.last_seen,
        ),
        filtered=None if wanted.where is None else _numbers(counted.filtered),
        series=_series(wanted.grid, counted.series),
        filtered_series=None if wanted.where is None else _series(wanted.grid, counted.filtered_series),
        is_unhandled=latest is not None and not latest.is_handled,
        latest_event_id=latest.event_id if latest else None,
    )


def _numbers(seen: Seen) -> Numbers:
    return Numbers(count=seen.events, user_count=seen.users, first_seen=seen.first, last_seen=seen.last)


def _series(grid: Grid | None, counts: Sequence[int]) -> Series:
    return () if grid is None else tuple(zip(grid.starts, counts, strict=True))


def _event_id(text: str) -> EventId | None:
    """Return the event id that *text* is in any spelling: with dashes, in braces, in either case."""
    try:
        return EventId(UUID(text.strip()).hex)
    except ValueError:
        return None
