"""`jiedan copy`: there and back, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import only_one, open_store
from bot.moving import copy
from storage.base import StorageError
from storage.moving import TABLES
from tests.conftest import Town
from tests.postgres import fresh_database

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


async def lived(town: Town, url: str) -> None:
    """A day of a town, kept in a database."""
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "r2", "我家也是")
    town.say("09:02", "R-1", "r1", "", kind="image")
    town.say("09:05", "R-1", "u-1", "接单")
    town.say("09:30", "R-2", "r3", "5栋下水道堵了，污水漫出来了")
    await town.play(until="18:30", url=url)


async def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    store = open_store(url)
    found = {table: await store.read(lambda s, t=table: s.dump(t, 0, 10_000)) for table in TABLES}  # type: ignore[misc]
    await store.close()
    return found


async def test_there_and_back_is_the_same(town: Town, tmp_path: Path) -> None:
    first, middle, last = (
        f"sqlite:///{tmp_path / 'a.db'}",
        fresh_database(),
        f"sqlite:///{tmp_path / 'b.db'}",
    )
    await lived(town, first)
    assert await copy(first, middle) == 0
    assert await copy(middle, last) == 0
    before = await rows(first)
    assert before == await rows(last) == await rows(middle)
    assert len(before["events"]) > 5
    assert before["attachments"]
    one, other = open_store(first), open_store(middle)
    assert await one.read(lambda s: list(s.all_tickets())) == await other.read(
        lambda s: list(s.all_tickets())
    )
    await one.close()
    await other.close()


async def test_the_copy_goes_on_numbering(town: Town, tmp_path: Path) -> None:
    first, second = f"sqlite:///{tmp_path / 'a.db'}", fresh_database()
    await lived(town, first)
    await copy(first, second)
    town.lines.clear()
    town.say("+1 09:00", "R-2", "r9", "8栋电梯坏了", id="new1")
    await town.play(url=second)
    assert town.story("1003")[0] == "created"
    assert [len(found) for found in ((await rows(second))["inbox"],)] == [6]


async def test_it_refuses_a_database_in_use_and_one_that_is_not_empty(
    town: Town, tmp_path: Path
) -> None:
    first, second = f"sqlite:///{tmp_path / 'a.db'}", fresh_database()
    await lived(town, first)
    with only_one(second), pytest.raises(StorageError, match="在用"):
        await copy(first, second)
    await copy(first, second)
    with pytest.raises(StorageError, match="已经有数据"):
        await copy(first, second)
