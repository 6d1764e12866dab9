"""The running program: the beat, a new roster, a long absence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, build, only_one, open_store, running, save_roster
from bot.clock import SetClock
from bot.config import Config, RatesConfig
from bot.models import Message, Understanding
from bot.ticker import HEARTBEAT
from handlers.roster import Roster
from handlers.triage import Triage
from storage.base import StorageError
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


async def started(folder: Path, roster: Roster, clock: SetClock, network: Network) -> App:
    store = open_store(f"sqlite:///{folder / 'live.db'}")
    await store.transact(lambda s: save_roster(s, roster, "first"))
    # the clock stands still, so a pause would never end
    config = replace(Config(), rates=RatesConfig(pause=timedelta(0)))
    return build(config, store, roster, network, clock)


async def eventually(check: object) -> None:
    async with asyncio.timeout(10):
        while not check():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def test_after_eight_hours_down_each_group_hears_one_message(tmp_path: Path) -> None:
    clock, network = SetClock(moment("09:00")), Network()
    app = await started(tmp_path, Roster(GRIDS, ROLES), clock, network)
    texts = ("3栋路灯坏了", "5栋电梯坏了", "8栋下水道堵了", "门口的垃圾堆成山没人清")
    for i, text in enumerate(texts):
        for room in ("R-1", "R-2"):
            at = clock() + timedelta(seconds=i)
            await app.pipeline.receive(Message(f"{room}{i}", at, room, f"r{i}", text=text))
    await app.outbox.drain()
    network.sends.clear()
    clock.now = moment("17:00")
    async with running(app):
        await eventually(lambda: {s.room for s in network.sends} >= {"R-1", "R-2"})
        await asyncio.sleep(1.5)
    rooms = [s.room for s in network.sends if s.room]
    assert sorted(rooms) == ["R-1", "R-2"]
    assert all(len(s.tickets) == 4 for s in network.sends if s.room)
    due = await app.store.read(lambda s: s.next_due())
    assert due is not None
    assert due > clock()
    await app.store.close()


async def test_it_beats_and_takes_a_roster_imported_meanwhile(tmp_path: Path) -> None:
    clock, network = SetClock(moment("09:00")), Network()
    app = await started(tmp_path, Roster(GRIDS[:-1], ROLES[:-1]), clock, network)
    async with running(app):
        assert await app.pipeline.receive(Message("a", clock(), "R-2", "r", text=LAMP)) == "unbound"
        health = await app.store.read(lambda s: s.health(clock()))
        assert health.unbound_rooms == ("R-2",)
        await app.store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "second"))
        await eventually(lambda: app.roster.by_room("R-2") is not None)
        assert await app.pipeline.receive(Message("b", clock(), "R-2", "r", text=LAMP)) == "ticket"
        await eventually(lambda: len(network.sends) == 1)
    assert await app.store.read(lambda s: s.setting(HEARTBEAT))
    health = await app.store.read(lambda s: s.health(clock()))
    assert health.unbound_rooms == ()
    await app.store.close()


BAD = "这句话程序读不来"


class Stumbling(Triage):
    """Understanding with a fault of ours."""

    def understand(self, text: str, **more: Any) -> Understanding:
        if text == BAD:
            raise KeyError(text)
        return super().understand(text, **more)


async def stumbling(folder: Path) -> App:
    app = await started(folder, Roster(GRIDS, ROLES), SetClock(moment("09:00")), Network())
    app.pipeline._triage = Stumbling()
    return app


def five(app: App) -> list[Message]:
    texts = ("早上好", LAMP, BAD, "吃了没", "5栋电梯坏了")
    return [
        Message(f"m{i}", app.clock(), "R-1", f"r{i}", text=text) for i, text in enumerate(texts)
    ]


OUTCOMES = ["ignore", "ticket", "failed", "ignore", "ticket"]


async def test_a_fault_of_ours_keeps_the_message_and_whatever_shares_its_commit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = await stumbling(tmp_path)
    messages = five(app)
    outcomes = await asyncio.gather(*map(app.pipeline.receive, messages))
    assert outcomes == OUTCOMES
    assert "m2 could not be handled" in caplog.text
    heard = [await app.store.read(lambda s, m=m: s.heard(m.id)) for m in messages]
    assert [h and h.message.text for h in heard] == [m.text for m in messages]
    assert await app.pipeline.receive(messages[2]) == "repeat"
    assert len(await app.store.read(lambda s: list(s.all_tickets()))) == 2
    await app.store.close()


async def test_a_fault_in_a_replay_hands_the_message_over_once_and_goes_on(tmp_path: Path) -> None:
    app = await stumbling(tmp_path)
    waiting, arrived = five(app), []
    outcomes = []
    while waiting:
        count, outcome = await app.pipeline.receive_quiet(waiting, lambda m: arrived.append(m.id))
        outcomes += ["ignore"] * (count - 1) + [outcome]
        waiting = waiting[count:]
    assert outcomes == OUTCOMES
    assert list(dict.fromkeys(arrived)) == [m.id for m in five(app)]
    await app.store.close()


def test_a_database_serves_one_program(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with only_one(url), pytest.raises(StorageError, match="已经有一个"), only_one(url):
        pass
    with only_one(url):
        pass


async def test_tickets_of_a_grid_that_is_gone_go_to_the_one_above(tmp_path: Path) -> None:
    clock, network = SetClock(moment("09:00")), Network()
    app = await started(tmp_path, Roster(GRIDS, ROLES), clock, network)
    await app.pipeline.receive(Message("a", clock(), "R-1", "r", text=LAMP))
    await app.pipeline.receive(Message("b", clock(), "R-2", "r", text=LAMP))
    moved = [replace(g, room="R-new") if g.code == "M2" else g for g in GRIDS if g.code != "M1"]
    left = Roster(moved, [r for r in ROLES if r.grid != "M1"])
    await app.store.transact(lambda s: save_roster(s, left, "second"))
    gone, kept = [await app.store.read(lambda s, n=n: s.ticket(n)) for n in (1001, 1002)]  # type: ignore[misc]
    assert gone is not None
    assert kept is not None
    assert (gone.grid, gone.level, gone.home) == ("B", "branch", "B")
    assert (kept.grid, kept.room) == ("M2", "R-new")
    await app.store.close()
