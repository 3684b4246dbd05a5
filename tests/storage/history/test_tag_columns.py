import pytest

from tocsin.storage.history.filters import has_tag, is_like, tag
from tocsin.storage.history.insert import insert
from tocsin.storage.history.tag_columns import readable, with_columns


def asked(clause, *keys):
    """Return what the engine is asked, with the values in it."""
    sql = with_columns(clause.sql, clause.parameters, keys)
    for name, value in clause.parameters.items():
        sql = sql.replace(f"{{{name}:String}}", repr(value))
    return sql


@pytest.mark.parametrize(
    ("clause", "keys", "sql"),
    [
        (has_tag("os"), (), "(tags['os'] != '')"),
        (has_tag("os"), ("os",), "(`tag:os` != '')"),
        (has_tag("os.name"), ("os", "os.name"), "(`tag:os/name` != '')"),
        (has_tag("os"), ("os.name", "o"), "(tags['os'] != '')"),
        (has_tag("os") & has_tag("b:c"), ("b:c",), "((tags['os'] != '') AND (`tag:b:c` != ''))"),
        (is_like(tag("os"), "tag({x:String})"), ("os",), "(`tag:os` ILIKE 'tag({x:String})')"),
    ],
)
def test_a_tag_is_read_from_its_column_if_it_has_one(clause, keys, sql):
    assert asked(clause, *keys) == sql


def test_what_only_sounds_like_a_tag_is_left_alone():
    sql = "SELECT hashtag({v:String}), tag({n:UInt8}), tags[{v:String}]"
    assert with_columns(sql, {"v": "os", "n": 1}, ("os",)) == sql


def test_a_column_is_read_once_nearly_all_rows_have_it():
    written = [("event_id", 10_000), ("tag:os", 10_000), ("tag:a:b", 9_900), ("tag:new", 9_899)]
    assert readable(written) == {"os", "a:b"}
    assert readable([]) == frozenset()


def test_of_all_tags_only_the_column_is_looked_into(history, make_event, noon, project_id):
    insert(history, f"columns-{project_id}", [make_event(tags={"browser": "Firefox"})], noon)
    clause = has_tag("browser")
    explained = history.rows(f"EXPLAIN actions = 1 SELECT count() FROM event WHERE {clause.sql}", clause.parameters)
    [read] = [line.split("Output: ")[1] for (line,) in explained if "Output: tag" in line]
    assert read.split(".")[0] == ("tag:browser" if "browser" in history.tag_columns else "tags")
