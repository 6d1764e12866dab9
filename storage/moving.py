"""Whole tables, read and written as they are; promises in storage.base.Session."""

from __future__ import annotations

from collections.abc import Sequence

from storage.part import Part, places

TABLES = {
    "grids": "(select place from grids_now n where n.code = grids.code)", "roles": "id",
    "inbox": "seq", "tickets": "number", "watchers": "ticket, person", "deadlines": "ticket",
    "events": "seq", "outbox": "id", "questions": "room, person", "jobs": "name",
    "settings": "key", "attachments": "message", "codes": "digest", "bound_rooms": "grid",
    "bound_people": "grid, name, was", "erasures": "id",
}  # fmt: skip
"""Each table with the order in which its rows are read; `leases` are of programs that run."""
_OURS = frozenset({("grids", "place")})
"""Columns that an engine has for itself: SQLite's rowid, of which PostgreSQL has none."""


class MovingPart(Part):
    """What moves a city from one database to another."""

    def dump(self, table: str, start: int, count: int) -> list[tuple[object, ...]]:
        """See storage.base."""
        sql = f"select {', '.join(self.columns(table))} from {table} order by {TABLES[table]}"
        rows = self._run(f"{sql} limit ? offset ?", [count, start])
        return [tuple(row) for row in rows]

    def fill(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """See storage.base."""
        columns = self.columns(table)
        self._many(
            f"insert into {table} ({', '.join(columns)}) values ({places(len(columns))})", rows
        )
        self._renumber(table)

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns, the same on each engine."""
        cursor = self._run(f"select * from {table} limit 0")
        names = [column[0] for column in cursor.description]
        return [name for name in names if (table, name) not in _OURS]

    def _renumber(self, table: str) -> None:
        """Let the engine number on from the highest row."""
