"""From session items to what is kept of them (spec/ingest.md 8.1)."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.event.arrival import Arrival
from tocsin.domain.session.read import (
    AGE_MAX,
    BUCKETS_MAX,
    Attributes,
    InvalidSession,
    read_attributes,
    read_buckets,
    read_session,
    read_told,
)
from tocsin.domain.session.session import SessionBucket, SessionUpdate, Severity, pseudonym

NOON = datetime(2026, 11, 18, 12, 34, 56, tzinfo=UTC)
SID = "b8e73c49-9362-42f0-8c47-afec89817201"
WEB = Attributes(release="web@1.0", environment="production", ip_address="", user_agent="")


def arrival(**fields: object) -> Arrival:
    return Arrival(**({"project_id": 1, "event_id": "", "received": NOON, "client_ip": "1.2.3.4"} | fields))


def read(**sent: object) -> SessionUpdate:
    return read_session({"sid": SID, "started": NOON.isoformat()} | sent, WEB, arrival())


def reason(**sent: object) -> str:
    with pytest.raises(InvalidSession) as invalid:
        read(**sent)
    return invalid.value.reason


@pytest.mark.parametrize(
    ("sent", "severity"),
    [
        ({}, Severity.HEALTHY),
        ({"status": None}, Severity.HEALTHY),
        ({"status": "ok"}, Severity.HEALTHY),
        ({"status": "exited"}, Severity.HEALTHY),
        pytest.param({"status": "exited", "errors": 1}, Severity.ERRORED, id="ingest-I01"),
        ({"status": "ok", "errors": 3}, Severity.ERRORED),
        ({"status": "ok", "errors": -1}, Severity.HEALTHY),
        ({"status": "ok", "errors": True}, Severity.HEALTHY),
        ({"status": "crashed"}, Severity.CRASHED),
        ({"status": "crashed", "errors": 0}, Severity.CRASHED),
        ({"status": "abnormal"}, Severity.ABNORMAL),
        pytest.param({"status": "unhandled", "errors": 1}, Severity.UNHANDLED, id="ingest-I05"),
        ({"status": "on fire"}, Severity.ERRORED),
        ({"status": 7}, Severity.ERRORED),
    ],
)
def test_a_status_and_its_errors_say_how_bad_a_session_is(sent, severity):
    assert read(**sent).severity is severity


def test_who_and_which_session_are_told_apart_by_pseudonyms_alone():
    told = read(did="jane@acme.io", init=True, duration=1.5)
    assert told == SessionUpdate(
        project_id=1,
        release="web@1.0",
        environment="production",
        started=NOON,
        session=pseudonym(1, SID.replace("-", "")),
        user=pseudonym(1, "jane@acme.io"),
        is_first=True,
        seconds=1.5,
    )
    assert b"jane" not in msgspec.msgpack.encode(told)


def test_a_name_means_somebody_else_in_another_project():
    assert pseudonym(1, "7") != pseudonym(2, "7")
    assert pseudonym(1, "7") == pseudonym(1, "7")


def test_a_session_is_the_same_however_its_id_is_spelt():
    assert read(sid=SID.upper()).session == read(sid=SID.replace("-", "")).session == read().session


def test_a_number_names_a_user_as_its_text_does():
    assert read(did=7).user == read(did=" 7 ").user
    assert read(did="").user == read(did=None).user == read().user == 0


def test_a_session_without_an_id_is_another_each_time():
    first, second = (read(sid=None, duration=seconds).session for seconds in (1, 2))
    assert first != second


@pytest.mark.parametrize("sid", ["", "x", 7, {}])
def test_an_id_that_is_none_makes_no_session(sid):
    assert reason(sid=sid) == "invalid_sid"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"started": None}, "no_start"),
        ({"started": "yesterday"}, "no_start"),
        ({"started": (NOON - AGE_MAX - timedelta(seconds=1)).isoformat()}, "too_old"),
        ({"started": (NOON + timedelta(seconds=61)).isoformat()}, "in_future"),
        ({"timestamp": (NOON + timedelta(seconds=61)).isoformat()}, "in_future"),
    ],
)
def test_a_session_must_have_begun_within_the_last_days(sent, told):
    assert reason(**sent) == told


def test_five_days_and_a_minute_ahead_are_still_taken():
    assert read(started=(NOON - AGE_MAX).isoformat()).started == NOON - AGE_MAX
    assert read(started=(NOON + timedelta(seconds=60)).isoformat()).started == NOON + timedelta(seconds=60)


def test_a_clock_that_is_wrong_is_put_right():
    hours = timedelta(hours=30 * 24)
    sent = {"sid": SID, "started": (NOON - hours).isoformat(), "timestamp": (NOON - hours).isoformat()}
    assert read_session(sent, WEB, arrival(sent_at=NOON - hours)).started == NOON


def test_a_clock_that_is_a_little_wrong_is_let_be():
    sent = {"sid": SID, "started": (NOON - timedelta(minutes=30)).isoformat()}
    told = read_session(sent, WEB, arrival(sent_at=NOON - timedelta(minutes=10)))
    assert told.started == NOON - timedelta(minutes=30)


@pytest.mark.parametrize("value", [-1, "3", True, float("inf"), 10**400, None])
def test_a_duration_that_is_none_is_not_told(value):
    assert read(duration=value).seconds is None


@pytest.mark.parametrize("attributes", [None, [], {}, {"release": ""}, {"release": "a/b"}, {"release": {}}])
def test_without_a_release_there_is_no_session(attributes):
    """ingest-I08"""
    with pytest.raises(InvalidSession, match="no_release"):
        read_attributes({"attrs": attributes}, arrival())


@pytest.mark.parametrize(
    ("attributes", "address", "browser"),
    [
        ({"ip_address": "{{auto}}"}, "1.2.3.4", "curl"),
        ({"ip_address": "9.9.9.9", "user_agent": "Mozilla"}, "9.9.9.9", "Mozilla"),
        ({"ip_address": 7, "user_agent": {}}, "1.2.3.4", "curl"),
    ],
)
def test_address_and_browser_are_those_of_the_session_or_else_of_its_request(attributes, address, browser):
    sent = {"attrs": {"release": "web@1.0", "environment": "none"} | attributes}
    read_ = read_attributes(sent, arrival(user_agent="curl"))
    assert read_ == Attributes(release="web@1.0", environment="", ip_address=address, user_agent=browser)


def test_buckets_count_sessions_by_how_they_ended():
    sent = {"aggregates": [{"started": NOON.isoformat(), "exited": 3, "errored": 1, "crashed": 2, "did": "jane"}]}
    (bucket,) = read_buckets(sent, WEB, arrival())
    assert bucket.counts == (3, 1, 0, 0, 2)
    assert (bucket.severity, bucket.user) == (Severity.CRASHED, pseudonym(1, "jane"))


def test_buckets_that_say_nothing_are_left_out():
    now = NOON.isoformat()
    buckets = [7, {}, {"started": now}, {"started": now, "exited": -1}, {"started": 0, "exited": 1}]
    sent = {"aggregates": [*buckets, {"started": now, "exited": 1}]}
    assert [bucket.healthy for bucket in read_buckets(sent, WEB, arrival())] == [1]
    for useless in (buckets, [], {}, None):
        with pytest.raises(InvalidSession):
            read_buckets({"aggregates": useless}, WEB, arrival())


def test_no_more_than_a_hundred_buckets_are_looked_at():
    sent = {"aggregates": [{"started": NOON.isoformat(), "exited": 1}] * (BUCKETS_MAX + 1)}
    assert len(read_buckets(sent, WEB, arrival())) == BUCKETS_MAX


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
times = json_values | st.floats(-1e7, 1e7).map(lambda shift: NOON.timestamp() + shift)
names = ("sid", "did", "init", "status", "errors", "duration", "exited", "errored", "crashed")
sent_values = st.fixed_dictionaries(
    {},
    optional={
        "started": times,
        "timestamp": times,
        "attrs": json_values | st.fixed_dictionaries({"release": json_values | st.just("web@1.0")}),
        "aggregates": json_values | st.lists(st.fixed_dictionaries({"started": times, "exited": json_values})),
        **dict.fromkeys(names, json_values),
    },
)


@given(
    item_type=st.sampled_from(["session", "sessions"]),
    sent=sent_values,
    sent_at=st.none() | st.integers(0, 2**33).map(lambda at: datetime.fromtimestamp(at, UTC)),
)
def test_whatever_is_sent_is_read_within_limits_or_invalid(item_type, sent, sent_at):
    where = arrival(sent_at=sent_at)
    try:
        told = read_told(item_type, sent, read_attributes(sent, where), where)
    except InvalidSession:
        return
    assert 1 <= len(told) <= BUCKETS_MAX
    for one in told:
        assert NOON - AGE_MAX <= one.started <= NOON + timedelta(seconds=60)
        assert one.release
        assert 0 <= one.user < 2**64
        assert isinstance(one, SessionBucket) or 0 < one.session < 2**64
