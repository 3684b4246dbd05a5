"""A replay tells what saving the rules would do, and no rule can hold it up."""

import random

import pytest

from tocsin.domain.errors import InvalidFields, Malformed, NotFound, Unavailable
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.grouping import LATEST, OLDEST, ProjectGrouping
from tocsin.domain.issue.issue import ProjectId
from tocsin.domain.pipeline import digest
from tocsin.domain.project_rules import project_rules
from tocsin.flows.configure import Configure
from tocsin.flows.replay.process import Task, regroup
from tocsin.flows.replay.replay import AT_ONCE_MAX, Replay
from tocsin.storage.state import issue_hashes, organizations, projects

RULES = [
    {"fingerprintingRules": "type:A function:f -> one\nvalue:*2* -> {{ default }}, {{ value }}"},
    {"groupingEnhancements": "function:g -group\nmodule:lib.* -app"},
    {"groupingEnhancements": "family:all max-frames=1", "groupingConfig": OLDEST},
    {"groupingConfig": OLDEST},
]


def some_event(chance: random.Random):
    frames = [
        {
            "module": chance.choice(["shop", "lib.a", "lib.b"]),
            "function": chance.choice("fgh"),
            "in_app": chance.random() < 0.7,
        }
        for _ in range(chance.randrange(3))
    ]
    error = {"type": chance.choice("ABC"), "value": chance.choice(["card 1", "card 2", "no"])}
    return {"exception": {"values": [error | {"stacktrace": {"frames": frames}}]}}


def accepted(shop, events):
    return [shop.accepted(**event) for event in events]


def write(shop, events, **options):
    rules = project_rules({}, options)
    for one in events:
        shop.writer.write(f"{next(shop.numbers):032x}", [digest(one, IntakeLimits(), rules)])


def another_project(shop):
    with shop.state.write() as connection:
        organization_id = shop.project.organization_id
        name = f"p{next(shop.numbers)}"
        project_id = projects.ensure(connection, organization_id, name, name, shop.now, platform="python")
        shop.project = projects.by_ids(connection, [project_id])[project_id]


def issue_by_event(shop):
    """Return the issue of each event of the project, by the order in which they were sent."""
    rows = shop.history.rows(
        "SELECT lower(hex(primary_hash)) FROM event WHERE project_id = {p:UInt64} ORDER BY event_id",
        {"p": shop.project.id},
    )
    keys = [(shop.project.id, row[0]) for row in rows]
    with shop.state.read() as connection:
        owners = issue_hashes.owners(connection, keys)
    return [owners[key].issue_id for key in keys]


def related(pairs):
    found = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: values for key, values in found.items() if len(values) > 1}


@pytest.mark.parametrize("changes", RULES)
@pytest.mark.parametrize("seed", range(3))
def test_the_verdict_is_what_happens_when_the_rules_are_saved_first(shop, changes, seed):
    chance = random.Random(seed)
    events = [some_event(chance) for _ in range(40)]
    write(shop, accepted(shop, events))
    told = Replay(shop.state, shop.history)(shop.project.id, changes, shop.now)
    before = issue_by_event(shop)
    another_project(shop)
    write(shop, accepted(shop, events), **changes)
    after = issue_by_event(shop)
    splits = related(zip(before, after, strict=True))
    merges = related(zip(after, before, strict=True))
    assert {int(one.issue_id): one.into for one in told.splits} == {issue: len(own) for issue, own in splits.items()}
    assert sorted(sorted(int(part.issue_id) for part in one.issues) for one in told.merges) == sorted(
        map(sorted, merges.values())
    )
    assert (told.events, told.issues, told.out_of_time) == (40, len(set(before)), False)


@pytest.mark.parametrize("options", [{}, *RULES])
def test_unchanged_rules_change_nothing_whatever_is_sent_with_them(shop, options):
    Configure(shop.state).project(shop.project.id, options, None, shop.now)
    chance = random.Random(7)
    write(shop, accepted(shop, [some_event(chance) for _ in range(30)]), **options)
    for sent in ({}, options, {"name": "never mind", "slug": ""}):
        told = Replay(shop.state, shop.history)(shop.project.id, sent, shop.now)
        assert (told.splits, told.merges, told.stay) == ((), (), told.issues)


def test_only_the_newest_events_are_looked_at_and_none_of_deleted_issues(shop):
    for number in range(5):
        shop.later(minutes=1)
        shop.send(exception={"values": [{"type": f"T{'x' * number}", "value": "v"}]})
    with shop.state.write() as connection:
        issue_hashes.free(connection, [shop.issues()[-1].id], shop.now)
    told = Replay(shop.state, shop.history)(
        shop.project.id, {"fingerprintingRules": "type:T* -> all"}, shop.now, events_max=3
    )
    assert (told.events, told.wanted, told.issues) == (2, 3, 2)
    assert [(one.count, one.into.events) for one in told.merges] == [(2, 2)]


def test_rules_that_cannot_be_saved_cannot_be_tried(shop):
    with pytest.raises(InvalidFields) as refused:
        Replay(shop.state, shop.history)(shop.project.id, {"groupingEnhancements": "\nnonsense"}, shop.now)
    assert refused.value.errors["groupingEnhancements"][0].startswith("line 2: ")


def test_a_project_that_is_gone_is_not_found(shop):
    with pytest.raises(NotFound):
        Replay(shop.state, shop.history)(ProjectId(999), {}, shop.now)


def test_what_there_is_no_time_for_is_left_out_and_said(shop):
    write(shop, accepted(shop, [some_event(random.Random(1))]))
    told = Replay(shop.state, shop.history, seconds_max=0)(shop.project.id, {}, shop.now)
    assert (told.events, told.out_of_time) == (0, True)


def test_a_process_that_does_not_answer_is_ended(monkeypatch):
    monkeypatch.setattr("tocsin.flows.replay.process.GRACE_SECONDS", 0.01)
    task = Task(before=ProjectGrouping(), after=ProjectGrouping(config=LATEST), seconds=0)
    with pytest.raises(Malformed):
        regroup(task, [[b"{}"]])


def test_only_some_may_try_their_rules_at_once(shop):
    replay = Replay(shop.state, shop.history, seconds_max=0)
    for _ in range(AT_ONCE_MAX):
        replay._turns.acquire()
    with pytest.raises(Unavailable):
        replay(shop.project.id, {}, shop.now)


def test_a_project_is_found_by_its_slug_and_told_apart_by_its_organization(shop):
    replay = Replay(shop.state, shop.history)
    assert replay.named("shop", "", {}, shop.now, 10).events == 0
    with shop.state.write() as connection:
        other = organizations.ensure(connection, "other", "Other", shop.now)
        projects.ensure(connection, other, "shop", "shop", shop.now)
    assert replay.named("shop", "acme", {}, shop.now, 10).wanted == 10
    for slug, organization, reason in [
        ("shop", "", "Several"),
        ("nope", "", "no project"),
        ("shop", "x", "no project"),
    ]:
        with pytest.raises(Malformed, match=reason):
            replay.named(slug, organization, {}, shop.now, 10)
