"""What people say about issues (spec/mutation.md 8.4)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.errors import InvalidFields, Malformed, NotFound
from tocsin.domain.issue.assignee_ref import UNREADABLE, TeamById, UserById
from tocsin.domain.issue.comments import (
    MENTIONS_MAX,
    REPEAT_WITHIN,
    TEXT_CHARS_MAX,
    Audience,
    Draft,
    deleted,
    edited,
    own_note,
    post,
    read_comment,
)
from tocsin.domain.issue.effects import Subscribe, Unsubscribe
from tocsin.domain.issue.issue import Activity, ActivityType, IssueId, SubscriptionReason, TeamId, UserId

JANE, JOE, ANN = UserId(7), UserId(8), UserId(9)
CREW = TeamId(2)
CREW_OF_JANE_AND_JOE = Audience({CREW: frozenset({JANE, JOE})})
SUBSCRIBED = Subscribe(frozenset({JANE}), SubscriptionReason.COMMENT)
REQUIRED = ["This field is required."]
NON_MEMBER = {"mentions": ["Cannot mention a non-team member"]}


@pytest.mark.parametrize(
    ("body", "draft"),
    [
        ({"text": " so\n it is \n"}, Draft(text="so\n it is")),
        ({"text": 5, "unknown": 1}, Draft(text="5")),
        ({"text": "x", "mentions": None}, Draft(text="x")),
        ({"text": "x", "mentions": "user:7"}, Draft(text="x", mentions=(UserById(JANE),))),
        (
            {"text": "x", "mentions": ["user:7", 8, "team:2", "7"]},
            Draft(text="x", mentions=(UserById(JANE), UserById(JOE), TeamById(CREW))),
        ),
        ({"text": "x" * TEXT_CHARS_MAX}, Draft(text="x" * TEXT_CHARS_MAX)),
    ],
)
def test_a_comment_is_read_from_its_body(body, draft):
    assert read_comment(body) == draft


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        pytest.param({}, {"text": REQUIRED}, id="mutation-L05"),
        pytest.param({"text": ""}, {"text": REQUIRED}, id="empty"),
        pytest.param({"text": " \n\t"}, {"text": REQUIRED}, id="blank"),
        pytest.param({"text": None}, {"text": REQUIRED}, id="null"),
        pytest.param({"text": ["x"]}, {"text": ["Not a valid string."]}, id="list"),
        pytest.param({"text": True}, {"text": ["Not a valid string."]}, id="boolean"),
        pytest.param(
            {"text": "x" * (TEXT_CHARS_MAX + 1)},
            {"text": [f"Ensure this field has no more than {TEXT_CHARS_MAX} characters."]},
            id="long",
        ),
        pytest.param({"text": "x", "mentions": ["jane.doe"]}, {"mentions": [UNREADABLE]}, id="by-name"),
        pytest.param({"text": "x", "mentions": ["team:crew"]}, {"mentions": [UNREADABLE]}, id="by-slug"),
        pytest.param({"text": "x", "mentions": [""]}, {"mentions": [UNREADABLE]}, id="nobody"),
        pytest.param({"text": "x", "mentions": [{}]}, {"mentions": [UNREADABLE]}, id="object"),
        pytest.param(
            {"mentions": 5}, {"text": REQUIRED, "mentions": ['Expected a list of items but got type "int".']}, id="both"
        ),
        pytest.param(
            {"text": "x", "mentions": list(range(MENTIONS_MAX + 1))},
            {"mentions": [f"Ensure this field has no more than {MENTIONS_MAX} elements."]},
            id="many",
        ),
    ],
)
def test_a_comment_that_cannot_be_read_says_why(body, errors):
    with pytest.raises(InvalidFields) as refused:
        read_comment(body)
    assert refused.value.errors == errors


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some, max_size=3))


@given(st.dictionaries(st.sampled_from(["text", "mentions", "other"]), values | st.dictionaries(st.text(), values)))
def test_no_body_is_beyond_reading(body):
    try:
        text, faulty = read_comment(body).text, set()
    except InvalidFields as refused:
        text, faulty = "refused", set(refused.errors)
    assert text == text.strip() != ""
    assert faulty <= {"text", "mentions"}


def test_a_comment_is_counted_told_and_subscribes_its_writer(issue_with, now):
    change = post(issue_with(comment_count=2), Draft(text="so"), Audience(), recent=[], by=JANE, now=now)
    assert change.issue == issue_with(comment_count=3)
    assert change.activities == (note(now),)
    assert change.effects == (SUBSCRIBED,)


def test_who_is_mentioned_hears_of_it_and_the_comment_keeps_whom_it_means(issue_with, now):
    draft = Draft(text="see", mentions=(TeamById(CREW), UserById(JOE)))
    change = post(issue_with(), draft, CREW_OF_JANE_AND_JOE, recent=[], by=JANE, now=now)
    assert change.effects == (SUBSCRIBED, Subscribe(frozenset({JOE}), SubscriptionReason.MENTIONED))
    assert change.activities[0].data == {"text": "see", "mentions": ["team:2", "user:8"]}


@pytest.mark.parametrize(
    ("mentions", "errors"),
    [
        pytest.param((UserById(UserId(8888)),), NON_MEMBER, id="mutation-L13"),
        pytest.param((UserById(JANE), UserById(ANN)), NON_MEMBER, id="not-on-the-project"),
        pytest.param(
            (TeamById(TeamId(3)), UserById(ANN)),
            {"mentions": ["Cannot mention a team without access to the project", *NON_MEMBER["mentions"]]},
            id="team",
        ),
    ],
)
def test_only_people_and_teams_of_the_project_can_be_mentioned(issue_with, now, mentions, errors):
    draft = Draft(text="see", mentions=mentions)
    with pytest.raises(InvalidFields) as refused:
        post(issue_with(), draft, CREW_OF_JANE_AND_JOE, recent=[], by=JANE, now=now)
    assert refused.value.errors == errors


def note(now, *, ago=timedelta(0), **fields):
    told = {"issue_id": IssueId(1), "type": ActivityType.NOTE, "data": {"text": "so"}, "user_id": JANE}
    return Activity(**(told | fields), created_at=now - ago)


def test_the_same_words_of_the_same_person_are_refused_for_an_hour(issue_with, now):
    """mutation-L07"""
    with pytest.raises(Malformed, match="You have already posted that comment"):
        post(issue_with(), Draft(text="so"), Audience(), recent=[note(now)], by=JANE, now=now)


@pytest.mark.parametrize(
    "fields",
    [{"ago": REPEAT_WITHIN}, {"user_id": JOE}, {"user_id": None}, {"data": {"text": "So"}}, {"data": {}}],
    ids=["an-hour-ago", "somebody-else", "somebody-deleted", "other-words", "no-words"],
)
def test_anything_else_is_no_repetition(issue_with, now, fields):
    assert post(issue_with(), Draft(text="so"), Audience(), recent=[note(now, **fields)], by=JANE, now=now)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"user_id": JOE}, id="mutation-L11"),
        pytest.param({"user_id": None}, id="of-a-deleted-user"),
        pytest.param({"issue_id": IssueId(2)}, id="on-another-issue"),
        pytest.param({"type": ActivityType.ASSIGNED}, id="no-comment"),
        pytest.param(None, id="unknown"),
    ],
)
def test_a_comment_belongs_to_its_writer(issue_with, now, entry):
    assert own_note(note(now), issue_with(), JANE) == note(now)
    with pytest.raises(NotFound):
        own_note(None if entry is None else note(now, **entry), issue_with(), JANE)


def test_an_edit_replaces_the_words_and_mentions_nobody(now):
    before = note(now, data={"text": "so", "mentions": ["user:8"]})
    draft = Draft(text="well", mentions=(UserById(JOE),))
    assert edited(before, draft) == note(now, data={"text": "well"})


def test_a_deleted_comment_is_not_counted_and_the_last_takes_its_subscription_along(issue_with):
    """mutation-L10"""
    changes = [deleted(issue_with(comment_count=count), JANE, was_last=count < 2) for count in (2, 1, 0)]
    assert [change.issue.comment_count for change in changes] == [1, 0, 0]
    unsubscribed = Unsubscribe(frozenset({JANE}), SubscriptionReason.COMMENT)
    assert [change.effects for change in changes] == [(), (unsubscribed,), (unsubscribed,)]
