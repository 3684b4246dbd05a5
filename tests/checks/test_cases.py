"""Every case of the tables that are built whole has a test that carries its id."""

import pytest
from tests.checks.cases import missing


@pytest.mark.parametrize("table", ["mutation", "search"])
def test_no_case_is_without_a_test(table):
    assert missing()[table] == []
