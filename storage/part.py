"""What every part of a session has. The hot statements are written out throughout: sqlite-utils'
own insert and upsert look a table up each time."""

from __future__ import annotations

from sqlite_utils import Database


class Part:
    """Some of a session's reads and writes on one connection; the caller holds the transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._run = db.conn.execute


def places(count: int) -> str:
    """Return that many question marks."""
    return ", ".join("?" * count)
