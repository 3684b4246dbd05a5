import re
from html import unescape

import pytest
from tests.edges.web.conftest import Site, text_of

from tocsin.domain.access import Role
from tocsin.domain.issue.issue import IssueId
from tocsin.storage.state import organizations

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"

FRAMES = [
    {"filename": "django/core/handlers.py", "function": "inner", "lineno": 55, "in_app": False},
    {"filename": "django/core/base.py", "function": "get", "lineno": 70, "in_app": False},
    {
        "filename": "pump/valves.py",
        "function": "open_valve",
        "lineno": 42,
        "in_app": True,
        "pre_context": ["def open_valve(bar):", "    if bar > 12:"],
        "context_line": "        raise TooHigh(bar)",
        "post_context": ["    return True"],
        "vars": {"bar": 13, "valve": "'outlet'"},
    },
]


def path_of(issue_id: IssueId, rest: str = "") -> str:
    return f"/organizations/acme/issues/{issue_id}/{rest}"


def raised(frames: list[dict] | None = None, **fields: object) -> dict:
    value = {"type": "TooHigh", "value": "13 bar", "stacktrace": {"frames": frames or FRAMES}}
    return {"exception": {"values": [value | fields]}}


def test_the_raising_frame_is_open_with_its_source_and_its_variables(site: Site):
    page = site.visit(path_of(site.new_issue(**raised())))
    assert page.text.count('<details class="frame" open>') == 1
    text = text_of(page)
    assert "pump/valves.py:42 in open_valve" in text
    assert "42 raise TooHigh(bar)" in text
    assert "40 def open_valve(bar):" in text
    assert "bar 13 valve 'outlet'" in text


def test_frames_of_libraries_are_folded(site: Site):
    page = site.visit(path_of(site.new_issue(**raised())))
    assert "2 frames in django" in text_of(page)


def test_all_that_the_event_tells_is_shown(site: Site):
    issue_id = site.new_issue(
        **raised(mechanism={"type": "excepthook", "handled": False}),
        breadcrumbs={"values": [{"category": "query", "message": "SELECT 1", "data": {"rows": 3}}]},
        request={"method": "POST", "url": "https://shop.test/pay", "headers": {"X-Trace": "abc"}, "data": {"sum": 7}},
        contexts={"pump": {"model": "X-200"}},
        extra={"attempt": 5},
        tags={"region": "eu-west"},
        user={"id": "7", "email": "kim@shop.test"},
        modules={"django": "5.2"},
        release="backend@1.0.0",
        environment="prod",
    )
    text = text_of(site.visit(path_of(issue_id)))
    for told in (
        *("unhandled", "query SELECT 1 rows 3", "POST https://shop.test/pay", "X-Trace abc", "sum 7", "model X-200"),
        *("attempt 5", "region eu-west", "kim@shop.test", "1 package django 5.2", "backend@1.0.0", "environment prod"),
        *("First seen just now", "Events 1 Users 1", "P-1"),
    ):
        assert told in text


def test_nothing_that_an_event_says_becomes_markup(site: Site):
    issue_id = site.new_issue(
        exception={
            "values": [
                {
                    "type": HOSTILE,
                    "value": HOSTILE,
                    "stacktrace": {
                        "frames": [
                            {
                                "filename": HOSTILE,
                                "function": HOSTILE,
                                "lineno": 1,
                                "context_line": HOSTILE,
                                "abs_path": f'" onmouseover="{HOSTILE}',
                                "vars": {HOSTILE: HOSTILE},
                                "in_app": True,
                            }
                        ]
                    },
                }
            ]
        },
        message=HOSTILE,
        breadcrumbs={"values": [{"category": HOSTILE, "message": HOSTILE, "data": {HOSTILE: HOSTILE}}]},
        request={"url": "javascript:alert(3)", "headers": {HOSTILE: HOSTILE}, "data": HOSTILE},
        contexts={HOSTILE: {HOSTILE: HOSTILE}},
        extra={HOSTILE: HOSTILE},
        tags={"evil": HOSTILE},
        user={"id": HOSTILE, "username": HOSTILE},
        release="<script>",
        environment='"><script>',
        transaction=HOSTILE,
    )
    for page in (site.visit(path_of(issue_id)), site.visit("/organizations/acme/issues/", params={"query": ""})):
        assert page.status_code == 200
        assert HOSTILE in text_of(page)
        assert page.text.count("<script") == 2, "our own two files and no other"
        assert "<img src=x" not in page.text
        assert 'onmouseover="' not in page.text
        assert 'href="javascript:' not in page.text


