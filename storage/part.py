"""What every part of a session has.

The statements are written out throughout, in the SQL that SQLite and PostgreSQL share, with a
question mark for each value: an engine gives the two functions that run them. (sqlite-utils' own
insert and upsert look a table up each time.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Run = Callable[..., Any]
"""Runs a statement with its values; returns a cursor."""
RunMany = Callable[[str, Iterable[Sequence[object]]], object]


AT_ONCE = 500
"""Values in one statement at most."""


class Part:
    """Some of a session's reads and writes on one connection; the caller holds the transaction."""

    def __init__(self, run: Run, many: RunMany) -> None:
        self._run = run
        self._many = many


def places(count: int) -> str:
    """Return that many question marks."""
    return ", ".join("?" * count)


def upsert(table: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """Return the statement that inserts a row, or replaces the one with its key."""
    rest = [column for column in columns if column not in key]
    news = ", ".join(f"{column} = excluded.{column}" for column in rest)
    return (
        f"insert into {table} ({', '.join(columns)}) values ({places(len(columns))})"
        f" on conflict ({', '.join(key)}) do update set {news}"
    )
