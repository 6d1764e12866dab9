"""Whether rows can be read back: a value that no version of ours writes is damage that the
engine's own check, which knows pages and indexes, doesn't see."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from enum import StrEnum

from bot.models import Happened, Level, Reason, RoleKind, State, Urgency
from storage.rows import TICKET_TIMES


def _is_none_of(column: str, kind: type[StrEnum]) -> str:
    return f"{column} not in ({', '.join(repr(one.value) for one in kind)})"


def _is_no_moment(column: str) -> str:
    return f"({column} <> '' and strftime('%s', {column}) is null)"


def _is_no_json(column: str) -> str:
    return f"not json_valid({column})"


_LIVE = "+ended_at is null"  # the sign keeps the index out: one way through the table is quicker
_OF_LIVE = f"ticket in (select number from tickets where {_LIVE})"
_WRONG: Sequence[tuple[str, str, str, Sequence[str]]] = (
    ("tickets", "number", _LIVE, (
        _is_none_of("state", State), _is_none_of("level", Level), _is_none_of("urgency", Urgency),
        _is_no_json("place"), *map(_is_no_moment, TICKET_TIMES),
    )),
    ("deadlines", "ticket", "true", (_is_no_moment("due"),)),
    ("events", "ticket", _OF_LIVE, (
        _is_none_of("event", Happened), _is_none_of("state", State), _is_none_of("level", Level),
        _is_none_of("urgency", Urgency), _is_no_moment("at"),
    )),
    ("outbox", "id", "state = 'waiting'", (
        _is_none_of("reason", Reason), _is_no_json("mentions"), _is_no_json("tickets"),
        _is_no_json("files"), _is_no_moment("at"),
    )),
    ("grids", "code", "true", (_is_none_of("level", Level),)),
    ("roles", "id", "true", (_is_none_of("kind", RoleKind),)),
)  # fmt: skip
"""Tables, the column that names a row, which rows are at work, and what their values never are.
What has ended is many times as much, and a start must not wait for it: nothing acts on it."""


def unreadable(run: Callable[[str], sqlite3.Cursor]) -> str:
    """Return which row at work can't be read back, as table and number; empty if all can."""
    for table, key, live, wrong in _WRONG:
        sql = f"select {key} from {table} where {live} and ({' or '.join(wrong)}) limit 1"
        row = run(sql).fetchone()
        if row:
            return f"{table} {row[0]}"
    return ""
