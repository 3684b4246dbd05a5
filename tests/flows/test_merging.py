"""Merging, taking apart, discarding: whose the hashes are, and what each side counts (spec/mutation.md 3.7, 3.12)."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.domain.access import SCOPES_OF, Role
from tocsin.domain.caller import Reach
from tocsin.domain.issue.issue import Status
from tocsin.flows.recount import Recount
from tocsin.flows.remove import Remove
from tocsin.flows.triage import Acting, Hashes, Triage
from tocsin.storage.state import (
    environments,
    inbox,
    issue_conditions,
    issue_hashes,
    issues,
    marks,
    organizations,
    projects,
    users,
)
from tocsin.storage.state.issue_conditions import Among, Field

slugs = (f"project-{number}" for number in count())


class Family:
    """Somebody who owns the organization, and what they do to the issues of one project."""

    def __init__(self, shop) -> None:
        self.shop = shop
        self.triage = Triage(shop.state, shop.history, lambda: "5" * 32)
        self.hashes = Hashes(shop.state, shop.history)
        self.recount = Recount(shop.state, shop.history)
        self.remove = Remove(shop.state, shop.history, shop.blobs, lambda: shop.now)
        with shop.state.write() as connection:
            organization = organizations.by_slug(connection, "acme")
            self.people = [users.ensure(connection, f"user{number}@acme.io", shop.now) for number in range(3)]
            for person in self.people:
                organizations.set_member(connection, organization.id, person, Role.OWNER, shop.now)
            user = users.by_id(connection, self.people[0])
        reach = Reach(
            organization=organization, role=Role.OWNER, scopes=SCOPES_OF[Role.OWNER], projects=(shop.project,)
        )
        self.by = Acting(user=user, reach=reach, shown={"id": str(user.id)})

    def begin_anew(self):
        """Go on in a project of its own."""
        with self.shop.state.write() as connection:
            organization_id = self.by.reach.organization.id
            project_id = projects.create(connection, organization_id, next(slugs), "P", self.shop.now)
            self.shop.project = projects.by_ids(connection, [project_id])[project_id]
        self.by = replace(self.by, reach=replace(self.by.reach, projects=(self.shop.project,)))

    def issue(self, name: str, events: int = 1, **fields):
        """Return the issue that events of that kind belong to, after sending some."""
        for _ in range(events):
            self.shop.later(seconds=1)
            self.shop.send(fingerprint=[name], **fields)
        return self.owner(name)

    def owner(self, name: str):
        [key] = self.keys(name)
        with self.shop.state.read() as connection:
            return issue_hashes.owners(connection, [key])[key].issue_id

    def keys(self, *names: str):
        digested = [self.shop.digested(self.shop.accepted(fingerprint=[name]))[0] for name in names]
        return [(self.shop.project.id, one.events[0].primary_hash) for one in digested]

    def change(self, body, *ids):
        self.shop.later(seconds=1)
        return self.triage.carry_out(ids, body, self.by, self.shop.now).delta

    def merge(self, *ids):
        return self.change({"merge": True}, *ids)["merge"]

    def apart(self, *ids):
        return self.change({"merge": False}, *ids)["merge"]

    def merge_kinds(self, kinds):
        """Merge whatever issues events of these kinds belong to by now."""
        return self.change({"merge": True}, *{self.owner(kind) for kind in kinds})

    def move(self, *kinds):
        """Move the hashes of these kinds, all of one issue, into a new one."""
        self.shop.later(seconds=1)
        hashes = {digits for _, digits in self.keys(*kinds)}
        return self.hashes.move(self.owner(kinds[0]), hashes, by=self.by.user.id, now=self.shop.now)

    def issues(self):
        """Return all issues of the project, whatever their status."""
        mine = [Among(Field.PROJECT, (self.shop.project.id,))]
        with self.shop.state.read() as connection:
            ids = [one.id for one in issue_conditions.candidates(connection, mine, limit=1000)]
            return list(issues.load(connection, ids).values())

    def live(self):
        return [issue for issue in self.issues() if issue.status is not Status.PENDING_MERGE]

    def load(self, issue_id):
        with self.shop.state.read() as connection:
            return issues.load(connection, [issue_id])[issue_id]

    def picture(self):
        """Return all that merging and taking apart must leave as it was."""
        with self.shop.state.read() as connection:
            stored = {issue.id: replace(issue, version=0) for issue in self.issues()}
            ids = list(stored)
            return {
                "issues": stored,
                "hashes": {
                    one: [own.hash for own in owned] for one, owned in issue_hashes.by_issue(connection, ids).items()
                },
                "subscriptions": marks.subscriptions(connection, ids),
                "waiting": inbox.waiting(connection, ids),
                "met": {(one.issue_id, one.environment_id): one for one in environments.of_issues(connection, ids)},
                "redirects": issues.survivors(connection, ids),
                "numbers": issues.by_numbers(connection, [(one.project_id, one.number) for one in stored.values()]),
            }


@pytest.fixture
def family(shop) -> Family:
    return Family(shop)


KINDS = ["a", "b", "c", "d", "e"]


def merged_away(family):
    return [issue.id for issue in family.issues() if issue.status is Status.PENDING_MERGE]


def take_all_apart(family):
    """Take everything apart, from the top of the tree downwards."""
    while merged_away(family):
        assert family.apart(*(issue.id for issue in family.live()))["unmerged"]


marking = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(
        [
            {"status": "resolved"},
            {"status": "ignored", "ignoreCount": 100},
            {"assignedTo": "0"},
            {"assignedTo": "1"},
            {"isBookmarked": True},
            {"isSubscribed": False},
            {"inbox": False},
            {"priority": "low"},
        ]
    ),
)
sending = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "environment": st.sampled_from(["", "production", "staging"]),
        "release": st.sampled_from([None, "1.0", "2.0"]),
        "level": st.sampled_from(["error", "info"]),
    }
)
merging = st.lists(st.sampled_from(KINDS), min_size=2, max_size=4, unique=True)


def send(family, project, sent, *, late=0.0):
    """Send an event of a kind to *project*."""
    family.shop.project = project
    body = {name: value for name, value in sent.items() if name != "kind" and value}
    family.shop.send(
        fingerprint=[sent["kind"]],
        timestamp=(family.shop.now - timedelta(seconds=late)).timestamp(),
        exception={"values": [{"type": f"{sent['kind'].upper()}Error", "value": str(family.shop.now)}]},
        **body,
    )


ONE_STORE = settings(
    max_examples=15, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ONE_STORE
@given(
    st.lists(sending, min_size=5, max_size=8), st.lists(marking, max_size=6), st.lists(merging, min_size=1, max_size=4)
)
def test_taking_apart_is_the_inverse_of_merging(family, sends, marks_, merges):
    family.begin_anew()
    for kind in KINDS:
        family.issue(kind)
    for sent in sends:
        family.shop.later(seconds=1)
        send(family, family.shop.project, sent)
    for kind, body in marks_:
        assigned = {"assignedTo": str(family.people[int(body["assignedTo"])])} if "assignedTo" in body else {}
        family.change(body | assigned, family.owner(kind))
    before = family.picture()
    for kinds in merges:
        family.merge_kinds(kinds)
    take_all_apart(family)
    assert family.picture() == before


def what_was_seen(family, project):
    """Return what each issue of *project* tells of its events, by kind and field; nobody else's are there."""
    family.shop.project = project
    owners = {family.owner(kind): kind for kind in KINDS}
    fields = ("times_seen", "first_seen", "last_seen", "first_release", "last_release", "title", "level", "culprit")
    with family.shop.state.read() as connection:
        stored = issues.load(connection, owners)
        seen = {f"{owners[one.id]} {name}": str(getattr(one, name)) for one in stored.values() for name in fields}
        for met in environments.of_issues(connection, stored):
            where = (met.first_seen, met.last_seen, met.first_release)
            seen[f"{owners[met.issue_id]} met in {met.environment_id}"] = " ".join(map(str, where))
    return seen


moving = st.tuples(st.just("move"), st.sampled_from(KINDS))
happening = st.one_of(sending, sending, merging, moving, st.just("apart"))


@ONE_STORE
@given(st.lists(happening, min_size=4, max_size=14))
def test_events_in_between_go_to_whom_their_hash_belongs(family, happenings):
    """A twin project gets the same events and is never merged: in the end nobody can tell the two apart."""
    family.begin_anew()
    twin = family.shop.project
    family.begin_anew()
    own = family.shop.project
    first = [{"kind": kind, "environment": "", "release": None, "level": "error"} for kind in KINDS]
    for happened in [*first, *happenings]:
        family.shop.later(seconds=1)
        match happened:
            case dict():
                send(family, twin, happened)
                send(family, own, happened)
            case "apart":
                family.shop.project = own
                family.change({"merge": False}, *(issue.id for issue in family.live()))
            case ("move", kind):
                family.shop.project = own
                family.move(kind)
            case kinds:
                family.shop.project = own
                family.merge_kinds(kinds)
    family.shop.project = own
    take_all_apart(family)
    assert what_was_seen(family, own) == what_was_seen(family, twin)
