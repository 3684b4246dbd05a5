"""Every case of the tables that are built whole has a test that carries its id."""

import pytest
from tests.checks.cases import missing


@pytest.mark.parametrize("table", ["mutation", "search"])
def test_no_case_is_without_a_test(table):
    assert missing()[table] == []


def test_of_ingest_only_source_maps_are_without_tests():
    assert missing()["ingest"] == ["J02", "J03", "J05", "J06", "J08", "J09", "J11"]
