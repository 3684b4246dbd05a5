"""What bodies tell of releases, deploys and repositories, and what is wrong with them (spec/search.md 5.12)."""

from datetime import UTC, datetime

import pytest

from tocsin.domain import announcement
from tocsin.domain.announcement import (
    Announcement,
    ToldCommit,
    ToldHead,
    amended,
    read_amendment,
    read_announcement,
    read_commits,
    read_deploy,
    read_new_repository,
    read_repository,
)
from tocsin.domain.errors import InvalidFields
from tocsin.domain.release.commit import ChangedFile
from tocsin.domain.release.release import Release, ReleaseId

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
REQUIRED = ["This field is required."]
A_DATE = [
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
]


def announced(**body):
    return read_announcement({"version": "1.0", "projects": ["p"], **body}, names_projects=True)


def faults(read, body):
    with pytest.raises(InvalidFields) as raised:
        read(body)
    return raised.value.errors


def test_an_announcement_says_everything_at_once():
    told = announced(
        ref="main",
        url="https://ci.acme.io/1",
        status="archived",
        dateStarted="2026-01-31T11:00:00+01:00",
        dateReleased="2026-01-31T10:00:00Z",
        projects=["p", 7],
        commits=[
            {
                "id": "c0ffee",
                "repository": "acme/shop",
                "message": "Fixes P-1",
                "author_name": "Jane",
                "author_email": "jane@acme.io",
                "timestamp": "2026-01-31T10:00:00",
                "patch_set": [{"path": "a.py", "type": "M"}, {"path": "a.py", "type": "D"}, {"path": 1}, "x"],
            }
        ],
        refs=[{"repository": "acme/shop", "commit": "abc..def", "previousCommit": "abc"}],
    )
    assert told == Announcement(
        version="1.0",
        projects=("p", "7"),
        ref="main",
        url="https://ci.acme.io/1",
        status="archived",
        started_at=NOW,
        released_at=NOW,
        commits=(
            ToldCommit(
                key="c0ffee",
                repository="acme/shop",
                message="Fixes P-1",
                author_name="Jane",
                author_email="jane@acme.io",
                committed_at=NOW,
                files=(ChangedFile(path="a.py", type="D"),),
            ),
        ),
        heads=(ToldHead(repository="acme/shop", key="def"),),
    )


def test_null_and_nothing_mean_the_same():
    nulls = dict.fromkeys(("ref", "url", "status", "dateStarted", "dateReleased", "commits", "refs"))
    assert announced(**nulls) == announced() == Announcement(version="1.0", projects=("p",))
    commit = {"id": "c", "repository": None, "message": None, "author_name": None, "timestamp": None}
    assert read_commits({"commits": [commit]}) == (ToldCommit(key="c"),)


def test_no_commits_say_nothing_of_a_new_release_and_take_away_those_of_an_old_one():
    assert (announced(commits=[], refs=[]).commits, announced(refs=[]).heads) == (None, None)
    assert read_amendment({"commits": []}).commits == ()
    assert read_amendment({"refs": []}).commits == ()
    assert read_amendment({}).commits is None


def test_refs_may_go_by_their_old_name():
    told = read_amendment({"headCommits": [{"repository": "r", "currentId": "c", "previousId": "b"}]})
    assert told.heads == (ToldHead(repository="r", key="c"),)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"version": REQUIRED, "projects": REQUIRED}),
        ({"version": "1.0"}, {"projects": REQUIRED}),
        ({"version": None, "projects": []}, {"version": ["This field may not be null."]}),
        ({"version": " ", "projects": []}, {"version": ["This field may not be blank."]}),
        (
            {"version": "v" * 201, "projects": []},
            {"version": ["Ensure this field has no more than 200 characters."]},
        ),
        *[
            ({"version": version, "projects": []}, {"version": [f"Release with name {version} is not allowed"]})
            for version in ("a\nb", "a\tb", "a/b", "a\\b", ".", "..", "latest", "Latest")
        ],
        ({"version": "a\0b", "projects": []}, {"version": ["Null characters are not allowed."]}),
        (
            {"version": "1", "projects": "p"},
            {"projects": ['Expected a list of items but got type "str".']},
        ),
        ({"version": "1", "projects": [], "url": "javascript:1"}, {"url": ["Enter a valid URL."]}),
        ({"version": "1", "projects": [], "dateReleased": "soon"}, {"dateReleased": A_DATE}),
        ({"version": "1", "projects": [], "dateStarted": "9999-12-31T23:59:59-23:59"}, {"dateStarted": A_DATE}),
        ({"version": "1", "projects": [], "status": "gone"}, {"status": ['"gone" is not a valid choice.']}),
        (
            {"version": "1", "projects": [], "commits": [{"id": "c"}, {"timestamp": "x"}, {"id": "c" * 65}]},
            {
                "commits": {
                    "1": {"id": REQUIRED, "timestamp": A_DATE},
                    "2": {"id": ["Ensure this field has no more than 64 characters."]},
                }
            },
        ),
        ({"version": "1", "projects": [], "refs": [{}]}, {"refs": {"0": {"repository": REQUIRED, "commit": REQUIRED}}}),
        ({"version": "1", "projects": [], "commits": [None]}, {"commits": {"0": ["This field may not be null."]}}),
    ],
)
def test_every_fault_is_told(body, errors):
    assert faults(lambda sent: read_announcement(sent, names_projects=True), body) == errors


def test_a_body_that_is_no_object_is_refused():
    assert "non_field_errors" in faults(read_amendment, [])


def test_lists_are_bounded(monkeypatch):
    errors = faults(read_commits, {"commits": [{"id": "c"}] * (announcement.COMMITS_MAX + 1)})
    assert errors == {"commits": [f"Ensure this field has no more than {announcement.COMMITS_MAX} elements."]}


def test_long_messages_and_names_are_cut_and_do_not_stop_a_release():
    (told,) = read_commits({"commits": [{"id": "c", "message": "m" * 100_000, "author_email": "e" * 999}]})
    assert (len(told.message), len(told.author_email)) == (announcement.MESSAGE_CHARS_MAX, announcement.LINE_CHARS_MAX)


def test_a_deploy_needs_an_environment():
    """search-O12"""
    assert faults(read_deploy, {"name": "x"}) == {"environment": REQUIRED}
    assert faults(read_deploy, {"environment": "a/b"}) == {"environment": ["Invalid value for environment"]}
    nulls = dict.fromkeys(("name", "url", "dateStarted", "dateFinished", "projects"))
    assert read_deploy({"environment": "prod", **nulls}) == announcement.ToldDeploy(environment="prod")


def test_a_repository_needs_a_name_when_it_is_new():
    assert faults(read_new_repository, {}) == {"name": REQUIRED}
    assert faults(read_repository, {"status": "lost"}) == {"status": ['"lost" is not a valid choice.']}
    told = announcement.ToldRepository(url="https://a.io")
    assert read_repository({"url": "https://a.io", "name": None, "status": None}) == told


def test_what_is_not_told_of_stays_as_it_was():
    release = Release(id=ReleaseId(1), organization_id=1, version="1.0", ref="main", url="https://a.io", added_at=NOW)
    assert amended(release, Announcement()) == release
    changed = amended(release, Announcement(released_at=NOW, status="archived"))
    assert (changed.ref, changed.released_at, changed.status) == ("main", NOW, "archived")
