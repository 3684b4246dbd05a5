"""What SDKs say they did not send (spec/ingest.md 6.9)."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.client_report import QUANTITY_MAX, read_client_report
from tocsin.domain.event.accepted import BodyForm
from tocsin.domain.event.envelope import open_body
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.outcome import Category, Outcome, Verdict

CORPUS = Path(__file__).parents[1] / "corpus"


def discarded(category, reason, quantity, verdict=Verdict.CLIENT_DISCARD):
    return Outcome(category=category, verdict=verdict, reason=reason, quantity=quantity)


def report_in(name):
    """Return the first client report of a recorded envelope."""
    sent = dict(msgspec.json.decode((CORPUS / f"{name}.json").read_bytes())["headers"])
    body = (CORPUS / f"{name}.envelope").read_bytes()
    envelope = open_body(body, BodyForm.ENVELOPE, sent.get("Content-Encoding", ""), IntakeLimits())
    return read_client_report(bytes(next(item.payload for item in envelope.items if item.type == "client_report")))


def test_the_events_that_a_limited_client_let_go_of():
    """ingest-H11"""
    assert discarded(Category.ERROR, "ratelimit_backoff", 1) in report_in("python-rate-limited-2")


@pytest.mark.parametrize(
    ("report", "outcomes"),
    [
        pytest.param(
            {"discarded_events": [{"reason": "the_dog_ate_it", "category": "error", "quantity": 3}]},
            [discarded(Category.ERROR, "the_dog_ate_it", 3)],
            id="ingest-H10",
        ),
        (
            {
                "timestamp": 1,
                "rate_limited_events": [{"reason": "key_quota", "category": "transaction", "quantity": 2}],
                "filtered_events": [{"reason": "x", "category": "error", "quantity": 1}],
                "filtered_sampling_events": [{"reason": "sampled:1", "category": "span", "quantity": 5}],
            },
            [
                discarded(Category.TRANSACTION, "key_quota", 2, Verdict.RATE_LIMITED),
                discarded(Category.ERROR, "x", 1, Verdict.FILTERED),
                discarded(Category.SPAN, "sampled:1", 5, Verdict.FILTERED),
            ],
        ),
        (
            {"discarded_events": [{"reason": None, "category": "brand_new", "quantity": 10**30}]},
            [discarded(Category.INTERNAL, "", QUANTITY_MAX)],
        ),
        ({"discarded_events": [{"reason": "a", "category": "error", "quantity": q} for q in (0, -1, "2", True)]}, []),
        ({"discarded_events": "no"}, []),
        ({}, []),
    ],
)
def test_a_report_is_counted_as_far_as_it_makes_sense(report, outcomes):
    assert read_client_report(msgspec.json.encode(report)) == outcomes


@given(st.binary(max_size=200))
def test_a_report_that_makes_no_sense_is_invalid(payload):
    for outcome in read_client_report(payload):
        assert outcome.verdict is Verdict.INVALID
