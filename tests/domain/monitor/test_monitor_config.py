"""Configs of monitors as SDKs and the API send them, and when intervals are due."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tocsin.domain.errors import InvalidFields
from tocsin.domain.monitor.config import config_object, read_config, slug_of, stored_config
from tocsin.domain.monitor.schedule import Interval, Unit, next_due

HOURLY = Interval(1, Unit.HOUR)


@pytest.mark.parametrize(
    ("sent", "schedule"),
    [
        ({"schedule": {"type": "crontab", "value": "0 3 * * *"}}, "0 3 * * *"),
        ({"schedule": {"type": "interval", "value": 1, "unit": "hour"}}, HOURLY),
        ({"schedule_type": "crontab", "schedule": " 0  3 * * *"}, "0 3 * * *"),
        ({"schedule_type": "interval", "schedule": [1, "hour"]}, HOURLY),
        ({"schedule": "@daily"}, "@daily"),
        ({"schedule": ["1", "hour"]}, HOURLY),
    ],
)
def test_a_schedule_is_read_in_every_form_and_kept(sent: dict[str, Any], schedule: object) -> None:
    config = read_config(sent)
    assert config.schedule == schedule
    assert stored_config(config_object(config)) == config
    assert read_config(config_object(config)) == config


def test_what_is_not_sent_stays_as_it_was() -> None:
    before = read_config({"schedule": "@daily", "timezone": "Europe/Vienna", "max_runtime": 5})
    after = read_config({"checkin_margin": 0}, before)
    assert (after.schedule, after.timezone, after.max_runtime, after.margin_minutes) == (
        "@daily",
        "Europe/Vienna",
        5,
        0,
    )


def test_the_defaults_are_those_of_the_spec() -> None:
    config = read_config({"schedule": "@daily"})
    assert (config.margin_minutes, config.runtime_minutes, config.failures, config.recoveries) == (1, 30, 1, 1)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "schedule"),
        ([], "config"),
        ({"schedule": "0 0 L * *"}, "schedule"),
        ({"schedule": {"type": "hourly", "value": 1}}, "schedule"),
        ({"schedule": {"type": "crontab", "value": 5}}, "schedule"),
        ({"schedule": {"type": "interval", "value": 0, "unit": "hour"}}, "schedule"),
        ({"schedule": {"type": "interval", "value": 1, "unit": "fortnight"}}, "schedule"),
        ({"schedule": {"type": "interval", "value": 11, "unit": "year"}}, "schedule"),
        ({"schedule": {"type": "interval", "value": None, "unit": None}}, "schedule"),
        ({"schedule": "@daily", "timezone": "Mars/Olympus"}, "timezone"),
        ({"schedule": "@daily", "timezone": "../etc/passwd"}, "timezone"),
        ({"schedule": "@daily", "checkin_margin": -1}, "checkin_margin"),
        ({"schedule": "@daily", "max_runtime": 0}, "max_runtime"),
        ({"schedule": "@daily", "failure_issue_threshold": 721}, "failure_issue_threshold"),
    ],
)
def test_what_cannot_be_expected_is_refused_by_field(sent: Any, field: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        read_config(sent)
    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("nightly-export", "nightly-export"),
        ("Nightly Export!", "nightly-export"),
        ("Überweisung_1", "uberweisung_1"),
        ("-a--b-", "a-b"),
        ("日本", ""),
        ("x" * 49 + "-yz", "x" * 49),
    ],
)
def test_a_slug_is_made_of_any_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("interval", "after", "due"),
    [
        (Interval(90, Unit.MINUTE), "2026-03-29T00:30", "2026-03-29T02:00"),
        (Interval(1, Unit.DAY), "2026-03-28T02:00", "2026-03-29T01:00"),
        (Interval(1, Unit.WEEK), "2026-10-20T02:00", "2026-10-27T03:00"),
        (Interval(1, Unit.MONTH), "2026-01-31T12:00", "2026-02-28T12:00"),
        (Interval(13, Unit.MONTH), "2026-12-31T12:00", "2028-01-31T12:00"),
        (Interval(1, Unit.YEAR), "2028-02-29T12:00", "2029-02-28T12:00"),
    ],
)
def test_days_and_longer_keep_the_time_of_day_in_vienna(interval: Interval, after: str, due: str) -> None:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert next_due(interval, "Europe/Vienna", moment) == datetime.fromisoformat(due).replace(tzinfo=UTC)
