"""What may be changed about organizations, projects and users, and what is refused (spec/README.md)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.domain.errors import InvalidFields
from tocsin.domain.issue.issue import ProjectId, UserId
from tocsin.domain.naming import NO_SLUG, is_slug
from tocsin.domain.organization import Organization, OrganizationId, Project, User
from tocsin.domain.settings import (
    NAME_CHARS_MAX,
    PLATFORM_CHARS_MAX,
    RESOLVE_AGE_HOURS_MAX,
    changed_organization,
    changed_project,
    changed_user,
)

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ACME = Organization(id=OrganizationId(1), slug="acme", name="Acme", options={"kept": 1}, created_at=NOW)
PUMP = Project(
    id=ProjectId(2),
    organization_id=OrganizationId(1),
    slug="pump",
    name="Pump",
    platform="python",
    options={"kept": 1, "resolveAge": 24},
    created_at=NOW,
)
JANE = User(id=UserId(3), username="jane", email="jane@acme.io", name="Jane", options={"kept": 1}, created_at=NOW)
NOT_BOOLEAN = ["Must be a valid boolean."]
NOT_NULL = ["This field may not be null."]
BLANK = ["This field may not be blank."]


def too_long(chars_max):
    return [f"Ensure this field has no more than {chars_max} characters."]


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {}),
        ({"unknown": 1, "id": 9, "created_at": None, "options": {"x": 1}}, {}),
        ({"allowSharedIssues": "false"}, {"options": {"kept": 1, "allowSharedIssues": False}}),
        (
            {"openMembership": False, "eventsMemberAdmin": "1"},
            {"options": {"kept": 1, "openMembership": False, "eventsMemberAdmin": True}},
        ),
        ({"name": " New ", "slug": "new-2_x"}, {"name": "New", "slug": "new-2_x"}),
    ],
)
def test_an_organization_is_what_it_was_but_for_what_is_sent(sent, fields):
    assert changed_organization(ACME, sent) == replace(ACME, **fields)


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"openMembership": "maybe"}, {"openMembership": NOT_BOOLEAN}),
        (
            {"allowSharedIssues": None, "eventsMemberAdmin": 2},
            {"allowSharedIssues": NOT_NULL, "eventsMemberAdmin": NOT_BOOLEAN},
        ),
        ({"name": " "}, {"name": BLANK}),
        ({"name": "x" * (NAME_CHARS_MAX + 1)}, {"name": too_long(NAME_CHARS_MAX)}),
        ({"slug": ""}, {"slug": BLANK}),
        *(({"slug": slug}, {"slug": [NO_SLUG]}) for slug in ("Acme", "a b", "-a", "12", "a" * 51, "a/b", "ä")),
    ],
)
def test_what_an_organization_cannot_be_is_told_by_field(sent, errors):
    with pytest.raises(InvalidFields) as refused:
        changed_organization(ACME, sent)
    assert refused.value.errors == errors


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {}),
        ({"resolveAge": 72}, {"options": {"kept": 1, "resolveAge": 72}}),
        ({"resolveAge": "72"}, {"options": {"kept": 1, "resolveAge": 72}}),
        *(({"resolveAge": never}, {"options": {"kept": 1, "resolveAge": 0}}) for never in (0, None, "")),
        ({"platform": "javascript-react"}, {"platform": "javascript-react"}),
        ({"platform": None}, {"platform": ""}),
        ({"platform": " "}, {"platform": ""}),
        ({"name": "Valve", "slug": "valve"}, {"name": "Valve", "slug": "valve"}),
    ],
)
def test_a_project_is_what_it_was_but_for_what_is_sent(sent, fields):
    assert changed_project(PUMP, sent, NOW) == replace(PUMP, **fields)


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"resolveAge": -1}, {"resolveAge": ["Ensure this value is greater than or equal to 0."]}),
        (
            {"resolveAge": RESOLVE_AGE_HOURS_MAX + 1},
            {"resolveAge": [f"Ensure this value is less than or equal to {RESOLVE_AGE_HOURS_MAX}."]},
        ),
        *(
            ({"resolveAge": value}, {"resolveAge": ["A valid integer is required."]})
            for value in ("abc", 1.5, True, [])
        ),
        ({"platform": "x" * (PLATFORM_CHARS_MAX + 1)}, {"platform": too_long(PLATFORM_CHARS_MAX)}),
        ({"platform": ["python"]}, {"platform": ["Not a valid string."]}),
        ({"slug": None, "name": None}, {"slug": NOT_NULL, "name": NOT_NULL}),
        ({"slug": "1"}, {"slug": [NO_SLUG]}),
    ],
)
def test_what_a_project_cannot_be_is_told_by_field(sent, errors):
    with pytest.raises(InvalidFields) as refused:
        changed_project(PUMP, sent, NOW)
    assert refused.value.errors == errors


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"email": "eve@other.io", "is_superuser": True, "isSuperuser": True}, {}),
        ({"name": ""}, {"name": ""}),
        ({"options": {"self_assign_issue": "1", "other": 1}}, {"options": {"kept": 1, "self_assign_issue": "1"}}),
        ({"options": {"self_assign_issue": False}}, {"options": {"kept": 1, "self_assign_issue": "0"}}),
        ({"options": {}, "name": "Jane Doe"}, {"name": "Jane Doe"}),
    ],
)
def test_a_user_is_what_they_were_but_for_what_is_sent(sent, fields):
    assert changed_user(JANE, sent) == replace(JANE, **fields)


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"options": {"self_assign_issue": "2"}}, {"options": {"self_assign_issue": NOT_BOOLEAN}}),
        (
            {"options": []},
            {"options": {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}},
        ),
        ({"name": {}, "options": None}, {"name": ["Not a valid string."], "options": NOT_NULL}),
    ],
)
def test_what_a_user_cannot_be_is_told_by_field(sent, errors):
    with pytest.raises(InvalidFields) as refused:
        changed_user(JANE, sent)
    assert refused.value.errors == errors


@given(st.text(max_size=60))
def test_a_slug_is_never_taken_for_an_id_and_needs_no_escape(text):
    if is_slug(text):
        assert not text.isdigit()
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
