"""What people say, of their own accord or about an event, through the pipeline."""

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from tests.flows.conftest import Shop

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.envelope import open_accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.issue.category import Category, category_of
from tocsin.storage.state import attachments, user_reports
from tocsin.storage.state.tables import outcome

CORPUS = Path(__file__).parents[1] / "corpus"


def recorded(shop: Shop, name: str) -> Accepted:
    sent = json.loads((CORPUS / f"{name}.json").read_text())
    encoding = "" if sent["content_encoding"] == "identity" else sent["content_encoding"]
    body = (CORPUS / f"{name}.envelope").read_bytes()
    accepted = msgspec.structs.replace(shop.accepted(), body=body, encoding=encoding)
    event_id = open_accepted(accepted, IntakeLimits()).event_id
    return msgspec.structs.replace(accepted, event_id=event_id)


def item(shop: Shop, payload: object, item_type: str = "feedback") -> Accepted:
    accepted = shop.accepted()
    line = msgspec.json.encode({"type": item_type})
    body = b"{}\n" + line + b"\n" + msgspec.json.encode(payload) + b"\n"
    return msgspec.structs.replace(accepted, body=body)


def feedback(message: object, **fields: object) -> dict[str, object]:
    return {"contexts": {"feedback": {"message": message} | fields}, "platform": "javascript"}


def said(shop: Shop, event_id: str):
    with shop.state.read() as connection:
        return user_reports.of_event(connection, shop.project.id, event_id)


def outcomes(shop: Shop) -> dict[tuple[str, str, str], int]:
    with shop.state.read() as connection:
        rows = connection.execute(select(outcome)).mappings().all()
    return {(row["category"], row["verdict"], row["reason"]): row["quantity"] for row in rows}


def test_recorded_feedback_is_an_issue_of_its_own_with_its_screenshot(shop):
    """ingest-I17"""
    shop.write(recorded(shop, "node-feedback-1"))
    issue = shop.issue()
    assert category_of(issue) is Category.FEEDBACK
    assert (issue.type, issue.title, issue.level) == ("feedback", "I love it", "info")
    assert issue.metadata["associated_event_id"] == "f7d968db6502439c9d6f2b30aa7e194f"
    assert (issue.metadata["contact_email"], issue.metadata["name"]) == ("jane@example.com", "Jane")
    with shop.state.read() as connection:
        (screenshot,) = attachments.of_events(connection, shop.project.id, ["4053f61e25164f759a0e2ea7fa75b743"])
    assert (screenshot.name, screenshot.content_type, screenshot.size_bytes) == ("shot.png", "image/png", 8)
    assert outcomes(shop)["feedback", "accepted", ""] == 1


def test_feedback_and_the_issue_that_it_is_about_know_each_other(shop):
    shop.write(recorded(shop, "node-feedback-1"), recorded(shop, "node-feedback-2"))
    (about,) = [one for one in shop.issues() if one.type == "error"]
    with shop.state.read() as connection:
        (report,) = user_reports.of_issue(connection, about.id, 10)
    assert (report.comments, report.name) == ("I love it", "Jane")
    ((tags,),) = shop.history.rows("SELECT tags FROM event WHERE type = 'feedback'")
    assert tags["associated_event_id"] == report.event_id
    assert outcomes(shop)["feedback", "accepted", ""] == 1


def test_the_same_words_twice_are_two_issues(shop):
    shop.write(item(shop, feedback("hello")), item(shop, feedback("hello")))
    assert len(shop.issues()) == 2


@pytest.mark.parametrize("message", ["", " \n", None, 5, ["a"]])
def test_feedback_without_words_is_dropped(shop, message):
    shop.write(item(shop, feedback(message)))
    assert shop.issues() == []
    assert outcomes(shop) == {("feedback", "invalid", "empty_feedback"): 1}


