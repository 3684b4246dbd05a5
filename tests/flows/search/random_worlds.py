"""Projects at random for the search oracle: events come through digestion, and issues are merged, deleted and marked."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from itertools import count
from typing import Any, NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace
from tests.flows.search.conftest import DAY, HOUR, NOW, World, hash_of
from tests.flows.search.naive import FirstMet, Known

from tocsin.domain.event.event import Event, EventId
from tocsin.domain.issue.issue import Assignee, InboxReason, Issue, IssueId, Snooze, Status, Substatus
from tocsin.domain.organization import Project
from tocsin.flows.triage.merging import merge
from tocsin.storage.state import deletions, environments, inbox, issue_hashes, issues, projects, teams

GROUPS = "abcdefgh"
PROJECTS = (0, 1)
MARKS_MAX = len(GROUPS) * len(PROJECTS)
_world_numbers = count(1)

_places = {"project": st.sampled_from(PROJECTS), "group": st.sampled_from(GROUPS)}
_looks = {
    "level": st.sampled_from(["error", "info", "fatal", "warning", "debug", "sample"]),
    "environment": st.sampled_from(["", "production", "staging"]),
    "release": st.sampled_from(["", "app@1.0.0", "app@1.1.0"]),
    "title": st.sampled_from(["a", "Pump failed", "pump 50%_full"]),
    "error_types": st.sampled_from([(), ("ValueError",), ("ValueError", "KeyError")]),
    "handled": st.booleans(),
    "tags": st.dictionaries(
        st.sampled_from(["browser", "browser.name", "os", "odd:key"]),
        st.sampled_from(["x", "y", "Chrome", "chromium"]),
        max_size=2,
    ),
    "is_late": st.booleans(),
}
_AGES = (
    *(-20, 0, 0.2, 0.7, 3, 850, 870, 3600, 4000, 21_000, 22_000),
    *(86_000, 86_399.7, 86_400, 90_000, 3 * 86_400, 40 * 86_400, 100 * 86_400),
)
"""Seconds before now. Some stand at the edge of a window, one in the future, by a clock that is ahead; of the last, no window knows."""
_USERS = ("", "id:1", "id:2", "id:3", "email:a@b.c")

single_events = st.fixed_dictionaries(
    _places
    | _looks
    | {
        "ago": st.sampled_from(_AGES),
        "user": st.sampled_from(_USERS),
        "second_group": st.sampled_from(["", "", "", "", "a", "h"]),
    }
)
crowds = st.fixed_dictionaries(
    _places
    | _looks
    | {
        "events": st.integers(15, 60),
        "people": st.integers(0, 40),
        "ago": st.sampled_from(_AGES[:-2]),
        "apart": st.sampled_from([0, 0.4, 60, 4000]),
    }
)
"""Many events of one issue that look alike; the first happened so long *ago*, the others before it."""
marks = st.sampled_from(
    [
        {},
        {},
        {"status": Status.RESOLVED, "substatus": None},
        {"status": Status.IGNORED, "substatus": Substatus.ARCHIVED_FOREVER},
        {
            "status": Status.IGNORED,
            "substatus": Substatus.ARCHIVED_UNTIL_CONDITION_MET,
            "snooze": Snooze(until=NOW - HOUR),
        },
        {
            "status": Status.IGNORED,
            "substatus": Substatus.ARCHIVED_UNTIL_CONDITION_MET,
            "snooze": Snooze(until=NOW + HOUR),
        },
        {"substatus": Substatus.ONGOING},
        {"status": Status.PENDING_DELETION},
        {"assignee": "jane"},
        {"assignee": "backend"},
    ]
)
_merges = st.fixed_dictionaries(
    {"project": _places["project"], "groups": st.lists(_places["group"], min_size=2, max_size=3, unique=True)}
)
recipes = st.fixed_dictionaries(
    {
        "events": st.one_of(
            st.lists(single_events, min_size=1, max_size=8), st.lists(single_events, min_size=16, max_size=40)
        ),
        "crowds": st.lists(crowds, max_size=2),
        "merged_early": st.lists(_merges, max_size=1),
        "deleted": st.lists(st.tuples(_places["project"], _places["group"]), max_size=2),
        "merged_late": st.lists(_merges, max_size=2),
        "marks": st.lists(marks, min_size=MARKS_MAX, max_size=MARKS_MAX),
        "waiting": st.lists(st.sampled_from([None, HOUR, 2 * HOUR, 8 * DAY]), min_size=MARKS_MAX, max_size=MARKS_MAX),
    }
)
"""What to make a world of. Late events come when issues have been merged and deleted, so the deleted are born again."""


class MadeWorld(NamedTuple):
    """Two projects in the stores, and all their issues."""

    projects: Sequence[Project]
    known: Sequence[Known]


def made(world: World, recipe: Mapping[str, Any]) -> MadeWorld:
    """Put a world into the stores; history holds no other."""
    world.history.command("TRUNCATE TABLE event")
    maker = _Maker(world)
    early, late = maker.events(recipe)
    world.clock = NOW
    world.send(*early)
    maker.merge(recipe["merged_early"])
    world.clock += timedelta(seconds=1)
    gone = maker.delete(recipe["deleted"])
    left = [event for event in early if (event.project_id, event.primary_hash) not in gone]
    world.clock += timedelta(seconds=1)
    world.send(*late)
    maker.merge(recipe["merged_late"])
    return MadeWorld(maker.projects, maker.known([*left, *late], recipe))


class _Maker:
    """Makes one world."""

    def __init__(self, world: World) -> None:
        self.world, self.number = world, next(_world_numbers)
        with world.state.write() as connection:
            ids = [
                projects.create(connection, world.organization_id, f"w{self.number}-{one}", "p", NOW)
                for one in PROJECTS
            ]
            for project_id in ids:
                teams.add_project(connection, world.backend, project_id)
            found = projects.by_ids(connection, ids)
        self.projects = [found[project_id] for project_id in ids]
        self.sent = count()

    def events(self, recipe) -> tuple[list[Event], list[Event]]:
        """Return the early events and the late ones."""
        batches: tuple[list[Event], list[Event]] = ([], [])
        for one in recipe["events"]:
            batches[one["is_late"]].append(self._event(one, one["ago"], one["user"]))
        for one in recipe["crowds"]:
            for index in range(one["events"]):
                user = f"id:{index % one['people']}" if one["people"] else ""
                batches[one["is_late"]].append(self._event(one, one["ago"] + index * one["apart"], user))
        return batches

    def _event(self, look, ago: float, user: str) -> Event:
        names = ("level", "environment", "release", "title", "error_types", "handled", "tags")
        groups = [look["group"], look.get("second_group", "")]
        kind, _, name = user.partition(":")
        return self.world.event(
            look["group"],
            timedelta(seconds=ago),
            self.projects[look["project"]],
            **{name: look[name] for name in names},
            user=user,
            payload={"user": {kind: name}} if user else {},
            hashes=tuple(dict.fromkeys(hash_of(group) for group in groups if group)),
            event_id=self._event_id(),
        )

    def _event_id(self) -> EventId:
        """Return an id whose place among the others has nothing to do with the order of sending."""
        place = blake2b(str(next(self.sent)).encode(), digest_size=4).hexdigest()
        return EventId(f"{place}{self.number:024x}")

    def merge(self, families) -> None:
        for family in families:
            keys = [(self.projects[family["project"]].id, hash_of(group)) for group in family["groups"]]
            with self.world.state.write() as connection:
                merge(connection, self._owners(connection, keys), by=self.world.jane, now=self.world.clock)

    def delete(self, places) -> set:
        """Delete issues, and return the hashes that they had."""
        keys = [(self.projects[project].id, hash_of(group)) for project, group in places]
        with self.world.state.write() as connection:
            leaving = [issue.id for issue in self._owners(connection, keys)]
            gone = {(one.project_id, one.hash) for one in issue_hashes.of_issues(connection, leaving)}
            request = deletions.Request(organization_id=self.world.organization_id, actor_id=self.world.jane)
            deletions.begin(connection, leaving, request, self.world.clock)
        return gone

    def _owners(self, connection, keys) -> list[Issue]:
        owners = issue_hashes.owners(connection, keys).values()
        return list(issues.load(connection, {owner.issue_id for owner in owners if owner.issue_id}).values())

    def known(self, events: Sequence[Event], recipe) -> list[Known]:
        """Mark the issues of *events*, and return them."""
        by_issue: dict[IssueId, list[Event]] = {}
        with self.world.state.write() as connection:
            owners = issue_hashes.owners(connection, {(event.project_id, event.primary_hash) for event in events})
            for event in events:
                by_issue.setdefault(owners[event.project_id, event.primary_hash].issue_id, []).append(event)
            ids = sorted(by_issue)
            stored = issues.load(connection, ids, lock=True)
            issues.save(
                connection, [self._marked(stored[one], mark) for one, mark in zip(ids, recipe["marks"], strict=False)]
            )
            waiting = {one: NOW - ago for one, ago in zip(ids, recipe["waiting"], strict=False) if ago is not None}
            inbox.take_out(connection, ids)
            for since in set(waiting.values()):
                inbox.put(connection, {one: InboxReason.NEW for one in ids if waiting.get(one) == since}, since)
            stored = issues.load(connection, ids)
            met = self._met(connection, ids)
        known = [Known(stored[one], by_issue[one], met[one], waiting.get(one)) for one in ids]
        for one in known:
            _check(one)
        return known

    def _marked(self, issue: Issue, mark) -> Issue:
        fields = dict(mark)
        match fields.get("assignee"):
            case "jane":
                fields["assignee"] = Assignee(user_id=self.world.jane)
            case "backend":
                fields["assignee"] = Assignee(team_id=self.world.backend)
        return replace(issue, **fields)

    def _met(self, connection, ids) -> dict[IssueId, dict[str, FirstMet]]:
        known = environments.in_organization(connection, self.world.organization_id, 100)
        names = {one.id: one.name for one in known}
        met: dict[IssueId, dict[str, FirstMet]] = {one: {} for one in ids}
        for one in environments.of_issues(connection, ids):
            met[one.issue_id][names[one.environment_id]] = FirstMet(one.first_seen, one.first_release)
        return met


def _check(known: Known) -> None:
    """Make sure that state says of an issue what its events say."""
    issue, times = known.issue, [event.timestamp for event in known.events]
    assert (issue.times_seen, issue.first_seen, issue.last_seen) == (len(times), min(times), max(times))
    first = {
        name: min(event.timestamp for event in known.events if event.environment == name)
        for name in {event.environment for event in known.events}
    }
    assert {name: met.at for name, met in known.met.items()} == first
