"""Read models beside those that a replay of the same log makes, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.projections.columns import placeholders

_PAGE = 1000

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table's columns, those of a key first, which tells its rows apart and sorts them."""

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]

    def key_of(self, row: Row) -> Row:
        """Return the key of a row."""
        return row[: len(self.key)]

    def named(self, row: Row) -> str:
        """Return what to call a row."""
        values = zip(self.key, row, strict=False)
        return f"{self.name} ({', '.join(f'{column} {value}' for column, value in values)})"


def shape_of(sqlite: Reader, table: str) -> TableShape:
    """Read a table's shape from an SQLite database, which tells it in SQL."""
    columns = [row[0] for row in sqlite.query("SELECT name FROM pragma_table_info(?)", (table,))]
    key = sqlite.query(
        "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)
    ) or sqlite.query(
        """
        SELECT c.name FROM pragma_index_info((
            SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0
            ORDER BY seq LIMIT 1
        )) AS c ORDER BY c.seqno
        """,
        (table,),
    )
    names = tuple(row[0] for row in key)
    return TableShape(table, names, tuple(name for name in columns if name not in names))


def differences(lived: Reader, anew: Reader, shape: TableShape) -> Iterator[str]:
    """Yield a sentence for each row that is not what the replay made. Memory stays flat."""
    mine, theirs = _rows(lived, shape), _rows(anew, shape)
    present, wanted = next(mine, None), next(theirs, None)
    while present is not None or wanted is not None:
        if wanted is None or (present is not None and shape.key_of(present) < shape.key_of(wanted)):
            assert present is not None
            yield f"{shape.named(present)} does not follow from the log."
            present = next(mine, None)
        elif present is None or shape.key_of(present) > shape.key_of(wanted):
            yield f"{shape.named(wanted)} is missing."
            wanted = next(theirs, None)
        else:
            if present != wanted:
                yield f"{shape.named(present)} is wrong in {_differing(shape, present, wanted)}."
            present, wanted = next(mine, None), next(theirs, None)


def _differing(shape: TableShape, present: Row, wanted: Row) -> str:
    columns = (*shape.key, *shape.others)
    pairs = zip(columns, present, wanted, strict=True)
    return ", ".join(column for column, found, right in pairs if found != right)


def _rows(reader: Reader, shape: TableShape) -> Iterator[Row]:
    key = ", ".join(shape.key)
    select = f"SELECT {', '.join((*shape.key, *shape.others))} FROM {shape.name} "
    order = f"ORDER BY {key} LIMIT {_PAGE}"
    page = reader.query(select + order)
    while page:
        yield from page
        after = f"WHERE ({key}) > ({placeholders(len(shape.key))}) "
        page = reader.query(select + after + order, shape.key_of(page[-1]))
