"""Which columns a table can have, and what it can be sorted by."""

import pytest

from tocsin.domain.errors import InvalidQuery
from tocsin.domain.query.keys import KEYS, tag_key
from tocsin.domain.query.table import (
    FIELDS_MAX,
    Figure,
    Function,
    Place,
    Sorting,
    Value,
    read_field,
    read_figure,
    read_table,
)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("title", Value(name="title", key=KEYS["title"])),
        ("browser", Value(name="browser", key=tag_key("browser"))),
        ("tags[level]", Value(name="tags[level]", key=tag_key("level"))),
        ("timestamp", Value(name="timestamp", key=KEYS["timestamp"])),
        ("project.name", Value(name="project.name", place=Place.PROJECT)),
        ("issue", Value(name="issue", place=Place.ISSUE)),
        ("count()", Figure(name="count()", function=Function.COUNT)),
        ("count_unique( user )", Figure(name="count_unique( user )", function=Function.COUNT_UNIQUE, key=KEYS["user"])),
    ],
)
def test_a_name_spells_a_column(name, field):
    assert read_field(name) == field


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("title", "string"),
        ("timestamp", "date"),
        ("stack.lineno", "number"),
        ("error.handled", "boolean"),
        ("project.id", "integer"),
        ("project", "string"),
        ("count()", "integer"),
        ("last_seen()", "date"),
        ("max(timestamp)", "date"),
        ("any(title)", "string"),
        ("epm()", "number"),
        ("latest_event()", "string"),
    ],
)
def test_a_column_has_a_type(name, kind):
    assert read_field(name).type == kind


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["a b"],
        ["count(title)"],
        ["count_unique()"],
        ["p95(duration)"],
        ["count_unique(count())"],
        ["release.version"],
        ["release.stage"],
        ["has"],
        ["issue", "count_unique(user)"],
        [f"f{number}" for number in range(FIELDS_MAX + 1)],
    ],
)
def test_what_is_no_table_is_refused(names):
    with pytest.raises(InvalidQuery):
        read_table(names, None)


@pytest.mark.parametrize(
    ("sort", "sorting"),
    [
        (None, None),
        ("title", Sorting(0, descending=False)),
        ("-count()", Sorting(1, descending=True)),
        ("-count", Sorting(1, descending=True)),
        ("count_unique_user", Sorting(2, descending=False)),
    ],
)
def test_a_table_is_sorted_by_one_of_its_columns(sort, sorting):
    assert read_table(["title", "count()", "count_unique(user)"], sort).sorting == sorting


def test_events_may_be_sorted_by_time_without_showing_it():
    assert read_table(["title"], "-timestamp").sorting is None
    for names, sort in ((["title", "count()"], "-timestamp"), (["title"], "level")):
        with pytest.raises(InvalidQuery, match="not shown"):
            read_table(names, sort)


def test_only_a_figure_can_be_told_over_time():
    assert read_figure("count()").function is Function.COUNT
    with pytest.raises(InvalidQuery, match="no figure"):
        read_figure("title")
