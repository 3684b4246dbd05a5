import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.domain.issue.short_id import ShortId, encode, parse


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        pytest.param(1, "1", id="ingest-G01"),
        (10, "A"),
        pytest.param(18, "J", id="ingest-G02"),
        (32, "10"),
        (1000000, "YGJ0"),
    ],
)
def test_numbers_are_written_in_base_32(number, digits):
    assert encode("shop", number) == f"SHOP-{digits}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("shop-o", ShortId("shop", 0), id="ingest-G04-o"),
        pytest.param("SHOP-l", ShortId("shop", 1), id="ingest-G04-l"),
        pytest.param("p-1", ShortId("p", 1), id="mutation-A05"),
        ("PUMP-STATION-1A", ShortId("pump-station", 42)),
        ("issue:PUMP-STATION-1A", ShortId("pump-station", 42)),
        ("pump_station 1a", ShortId("pump_station", 42)),
        ("pump-station_1a", ShortId("pump-station", 42)),
        ("  shop-001 ", ShortId("shop", 1)),
        ("shop-7ZZZZZZZZZZZZ", ShortId("shop", 2**63 - 1)),
    ],
)
def test_short_ids_are_read_in_every_spelling(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "-1",
        "shop-",
        "shop-U",
        "shop-1.5",
        "shöp-1",
        "shop-8000000000000",
        "shop-ZZZZZZZZZZZZZZ",
        "s" * 300 + "-1",
    ],
)
def test_what_cannot_be_a_short_id_is_none(text):
    assert parse(text) is None


@given(slug=st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,40}[a-z0-9_])?", fullmatch=True), number=st.integers(0, 2**63 - 1))
def test_every_short_id_survives_a_round_trip(slug, number):
    assert parse(str(ShortId(slug, number))) == ShortId(slug, number)


@given(st.text(max_size=250))
def test_reading_any_text_never_fails(text):
    parse(text)
