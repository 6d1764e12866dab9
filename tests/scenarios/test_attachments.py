"""Pictures that two want at once, and that are erased on their way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app import open_store
from bot.attachments import Cabinet
from bot.channels.base import File
from bot.models import Kind, Message
from storage.base import Store
from tests.conftest import moment
from tests.network import Network

NOW = moment("09:00")
PICTURE = os.urandom(3 << 20)  # long enough in writing for another to come in between


class Album(Network):
    """A network where everybody has sent the same picture; it is given when the door is open."""

    def __init__(self) -> None:
        super().__init__()
        self.door = asyncio.Event()
        self.asked = asyncio.Event()

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        del message_id, room, largest
        self.asked.set()
        await self.door.wait()
        return File("灯.png", PICTURE)


@dataclass
class Shelf:
    """A cabinet, what fills it and where it lies."""

    store: Store
    album: Album
    cabinet: Cabinet
    folder: Path

    async def want(self, *ids: str) -> None:
        for id_ in ids:
            said = Message(id_, NOW, "R-1", "r1", kind=Kind.IMAGE)
            await self.store.transact(lambda s, m=said: s.remember(m, "joined", 0, None))  # type: ignore[misc]
            await self.store.transact(lambda s, m=id_: s.want(m, NOW))  # type: ignore[misc]

    async def state(self, id_: str) -> str:
        found = await self.store.read(lambda s: s.attachment(id_))
        return found.state if found else "unknown"

    def files(self) -> list[Path]:
        return [p for p in self.folder.rglob("*") if p.is_file()]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    album, folder = Album(), tmp_path / "attachments"
    yield Shelf(store, album, Cabinet(store, album, lambda: NOW, folder, 9 << 20), folder)
    await store.close()


async def test_a_picture_that_two_fetch_at_once_is_kept_and_goes_along(shelf: Shelf) -> None:
    names = [f"m{i}" for i in range(10)]
    await shelf.want(*names)
    shelf.album.door.set()
    filling = asyncio.create_task(shelf.cabinet.run())
    try:
        taken = await asyncio.gather(*(shelf.cabinet.take_out(name) for name in names))
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
    assert [file and file.data == PICTURE for file in taken] == [True] * len(names)
    assert {await shelf.state(name) for name in names} == {"kept"}
    assert len(shelf.files()) == 1


async def test_a_picture_whose_sender_is_erased_on_its_way_is_not_kept(shelf: Shelf) -> None:
    await shelf.want("m1")
    taking = asyncio.create_task(shelf.cabinet.take_out("m1"))
    await shelf.album.asked.wait()
    await shelf.store.transact(lambda s: s.erase_person("r1", NOW))
    shelf.album.door.set()
    assert await taking is None
    assert await shelf.state("m1") == "gone"
    assert shelf.files() == []