@pytest.mark.parametrize("payload", [{}, {"contexts": None}, {"contexts": {"feedback": "hello"}}])
def test_an_event_without_feedback_is_none(shop, payload):
    shop.write(item(shop, payload))
    assert outcomes(shop) == {("feedback", "invalid", "empty_feedback"): 1}


def test_a_long_message_is_cut_with_a_remark(shop):
    """ingest-I20"""
    shop.write(item(shop, feedback("x" * 5000)))
    ((payload,),) = shop.history.rows("SELECT payload FROM event")
    event = json.loads(payload)
    message = event["contexts"]["feedback"]["message"]
    assert (len(message), message[-4:]) == (4096, "x...")
    assert event["_meta"]["contexts"]["feedback"]["message"][""]["len"] == 5000


def test_the_words_are_found_by_search(shop):
    shop.write(item(shop, feedback("The checkout is slow.\nThe basket as well.")))
    ((message, title),) = shop.history.rows("SELECT message, title FROM event")
    assert title == "The checkout is slow."
    assert "basket" in message


def test_a_report_after_its_event_belongs_to_its_issue(shop):
    shop.write(recorded(shop, "python-user-report-1"))
    shop.write(recorded(shop, "python-user-report-2"))
    with shop.state.read() as connection:
        (report,) = user_reports.of_issue(connection, shop.issue().id, 10)
    assert (report.name, report.email, report.comments) == ("Jane", "jane@example.com", "It broke")
    assert outcomes(shop)["feedback", "accepted", ""] == 1


def test_a_report_before_its_event_belongs_to_its_issue_when_it_comes(shop):
    """ingest-I19"""
    shop.write(recorded(shop, "python-user-report-2"))
    assert said(shop, "a9c1d5c4435d4278b0503a630d68a0ef").primary_hash is None
    shop.write(recorded(shop, "python-user-report-1"))
    with shop.state.read() as connection:
        assert user_reports.count_of_issue(connection, shop.issue().id) == 1


def test_a_report_in_the_batch_of_its_event_belongs_to_its_issue(shop):
    shop.write(recorded(shop, "python-user-report-2"), recorded(shop, "python-user-report-1"))
    with shop.state.read() as connection:
        assert user_reports.count_of_issue(connection, shop.issue().id) == 1


def test_a_later_report_replaces_the_one_before(shop):
    for comments in ("first", "second"):
        shop.write(item(shop, {"event_id": "a" * 32, "comments": comments}, "user_report"))
    assert said(shop, "a" * 32).comments == "second"


def test_half_an_hour_after_its_event_a_report_is_too_late(shop):
    shop.write(recorded(shop, "python-user-report-1"))
    shop.later(minutes=30)
    shop.write(recorded(shop, "python-user-report-2"))
    assert said(shop, "a9c1d5c4435d4278b0503a630d68a0ef").comments == "It broke"
    shop.now += timedelta(seconds=1)
    again = item(shop, {"event_id": "a9c1d5c4435d4278b0503a630d68a0ef", "comments": "late"}, "user_report")
    shop.write(again)
    assert said(shop, "a9c1d5c4435d4278b0503a630d68a0ef").comments == "It broke"
    assert outcomes(shop)["feedback", "invalid", "event_too_old"] == 1


def test_the_texts_of_a_report_are_cut(shop):
    sent = {"event_id": "a" * 32, "name": "n" * 200, "email": "e" * 200, "comments": "c" * 5000}
    shop.write(item(shop, sent, "user_report"))
    report = said(shop, "a" * 32)
    assert (len(report.name), len(report.email), len(report.comments)) == (128, 75, 4096)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ([], "invalid_user_report"),
        ({"event_id": "a" * 32}, "empty_user_report"),
        ({"comments": 5}, "empty_user_report"),
    ],
)
def test_a_report_that_says_nothing_is_invalid(shop, sent, reason):
    shop.write(item(shop, sent, "user_report"))
    assert outcomes(shop) == {("feedback", "invalid", reason): 1}
