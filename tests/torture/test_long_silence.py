"""Eight hours down, the program or the network: then one message a group, and nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App, build, open_store, save_roster
from bot.channels.base import File, SendError
from bot.clock import SetClock
from bot.config import Config, RatesConfig
from bot.models import Message, Send
from handlers.roster import Roster
from storage.base import Store
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network
from tests.postgres import fresh_database

CONFIG = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
ROOMS = ("R-1", "R-2")
MATTERS = ("路灯坏了", "电梯坏了", "下水道堵了", "楼道的灯不亮了", "垃圾没人清运")
BEFORE, MEANWHILE = 4, 2  # reports in each group; what is longer than a message becomes two
DOWN = timedelta(hours=8)


class Line(Network):
    """A network of paced accounts that may be down."""

    down = False

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        if self.down:
            raise SendError("断线")
        return await super().send(send, key, files)


@dataclass
class Day:
    store: Store
    clock: SetClock
    line: Line

    def start(self) -> App:
        return build(CONFIG, self.store, Roster(GRIDS, ROLES), self.line, self.clock)

    async def report(self, app: App, first: int, count: int) -> None:
        for i in range(first, first + count):
            for room in ROOMS:
                text = f"{1 + i}栋{MATTERS[i % len(MATTERS)]}"
                said = Message(f"{room}-{i}", self.clock(), room, f"{room}r{i}", "居民", text=text)
                assert await app.pipeline.receive(said) == "ticket"

    async def speak(self, app: App) -> None:
        while True:
            await app.outbox._start_sends()
            if not app.outbox._tasks:
                return
            await asyncio.gather(*app.outbox._tasks)

    async def all_said_once(self) -> int:
        """Return how many rows there are; each must have left, none twice."""
        chat = await self.store.read(lambda s: s.chat_after(0, 0))
        waiting = await self.store.read(lambda s: s.first_waiting())
        assert waiting is None
        return sum(1 for said in chat if said.send)


@pytest.fixture(params=["sqlite", "postgresql"])
async def day(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Day]:
    sqlite = request.param == "sqlite"
    store = open_store(f"sqlite:///{tmp_path / 'day.db'}" if sqlite else fresh_database())
    await store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "test"))
    yield Day(store, SetClock(moment("09:00")), Line())
    await store.close()


@pytest.mark.parametrize("what", ["the program", "the network"])
async def test_after_eight_hours_each_group_hears_one_message(day: Day, what: str) -> None:
    app = day.start()
    await app.ticker.start(day.clock())
    await day.report(app, 0, BEFORE)
    await day.speak(app)
    before = len(day.line.sends)
    tickets = {t.number: t.room for t in await day.store.read(lambda s: list(s.all_tickets()))}
    day.line.down = True
    if what == "the program":
        day.clock.now += DOWN
        app = day.start()
        await app.run_due()
        await day.report(app, BEFORE, MEANWHILE)  # the network delivers what it kept
    else:
        for hour in range(8):
            day.clock.now += timedelta(hours=1)
            await app.run_due()
            if hour == 3:
                await day.report(app, BEFORE, MEANWHILE)
            await day.speak(app)
    day.line.down = False
    day.clock.now += timedelta(minutes=11)  # the longest pause between two tries is over
    await day.speak(app)
    back = day.line.sends[before:]
    heard = Counter(send.room for send in back)
    assert set(heard) >= set(ROOMS)
    assert set(heard.values()) == {1}, heard
    tickets |= {t.number: t.room for t in await day.store.read(lambda s: list(s.all_tickets()))}
    told = dict(day.line.said[before:])
    for number, room in tickets.items():
        assert str(number) in told[room or ""], f"{number} is not told in {room}"
    rows = await day.all_said_once()
    print(
        f"\neight hours without {what}: {len(tickets)} tickets in {len(ROOMS)} groups,"
        f" {len(back)} messages to {len(heard)} groups, one each, of {rows} answers and nudges"
    )
