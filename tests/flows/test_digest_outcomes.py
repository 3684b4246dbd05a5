"""Every item that was sent is counted as what became of it, once."""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select
from tests.flows.conftest import Shop

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.outcome_reasons import OTHER, REASONS_MAX
from tocsin.domain.pipeline import digest
from tocsin.domain.project_rules import project_rules
from tocsin.flows.retain import OUTCOME_AGE_MAX, Retain
from tocsin.storage.state import issue_hashes, tombstones
from tocsin.storage.state.tables import outcome
from tocsin.storage.state.tombstones import Tombstone


def counts(shop: Shop) -> Counter[tuple[str, str, str]]:
    with shop.state.read() as connection:
        rows = connection.execute(select(outcome)).mappings().all()
    assert all(row["hour"] == shop.now.replace(minute=0, second=0, microsecond=0) for row in rows)
    assert all((row["project_id"], row["public_key"]) == (shop.project.id, "k") for row in rows)
    return Counter({(row["category"], row["verdict"], row["reason"]): row["quantity"] for row in rows})


def with_items(accepted: Accepted, **items: bytes) -> Accepted:
    body = accepted.body
    for item_type, payload in items.items():
        body += msgspec.json.encode({"type": item_type, "length": len(payload)}) + b"\n" + payload + b"\n"
    return msgspec.structs.replace(accepted, body=body)


def test_events_and_their_files_are_counted_when_they_are_stored(shop):
    shop.write(with_items(shop.accepted(), attachment=b"12345"), shop.accepted(exception=None, message="hello"))
    assert counts(shop) == {
        ("error", "accepted", ""): 1,
        ("default", "accepted", ""): 1,
        ("attachment", "accepted", ""): 5,
        ("attachment_item", "accepted", ""): 1,
    }


def test_a_batch_done_again_counts_once(shop):
    accepted = shop.accepted()
    for _ in range(2):
        shop.write(accepted, batch="ab" * 16)
    assert counts(shop) == {("error", "accepted", ""): 1}


def test_an_event_sent_again_is_a_duplicate_in_the_same_batch_and_in_another(shop):
    accepted = shop.accepted()
    shop.write(accepted, accepted)
    shop.write(accepted)
    assert counts(shop) == {("error", "accepted", ""): 1, ("error", "invalid", "duplicate"): 2}


def test_items_that_nobody_keeps_are_counted_as_not_stored(shop):
    shop.write(with_items(shop.accepted(), transaction=b"{}", log=b"{}", never_heard_of=b""))
    assert counts(shop) == {
        ("error", "accepted", ""): 1,
        ("transaction", "filtered", "not-stored"): 1,
        ("log_item", "filtered", "not-stored"): 1,
        ("internal", "filtered", "not-stored"): 1,
    }


def test_a_second_event_and_one_that_is_no_json_are_invalid(shop):
    broken = msgspec.structs.replace(shop.accepted(), body=b'{}\n{"type":"event"}\n{oops\n')
    shop.write(with_items(shop.accepted(), event=b"{}"), broken)
    found = counts(shop)
    assert found.pop(("error", "invalid", "second_event")) == found.pop(("error", "accepted", "")) == 1
    ((category, verdict, reason),) = found
    assert (category, verdict) == ("error", "invalid")
    assert reason


def test_an_event_of_a_discarded_issue_is_filtered_and_its_file_with_it(shop):
    """ingest-G22"""
    shop.send()
    (issue,) = shop.issues()
    with shop.state.write() as connection:
        (one,) = issue_hashes.of_issues(connection, [issue.id])
        grave = Tombstone(
            project_id=issue.project_id,
            previous_issue_id=issue.id,
            level=issue.level,
            type=issue.type,
            title=issue.title,
            culprit="",
            message="",
            metadata={},
            actor_id=None,
            created_at=shop.now,
        )
        (tombstone_id,) = tombstones.create(connection, [grave])
        issue_hashes.bury(connection, {(one.project_id, one.hash): tombstone_id}, shop.now)
    shop.write(with_items(shop.accepted(), attachment=b"12345"))
    assert shop.stored_events() == 1
    assert counts(shop) == {
        ("error", "accepted", ""): 1,
        ("error", "filtered", "discarded-hash"): 1,
        ("attachment", "filtered", "discarded-hash"): 5,
        ("attachment_item", "filtered", "discarded-hash"): 1,
    }


def test_what_a_filter_turns_away_takes_its_files_along_and_holds_for_the_next_event(shop):
    accepted = shop.accepted(release="1.4")
    (digested,) = shop.digested(accepted)
    rules = project_rules({}, {"filters:releases": ["1.*"]})
    filtered = digest(with_items(shop.accepted(release="1.4"), attachment=b"12345"), IntakeLimits(), rules)
    shop.writer.write("ab" * 16, [digested, filtered])
    assert counts(shop) == {
        ("error", "accepted", ""): 1,
        ("error", "filtered", "release-version"): 1,
        ("attachment", "filtered", "release-version"): 5,
        ("attachment_item", "filtered", "release-version"): 1,
    }


def test_client_reports_are_counted_with_what_arrived(shop):
    report = b'{"discarded_events":[{"reason":"sample_rate","category":"error","quantity":9}]}'
    shop.write(with_items(shop.accepted(), client_report=report))
    assert counts(shop) == {("error", "accepted", ""): 1, ("error", "client_discard", "sample_rate"): 9}


def test_a_client_that_makes_up_reasons_does_not_fill_the_table(shop):
    def report(start):
        entries = [{"reason": f"r{n}", "category": "error", "quantity": 1} for n in range(start, start + 60)]
        return msgspec.json.encode({"discarded_events": entries})

    shop.write(with_items(shop.accepted(), client_report=report(0)))
    shop.write(with_items(shop.accepted(), client_report=report(60)))
    shop.write(with_items(shop.accepted(), client_report=report(0)))
    found = {reason: count for (_, verdict, reason), count in counts(shop).items() if verdict == "client_discard"}
    assert len(found) == REASONS_MAX + 1
    assert (found["r0"], found[OTHER], sum(found.values())) == (2, 20, 180)


def test_counts_are_forgotten_after_ninety_days(shop):
    shop.send()
    retain = Retain(shop.state, shop.history, duplicate_window_hours=1, retention_days=90)
    retain.run(shop.now + OUTCOME_AGE_MAX)
    assert counts(shop)
    retain.run(shop.now + OUTCOME_AGE_MAX + timedelta(hours=1))
    assert not counts(shop)


@pytest.mark.parametrize("batches", [1, 5])
def test_counts_of_an_hour_add_up(shop, batches):
    for _ in range(batches):
        shop.write(shop.accepted(), shop.accepted())
    assert counts(shop) == {("error", "accepted", ""): 2 * batches}
