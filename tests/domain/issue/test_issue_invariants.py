"""Whatever people and events do to issues, in whatever order, their state agrees with itself."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.issue.arrivals import Expectation, Fix, Waiting, settled
from tocsin.domain.issue.command import ARCHIVED, OPEN, read_command
from tocsin.domain.issue.counts import Counts
from tocsin.domain.issue.display import displayed_status, status_details
from tocsin.domain.issue.escalation import Forecast
from tocsin.domain.issue.issue import ActivityType, Issue, IssueId, ProjectId, Status, Substatus
from tocsin.domain.issue.observe import Context, Turn, lift, observe_all, question_to_history, wake
from tocsin.domain.issue.references import Facts, resolve_references
from tocsin.domain.issue.workflow import carry_out_all
from tocsin.domain.release.commit import CommitId

VERSIONS = ("1.0.0", "2.0.0", "3.0.0")
EXPECTED = Forecast(expected=(3,), computed_at=datetime(2026, 1, 31, tzinfo=UTC))

_COUNTS = st.one_of(st.none(), st.integers(0, 4))
_TERMS = st.fixed_dictionaries(
    {},
    optional={
        "ignoreDuration": _COUNTS.filter(lambda count: count is not None),
        "ignoreCount": st.integers(0, 4),
        "ignoreWindow": st.integers(0, 90),
        "ignoreUserCount": st.integers(0, 4),
        "ignoreUserWindow": st.integers(0, 90),
    },
)
_SUBSTATUS = st.fixed_dictionaries({}, optional={"substatus": st.sampled_from([*Substatus, None])})
_WORDS = st.sampled_from(["resolved", "unresolved", "ignored", "muted", "resolvedInNextRelease"])
_DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "inRelease": st.sampled_from([*VERSIONS, "latest"]),
        "inNextRelease": st.booleans(),
        "inCommit": st.just({"commit": "c", "repository": "r"}),
    },
)
_OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "priority": st.sampled_from(["low", "medium", "high"]),
        "isPublic": st.booleans(),
        "inbox": st.booleans(),
        "hasSeen": st.booleans(),
        "assignedTo": st.just(""),
    },
)
_BODIES = (
    st.builds(
        lambda status, substatus, terms, details, others: (
            {"status": status} | substatus | terms | ({"statusDetails": details | terms} if details else {}) | others
        ),
        _WORDS,
        _SUBSTATUS,
        _TERMS,
        _DETAILS,
        _OTHERS,
    )
    | _OTHERS
)
_SEEN_IN = st.lists(st.sampled_from(["", *VERSIONS]), min_size=1, max_size=4)
_CAME = st.builds(
    Waiting,
    issue_id=st.sampled_from([IssueId(1), IssueId(2)]),
    version=st.sampled_from(VERSIONS),
    is_new=st.booleans(),
    fix=st.none() | st.builds(Fix, commit_id=st.just(CommitId(5)), is_new=st.booleans()),
)
_STEPS = st.lists(st.tuples(_BODIES | _SEEN_IN | _CAME, st.integers(0, 60)), max_size=12)
_FACTS = Facts(
    release_exists=True,
    newest_release="3.0.0",
    repository_exists=True,
    commit_id=CommitId(5),
    commit_release="2.0.0",
)


def check(issue: Issue) -> None:
    match issue.status:
        case Status.RESOLVED:
            assert issue.substatus is None
        case Status.IGNORED:
            assert issue.substatus in ARCHIVED
        case _:
            assert issue.substatus in OPEN
    assert issue.snooze is None or issue.status is Status.IGNORED
    assert issue.resolution is None or issue.status is Status.RESOLVED
    assert issue.status is not Status.RESOLVED or issue.resolved_at is not None
    assert issue.first_seen <= issue.last_seen
    assert issue.share_id is None or len(issue.share_id) == 32


@given(steps=_STEPS)
def test_the_state_of_an_issue_agrees_with_itself(steps, issue_with, sighting_with, here, line_of, now):
    line = line_of(*VERSIONS)
    issues = [issue_with(id=IssueId(1)), issue_with(id=IssueId(2), substatus=Substatus.ONGOING)]
    events = 0
    for step, minutes in steps:
        now += timedelta(minutes=minutes)
        if isinstance(step, dict):
            command = resolve_references(read_command(step), _FACTS)
            share_ids = {issue.id: f"{issue.id:032x}" for issue in issues}
            outcome = carry_out_all(command, issues, here(now=now, releases=line, share_ids=share_ids))
            issues = [change.issue for change in outcome.changes]
            assert set(command.echo) <= set(outcome.delta)
        elif isinstance(step, Waiting):
            expected = Expectation(lines={ProjectId(1): line}, waiting=(step,))
            changes = {change.issue.id: change.issue for change in settled(expected, {i.id: i for i in issues}, now)}
            issues = [changes.get(issue.id, issue) for issue in issues]
            assert step.fix is None or issues[step.issue_id - 1].resolution is not None
        else:
            context = Context(now=now, project_id=ProjectId(1), releases=line)
            sightings = [sighting_with(timestamp=now, release=release) for release in step]
            events += len(step)
            observation = observe_all(issues[0], sightings, context)
            assert (observation.turn is Turn.SEEN) is (observation.activities == ())
            issues[0] = observation.issue
            question = question_to_history(issues[0], now)
            counts = Counts(events=events, recent_events=events, users=events)
            if question is not None and (back := lift(issues[0], sightings, now, counts, EXPECTED)):
                assert observation.turn is Turn.SEEN
                assert (back.issue.status, back.issue.snooze) == (Status.UNRESOLVED, None)
                issues[0] = back.issue
        for issue in issues:
            check(issue)
            assert question_to_history(issue, now) is None or issue.status is Status.IGNORED
            assert displayed_status(issue, now) is not Status.IGNORED or issue.status is Status.IGNORED
            assert isinstance(status_details(issue, now), dict)
    assert issues[0].times_seen == events + 1


@given(body=_BODIES, earlier=st.lists(_BODIES, max_size=3))
def test_what_only_time_would_change_is_not_changed_by_asking_twice(body, earlier, issue_with, here, line_of):
    """Resolving, reopening and archiving on the same terms at the same time are idempotent but for the address."""
    body = {key: value for key, value in body.items() if key != "isPublic"}
    circumstances = here(releases=line_of(*VERSIONS), share_ids={IssueId(1): "a" * 32})
    issues = [issue_with()]
    for each in [*earlier, body]:
        changes = carry_out_all(resolve_references(read_command(each), _FACTS), issues, circumstances).changes
        issues = [change.issue for change in changes]
    again = carry_out_all(resolve_references(read_command(body), _FACTS), issues, circumstances).changes[0]
    assert again.issue == issues[0]
    assert [activity.type for activity in again.activities] == []


@given(minutes=st.integers(1, 1000), later=st.integers(0, 2000))
def test_waking_agrees_with_what_is_displayed(minutes, later, issue_with, here, now):
    command = read_command({"status": "ignored", "ignoreDuration": minutes})
    asleep = carry_out_all(command, [issue_with()], here()).changes[0].issue
    at = now + timedelta(minutes=later)
    awake = wake(asleep, at)
    assert (awake is None) is (displayed_status(asleep, at) is Status.IGNORED)
    if awake is not None:
        check(awake.issue)
        assert awake.activities[0].type is ActivityType.SET_UNRESOLVED
