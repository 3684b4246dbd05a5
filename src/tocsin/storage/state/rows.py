"""Between rows and values: the few moves that every noun makes."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Result,
    Select,
    Table,
    TableValuedAlias,
    column,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from tocsin.domain.errors import Conflict
from tocsin.storage.state.engine import is_sqlite

T = TypeVar("T")

_PORTION_MAX = 1000
"""Values in one IN list: far below what either engine takes, large enough to make round trips rare."""


def columns_for(kind: type[msgspec.Struct], table: Table) -> list[Column[Any]]:
    """Return the columns that make up a value of *kind*: fields and columns have the same names."""
    return [table.c[name] for name in kind.__struct_fields__]


def select_as(kind: type[msgspec.Struct], table: Table) -> Select[*tuple[Any, ...]]:
    """Return the query for all rows of *table*, with the columns of *kind*."""
    return select(*columns_for(kind, table))


def locked(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return *query* locking the rows it finds against other writers, though not against rows that refer to them."""
    return query.with_for_update(key_share=True)


def all_as(kind: type[T], result: Result[*tuple[Any, ...]]) -> list[T]:
    """Return every row as a value of *kind*."""
    return [kind(**row) for row in result.mappings()]


def one_as(kind: type[T], result: Result[*tuple[Any, ...]]) -> T | None:
    """Return the only row as a value of *kind*, or None when there is none."""
    row = result.mappings().one_or_none()
    return None if row is None else kind(**row)


def portions(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield *items* without repetition, in ascending order, in portions that fit one statement.

    The order is what keeps two transactions that lock or insert the same rows from waiting for each other.
    """
    distinct: set[Any] = set(items)
    ordered: list[T] = sorted(distinct)
    for start in range(0, len(ordered), _PORTION_MAX):
        yield ordered[start : start + _PORTION_MAX]


def id_rows(connection: Connection, ids: Collection[int]) -> TableValuedAlias:
    """Return *ids* as rows of one column, ``value``: one bound value, however many there are."""
    if is_sqlite(connection):
        return func.json_each(msgspec.json.encode(list(ids)).decode()).table_valued(column("value", BigInteger))
    array: postgresql.ARRAY[int] = postgresql.ARRAY(BigInteger)
    return func.unnest(literal(list(ids), array)).table_valued(column("value", BigInteger)).render_derived()


def one_of(connection: Connection, checked: ColumnElement[Any], ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that *checked* is one of *ids*, without a limit to their number."""
    return checked.in_(select(id_rows(connection, ids).c.value))


def among(columns: Sequence[Column[Any]], values: Collection[Any]) -> ColumnElement[bool]:
    """Return the condition that *columns*, taken together, are one of *values*."""
    return columns[0].in_(values) if len(columns) == 1 else tuple_(*columns).in_(values)


def insert_into(connection: Connection, table: Table) -> postgresql.Insert:
    """Return an insert that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``.

    Both dialects spell the two methods alike but share no type; the one named stands for either.
    """
    if is_sqlite(connection):
        return cast("postgresql.Insert", sqlite.insert(table))
    return postgresql.insert(table)


def insert_missing(connection: Connection, table: Table, rows: Collection[dict[str, Any]]) -> None:
    """Insert *rows*, in the order given, leaving those alone whose key is taken; waits for others inserting them."""
    if rows:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), list(rows))


@contextmanager
def refusing_duplicates(connection: Connection, detail: str) -> Iterator[None]:
    """Turn a taken name into Conflict(*detail*), with the rest of the transaction intact."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError:
        raise Conflict(detail) from None