def test_a_tag_leads_into_the_search_for_it(site: Site):
    issue_id = site.new_issue(tags={"region": "eu west"})
    page = site.visit(path_of(issue_id))
    (link,) = re.findall(r'href="(/[^"]*region[^"]*)"', page.text)
    site.later(seconds=1)
    found = site.visit(unescape(link))
    assert found.status_code == 200
    assert "P-1" in text_of(found)
    assert 'value="region:&#34;eu west&#34;"' in found.text


def test_events_lead_to_their_older_and_newer_neighbours(site: Site):
    ids = [f"{number}" * 32 for number in (1, 2, 3)]
    for event_id in ids:
        site.send(event_id=event_id)
        site.later(minutes=1)
    (issue_id,) = site.issues()
    latest = site.visit(path_of(issue_id))
    assert f"Event {ids[2][:8]}" in text_of(latest)
    assert "Newer" not in text_of(latest)
    middle = site.visit(path_of(issue_id, f"events/{ids[1]}/"))
    assert f'rel="prev" href="{path_of(issue_id, f"events/{ids[0]}/")}"' in middle.text
    assert f'rel="next" href="{path_of(issue_id, f"events/{ids[2]}/")}"' in middle.text
    assert f"Event {ids[0][:8]}" in text_of(site.visit(path_of(issue_id, "events/oldest/")))


def test_only_events_of_the_environment_are_walked_through(site: Site):
    site.send(event_id="1" * 32, environment="prod")
    site.later(minutes=1)
    site.send(event_id="2" * 32, environment="dev")
    (issue_id,) = site.issues()
    page = site.visit(path_of(issue_id), params={"environment": "prod"})
    assert "Event 11111111" in text_of(page)
    assert 'rel="next"' not in page.text
    none = site.visit(path_of(issue_id), params={"environment": "nowhere"})
    assert none.status_code == 200
    assert "No event of this issue is kept" in text_of(none)


def test_long_trails_of_breadcrumbs_are_folded_but_for_their_end(site: Site):
    crumbs = [{"message": f"step {number}"} for number in range(30)]
    text = text_of(site.visit(path_of(site.new_issue(breadcrumbs={"values": crumbs}))))
    assert "20 earlier breadcrumbs" in text
    assert "step 29" in text


def test_a_message_without_exception_is_shown_with_its_stack(site: Site):
    issue_id = site.new_issue(exception=None, message="Disk almost full", stacktrace={"frames": FRAMES})
    text = text_of(site.visit(path_of(issue_id)))
    assert "Disk almost full" in text
    assert "Stack trace" in text
    assert "raise TooHigh(bar)" in text


def test_a_short_id_names_an_issue_in_the_url_too(site: Site):
    site.new_issue()
    assert site.visit("/organizations/acme/issues/P-1/").status_code == 200


@pytest.mark.parametrize("rest", ["999999/", "nonsense/", "{issue}/events/{none}/", "{issue}/events/nonsense/"])
def test_what_does_not_exist_is_not_found(site: Site, rest: str):
    issue_id = site.new_issue()
    page = site.visit("/organizations/acme/issues/" + rest.format(issue=issue_id, none="f" * 32))
    assert page.status_code == 404
    assert "There is nothing here" in text_of(page)


def test_an_issue_of_a_project_that_the_caller_may_not_see_is_refused(site: Site):
    site.organization("acme", openMembership=False)
    hidden = site.new_issue(site.make_project("secret"))
    with site.state.write() as connection:
        organizations.set_member(connection, site.org, site.jane.id, Role.MEMBER, site.now)
    page = site.visit(path_of(hidden))
    assert page.status_code == 403
    assert "ValueError" not in page.text
