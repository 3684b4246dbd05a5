"""The page about the grouping of a project, and how an issue's page tells what made it."""

import pytest

from tocsin.domain.access import Role
from tocsin.domain.grouping import LATEST, OLDEST
from tocsin.lib.passwords import hash_password
from tocsin.storage.state import users

PAGE = "/organizations/acme/projects/p/grouping"
FRAMES = [{"module": "lib", "function": "call"}, {"module": "shop", "function": "pay", "in_app": True}]


def submit(site, **fields):
    """Send the form of the page, and stay where it leads."""
    sent = {"fingerprintingRules": "", "groupingEnhancements": "", "groupingConfig": LATEST} | fields
    return site.submit(PAGE, sent)


def send(site, kind="A", **event):
    error = {"type": kind, "value": "same", "stacktrace": {"frames": FRAMES}}
    site.send(exception={"values": [error]}, **event)


def test_a_preview_shows_what_would_change_and_saves_nothing(site):
    for kind in "AB":
        send(site, kind)
    page = submit(site, action="preview", fingerprintingRules="value:same -> one")
    assert page.status_code == 200
    for text in ("Of 2 issues, 0 would stay", "1 issue would come of several", "2 events of 2 issues", "value:same"):
        assert text in page.text
    assert site.visit(PAGE).text.count("value:same") == 0


def test_a_split_links_to_sample_events(site):
    for value in "ab":
        send(site, tags={"kind": value})
    page = submit(site, action="preview", fingerprintingRules="type:A -> {{ tags.kind }}")
    [issue] = site.issues()
    assert "1 issue would split" in page.text
    assert page.text.count(f"/organizations/acme/issues/{issue}/events/") == 2


def test_nothing_changes_when_nothing_is_changed(site):
    send(site)
    page = submit(site, action="preview")
    assert "1 would stay as it is" in page.text
    assert "Nothing would split, and nothing would merge." in page.text


def test_what_is_saved_is_shown(site):
    rules = "type:A -> a\r\n# second"
    page = submit(site, action="save", fingerprintingRules=rules, groupingConfig=OLDEST)
    assert (page.status_code, str(page.url)) == (200, f"http://tocsin.test{PAGE}/")
    assert "Saved." in page.text
    assert "type:A -&gt; a\n# second</textarea>" in page.text
    assert f'<option value="{OLDEST}" selected>' in page.text


@pytest.mark.parametrize("action", ["save", "preview"])
def test_a_line_that_is_no_rule_is_named_beside_its_box(site, action):
    page = submit(site, action=action, groupingEnhancements="\nnonsense")
    assert page.status_code == 400
    assert "line 2: &#39;nonsense&#39;" in page.text
    assert 'aria-describedby="groupingEnhancements-fault"' in page.text


def test_an_unknown_action_is_refused(site):
    page = submit(site, action="burn")
    assert (page.status_code, "no action &#39;burn&#39;" in page.text) == (400, True)


def test_who_may_not_change_the_project_only_reads(site):
    joe = site.make_user("joe@acme.io", role=Role.MEMBER, teams=[site.team])
    with site.state.write() as connection:
        users.set_password_hash(connection, joe.id, hash_password("a long pass phrase"))
    site.log_in("joe@acme.io", "a long pass phrase")
    assert "Preview</button>" not in site.visit(PAGE).text
    assert submit(site, action="save").status_code == 403


def test_a_project_that_is_not_there_has_no_page(site):
    assert site.visit("/organizations/acme/projects/nope/grouping").status_code == 404


def test_an_issue_tells_how_it_was_grouped(site):
    send(site)
    [issue] = site.issues()
    page = site.visit(f"/organizations/acme/issues/{issue}/")
    for text in (
        "How this was grouped",
        "frames of the stack trace that are your own",
        "does not count, it is not in-",
    ):
        assert text in page.text
    submit(site, action="save", fingerprintingRules="type:A -> a", groupingEnhancements="module:lib +app")
    page = site.visit(f"/organizations/acme/issues/{issue}/")
    for text in ("The rules have changed", "on line 1: <code>type:A -&gt; a</code>"):
        assert text in page.text


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"exception": {"values": [{"type": "A", "value": "b"}]}}, "its text without numbers"),
        ({"exception": None, "message": "hello"}, "By its message"),
        ({"checksum": "x"}, "By the checksum"),
        ({"fingerprint": ["x"]}, "By its fingerprint"),
        ({"exception": None}, "By nothing"),
        (
            {
                "exception": {
                    "values": [{"type": "A", "stacktrace": {"frames": [{"abs_path": "/a"}, {"function": "f"}]}}]
                }
            },
            "all frames of the stack trace",
        ),
    ],
)
def test_every_way_to_be_grouped_has_its_words(site, event, text):
    site.send(**event)
    [issue] = site.issues()
    assert text in site.visit(f"/organizations/acme/issues/{issue}/").text
