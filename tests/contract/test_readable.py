"""A value that nobody wrote is damage: the file is refused, in one line, before it is served."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.app import build, get_ready, open_store, save_roster
from bot.clock import SetClock
from bot.config import Config
from bot.models import Message
from handlers.roster import Roster
from storage.base import StorageError
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network


async def a_city(path: Path) -> None:
    """Make a database with a ticket that went some of its way, and answers that wait."""
    store = open_store(f"sqlite:///{path}")
    roster = Roster(GRIDS, ROLES)
    await store.transact(lambda s: save_roster(s, roster, "test"))
    app = build(Config(), store, roster, Network(), SetClock(moment("09:00")))
    for n, (who, text) in enumerate((("r1", "3栋的路灯坏了"), ("u-1", "接单"), ("r1", "谢谢"))):
        await app.pipeline.receive(Message(f"m{n}", app.clock(), "R-1", who, "居民", text=text))
    await store.close()


async def opened(path: Path) -> None:
    """Open it as the program does when it starts."""
    store = open_store(f"sqlite:///{path}")
    try:
        await get_ready(store, Config())
    finally:
        await store.close()


async def test_what_was_written_can_be_read(tmp_path: Path) -> None:
    await a_city(tmp_path / "x.db")
    await opened(tmp_path / "x.db")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("tickets", "level", "micsogrid"),
        ("tickets", "state", "clained"),
        ("tickets", "urgency", ""),
        ("tickets", "place", '["'),
        ("tickets", "created_at", "2026-11-24T01:00:0\u00b0.000000+00:00"),
        ("deadlines", "due", "soon"),
        ("events", "event", "creaded"),
        ("outbox", "reason", "abk"),
        ("outbox", "tickets", "[1001"),
        ("outbox", "at", "yesterday"),
        ("grids", "level", "micsogrid"),
        ("roles", "kind", "leaddr"),
    ],
)
async def test_a_value_that_nobody_wrote_is_refused(
    tmp_path: Path, table: str, column: str, value: str
) -> None:
    path = tmp_path / "x.db"
    await a_city(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute(f"update {table} set {column} = ?", [value]).rowcount  # noqa: S608
        db.commit()
    with pytest.raises(StorageError, match=f"自检不通过（{table} [A-Z]?[0-9]*）") as refused:
        await opened(path)
    assert "\n" not in str(refused.value)


async def test_a_file_whose_own_words_are_broken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    await a_city(path)
    data = path.read_bytes()
    broken = data.replace(b"CREATE TABLE attachments", b"CREATE TABLX attachments")
    broken = broken.replace(b"tableattachments", b"table\xf6ttachments")
    assert broken != data
    path.write_bytes(broken)
    with pytest.raises(StorageError, match="已损坏") as refused:
        await opened(path)
    assert isinstance(refused.value.__cause__, UnicodeDecodeError)
