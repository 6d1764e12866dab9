"""Killed before and after every storage call of twelve scenarios: what is started anew comes to the
same end as the run without a crash.

A death here is a store that from its n-th call on answers no more, and a network that takes nothing
any more; the file stays as it is and a new program opens it. (tests/crash kills processes for real,
at moments that nobody chooses; here each moment has its turn, which real processes would need hours
for. What is between the two calls is one transaction, and SQLite's.)
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bot.app import App, build, open_store, save_roster
from bot.channels.base import File, SendError
from bot.clock import SetClock
from bot.config import Config, RatesConfig
from bot.models import Code, Kind, Message, Send
from handlers.roster import Roster
from storage.base import Session, Store
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network

T = TypeVar("T")

LAMP = ("09:00", "R-1", "r1", "3栋的路灯坏了")
SCENARIOS: dict[str, list[tuple[str, ...]]] = {
    "its whole way": [
        LAMP, ("09:05", "R-1", "u-1", "接单"), ("09:30", "R-1", "u-1", "进展 在修了"),
        ("10:00", "R-1", "u-1", "办结 换了灯泡"), ("10:10", "R-1", "r1", "满意"),
    ],
    "nobody takes it": [LAMP, ("+3 10:00", "R-1", "r9", "早上好")],
    "whistled up and sent back": [
        LAMP, ("09:05", "R-1", "u-1", "吹哨"), ("09:20", "R-B", "u-b", "退回 1001 先看看灯泡"),
        ("09:30", "R-1", "u-1", "接单"), ("+2 09:30", "R-1", "u-1", "办结"),
    ],
    "an emergency": [
        ("09:00", "R-1", "r1", "快来人，有人摔倒了起不来"), ("09:20", "R-1", "u-1", "接单"),
        ("09:40", "R-1", "u-1", "办结 送医院了"), ("+2 09:40", "R-1", "r9", "早上好"),
    ],
    "neighbours join": [
        LAMP, ("09:01", "R-1", "r2", "我家也是"), ("09:02", "R-1", "r3", "我家也是"),
        ("09:05", "R-1", "u-1", "接单"), ("09:30", "R-1", "r1", "撤销"), ("09:40", "R-1", "u-1", "办结"),
    ],
    "taken back": [LAMP, ("09:01", "R-1", "r1", "", "recalled", "m0"), ("09:30", "R-1", "r9", "早")],
    "reopened twice": [
        LAMP, ("09:05", "R-1", "u-1", "接单"), ("09:30", "R-1", "u-1", "办结 好了"),
        ("09:40", "R-1", "r1", "没解决"), ("10:00", "R-1", "u-1", "办结 又修了"),
        ("10:10", "R-1", "r1", "没解决"), ("+1 10:10", "R-B", "u-b", "接单 1001"),
    ],
    "confirmed by silence": [
        LAMP, ("09:05", "R-1", "u-1", "接单"), ("09:30", "R-1", "u-1", "办结 好了"),
        ("+8 09:30", "R-1", "r9", "早上好"),
    ],
    "two become one": [
        LAMP, ("09:20", "R-1", "r2", "5栋下水道堵了"), ("09:30", "R-1", "u-1", "合并 1002 到 1001"),
        ("09:40", "R-1", "u-1", "接单"), ("09:50", "R-1", "u-1", "办结 都好了"),
    ],
    "put aside": [
        LAMP, ("09:05", "R-1", "u-1", "接单"), ("09:10", "R-1", "u-1", "挂起 1001 2天 等配件"),
        ("+4 10:00", "R-1", "u-1", "办结 换好了"),
    ],
    "asked which": [
        LAMP, ("09:20", "R-1", "r2", "5栋下水道堵了"), ("09:30", "R-1", "u-1", "接单"),
        ("09:31", "R-1", "u-1", "1002"), ("09:40", "R-1", "u-1", "改类 1001 物业"),
    ],
    "a group is bound anew, and its digests come": [
        ("09:00", "R-NEW", "u-1", "绑定 M1-AB2C-D3EF"), ("09:10", "R-NEW", "r1", "3栋的路灯坏了"),
        ("+1 18:30", "R-NEW", "r9", "早上好"), ("+7 09:30", "R-NEW", "u-1", "接单"),
    ],
}  # fmt: skip
CONFIG = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
pytestmark = pytest.mark.timeout(300)


class DeadError(BaseException):
    """The process is gone."""


@dataclass
class Life:
    """How many storage calls a process lives for; None is forever."""

    until: int | None = None
    after: bool = False
    """It dies when that call is done, not before."""
    calls: int = 0
    dead: bool = False

    async def call(self, do: Callable[[], Any]) -> Any:
        if self.dead:
            raise DeadError
        self.calls += 1
        last = self.calls == self.until
        if last and not self.after:
            self.dead = True
            raise DeadError
        done = await do()
        if last:
            self.dead = True
            raise DeadError
        return done


class Mortal:
    """A store that dies at a call."""

    def __init__(self, store: Store, life: Life) -> None:
        self._store, self._life = store, life

    async def transact(self, work: Callable[[Session], T]) -> T:
        done: T = await self._life.call(lambda: self._store.transact(work))
        return done

    async def claim(self, work: Callable[[Session], T]) -> T:
        done: T = await self._life.call(lambda: self._store.claim(work))
        return done

    async def read(self, work: Callable[[Session], T]) -> T:
        done: T = await self._life.call(lambda: self._store.read(work))
        return done

    async def scrub(self) -> None:
        await self._store.scrub()

    async def close(self) -> None:
        await self._store.close()


@dataclass
class World:
    """What outlives a process: the clock, what people heard, the file."""

    url: str
    clock: SetClock = field(default_factory=lambda: SetClock(moment("08:59")))
    heard: Counter[tuple[str | None, str | None, str]] = field(default_factory=Counter)

    async def live(self, steps: Sequence[tuple[str, ...]], life: Life) -> int:
        """Run a process; return how many steps it acknowledged before it died."""
        store = open_store(self.url, durable=False)  # the machine lives on: only the process dies
        done = 0
        try:
            mortal = Mortal(store, life)
            roster = Roster(*await mortal.read(lambda s: s.load_roster()))
            app = build(CONFIG, mortal, roster, Ear(self, life), self.clock)
            await app.ticker.start(self.clock())
            await app.duty.start()
            await self._speak(app, life)
            for number, step in enumerate(steps):
                await self._until(app, moment(step[0]), life)
                await app.pipeline.receive(_message(number + self._first, self.clock(), *step[1:]))
                done += 1
                await self._speak(app, life)
            await self._until(app, moment(steps[-1][0]) + timedelta(minutes=5), life)
        except DeadError:
            self._first += done
        finally:
            await store.close()
        return done

    _first: int = 0

    async def _until(self, app: App, until: datetime, life: Life) -> None:
        while (due := await app.ticker.next_moment()) is not None and due <= until:
            self.clock.now = max(due, self.clock.now)
            await app.run_due()
            await self._speak(app, life)
        self.clock.now = max(until, self.clock.now)
        await self._speak(app, life)

    async def _speak(self, app: App, life: Life) -> None:
        """Let the outbox say what it may."""
        while True:
            await app.outbox._start_sends()
            tasks = list(app.outbox._tasks)
            if not tasks:
                return
            await asyncio.gather(*tasks, return_exceptions=True)
            if life.dead:
                raise DeadError


class Ear(Network):
    """People hear what a living process says."""

    def __init__(self, world: World, life: Life) -> None:
        super().__init__(paced=False)
        self._world, self._life = world, life

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        if self._life.dead:
            raise SendError("nobody is there to send it")
        self._world.heard[send.room, send.to, send.text] += 1
        return f"n{key}"


def _message(number: int, at: datetime, room: str, who: str, text: str, *more: str) -> Message:
    kind, quote = (Kind(more[0]), more[1]) if more else (Kind.TEXT, None)
    return Message(f"m{number}", at, room, who, who, kind, text=text, quote=quote)


async def _prepare(url: str) -> None:
    store = open_store(url, durable=False)
    code = Code("room", "M1", "", moment("08:00"), moment("+30 08:00"))
    await store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "test"))
    await store.transact(lambda s: s.keep_code("M1AB2CD3EF", code))
    await store.close()


async def _end(url: str) -> dict[str, object]:
    """Return all that a database holds in the end, but for what tells how often it was tried."""
    store = open_store(url, durable=False)

    def look(session: Session) -> dict[str, object]:
        return {
            "tickets": list(session.all_tickets()), "events": list(session.all_events()),
            "roster": session.load_roster(),
            "said": sorted(
                (s.send.room or "", s.send.to or "", s.send.text)
                for s in session.chat_after(0, 0) if s.send
            ),
            "heard": sorted(s.id for s in session.chat_after(0, 0) if s.message),
            "digests": [session.fired(p) for p in ("daily", "weekly", "monthly")],
            "waiting": session.first_waiting(),
        }  # fmt: skip

    found = await store.read(look)
    await store.close()
    return found


@pytest.mark.parametrize("name", SCENARIOS)
async def test_each_death_comes_to_the_same_end(name: str, tmp_path: Path) -> None:
    steps = SCENARIOS[name]
    whole = World(f"sqlite:///{tmp_path / 'whole.db'}")
    await _prepare(whole.url)
    life = Life()
    assert await whole.live(steps, life) == len(steps)
    wanted = await _end(whole.url)
    assert wanted["waiting"] is None
    assert wanted["said"], "something was said"
    repeated = 0
    for until in range(1, life.calls + 1):
        for after in (False, True):
            world = World(f"sqlite:///{tmp_path / f'{until}-{after}.db'}")
            await _prepare(world.url)
            done = await world.live(steps, Life(until, after))
            # what nobody acknowledged is said again; the last step is, if all were
            rest = steps[done:] or steps[-1:]
            world._first = min(done, len(steps) - 1)
            await world.live(rest, Life())
            where = f"{name}: dead {'after' if after else 'before'} call {until} of {life.calls}"
            assert await _end(world.url) == wanted, where
            assert set(world.heard) == set(whole.heard), where
            extra = world.heard - whole.heard
            assert sum(extra.values()) <= 1, f"{where}: {extra}"
            repeated += sum(extra.values())
            for file in tmp_path.glob(f"{until}-{after}.db*"):
                file.unlink()
    print(f"\n{name}: {2 * life.calls} deaths, {repeated} messages said twice")
