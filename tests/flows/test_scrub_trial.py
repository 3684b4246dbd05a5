"""Trying rules: the same result as in the digest, and no rule can hold up the server."""

from datetime import UTC, datetime

import pytest

from tocsin.domain.errors import Malformed
from tocsin.domain.privacy import Privacy
from tocsin.domain.privacy.trial import Trial
from tocsin.flows import scrub_trial
from tocsin.flows.scrub_trial import try_scrubbing

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def trial(event, **privacy):
    return Trial(event=event, privacy=Privacy(**privacy), received=NOON)


def test_an_event_is_shown_as_it_would_be_stored():
    rules = '{"applications": {"extra.zip": ["@anything:mask"]}}'
    tried = try_scrubbing(trial({"extra": {"password": "hunter2", "zip": "101"}, "_meta": {"x": 1}}, rules=(rules,)))
    assert tried.event["extra"] == {"password": "[Filtered]", "zip": "***"}
    assert [(change.path, change.rule, change.method, change.start, change.end) for change in tried.changes] == [
        ("extra.zip", "@anything:mask", "m", 0, 3),
        ("extra.password", "@password:filter", "s", 0, 10),
    ]
    assert tried.changes[1].original_length == 7
    assert tried.rules == ["[Mask] [Anything] from [extra.zip]"]


def test_a_rule_that_takes_too_long_is_named():
    rules = '{"rules": {"slow": {"type": "pattern", "pattern": "(a+)+$"}}, "applications": {"$string": ["slow"]}}'
    tried = try_scrubbing(trial({"extra": {"a": "a" * 50 + "b"}}, rules=(rules,)))
    assert tried.slow_rules == ["slow"]
    assert tried.event["extra"] == {"a": "[Filtered]"}


@pytest.mark.parametrize(
    ("event", "rules", "reason"),
    [
        ({"timestamp": -5}, (), "1970"),
        ({}, ("{broken",), "must be JSON"),
    ],
)
def test_what_cannot_be_tried_is_refused(event, rules, reason):
    with pytest.raises(Malformed, match=reason):
        try_scrubbing(trial(event, rules=rules))


def test_rules_that_take_too_long_altogether_are_refused(monkeypatch):
    monkeypatch.setattr(scrub_trial, "SECONDS_MAX", 0.001)
    with pytest.raises(Malformed, match="too long"):
        try_scrubbing(trial({}))
