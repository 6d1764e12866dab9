"""A network that fails one send in five, in every way there is: nothing is lost, and what is said
twice is said twice because nobody could know.

Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_store
from bot.channels.base import File, SendError, UnsureError
from bot.models import Decision, Reason, Send
from bot.outbox import SETTLED, UNSURE, Outbox
from bot.pace import Pace, Rates
from storage.base import Session, Store
from tests.conftest import moment
from tests.network import Network

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
MESSAGES = 50_000 if LARGE else 2_000
CRASHES = 100 if LARGE else 10
ROOMS = MESSAGES // 10
FAULTS = 0.2
QUOTA = timedelta(seconds=6)
"""How long an account that spoke too much is refused."""
REASONS = (Reason.ACK, Reason.ANSWER, Reason.OUTCOME, Reason.ESCALATE, Reason.NUDGE)
pytestmark = pytest.mark.timeout(1200 if LARGE else 120)


class HastyClock:
    """A clock that shows five minutes more for each second: retries needn't be waited for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def __call__(self) -> datetime:
        return moment("09:00") + timedelta(minutes=5 * (self._loop.time() - self._began))


class Faulty(Network):
    """Fails before a message leaves, after it arrived, by its quota; or dawdles."""

    def __init__(self, clock: HastyClock) -> None:
        super().__init__(paced=False)
        self._clock = clock
        self._chance = random.Random(5)
        self._refused_until = clock()
        self.arrived: dict[int, int] = defaultdict(int)
        self.heard: dict[str, list[int]] = defaultdict(list)
        self.unknown: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        del files
        number = int(key)
        fault = ""
        if self._chance.random() < FAULTS:
            fault = self._chance.choice(("before", "after", "slow", "quota"))
        if self._clock() < self._refused_until:
            fault = "refused"
        if fault:
            self.faults[fault] += 1
        if fault == "quota":
            self._refused_until = self._clock() + QUOTA
        if fault in {"before", "quota", "refused"}:
            raise SendError("发不出去")
        await asyncio.sleep(self._chance.uniform(0.1, 0.5) if fault == "slow" else 0)
        if number not in self.arrived:
            self.heard[send.room or ""].append(number)
        self.arrived[number] += 1
        if fault == "after":
            self.unknown[number] += 1
            raise UnsureError("没有回音")
        return f"n{key}"


async def test_nothing_is_lost_and_each_repeat_has_its_cause(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    clock = HastyClock()
    network = Faulty(clock)
    chance = random.Random(7)
    await _queue(store, clock())
    in_flight: Counter[int] = Counter()
    for _ in range(CRASHES):  # it ends at once, whatever it has in hand, and starts anew
        running = asyncio.create_task(_serve(store, network, clock))
        await asyncio.sleep(chance.uniform(0.05, 0.25))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        in_flight.update(await store.read(_taken))
        await store.claim(lambda s: s.release("R"))  # as who takes the account over does
    running = asyncio.create_task(_serve(store, network, clock))
    async with asyncio.timeout(600):
        while await store.read(lambda s: s.first_waiting()):
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert len(network.arrived) == MESSAGES, "none is lost"
    for room, numbers in network.heard.items():
        assert numbers == sorted(numbers), f"out of order in {room}"
    rows = await store.read(_rows)
    for number, times in network.arrived.items():
        reason, state, attempts, error = rows[number]
        unknown = network.unknown[number]
        assert times <= 1 + unknown + in_flight[number], "a repeat without a cause"
        if state == "dropped":
            assert not reason.repeats or attempts >= 2, "what matters is said again"
            assert error.startswith(UNSURE)
        if unknown and state == "sent":
            assert attempts, "the audit has it"
    assert sum(state == "dropped" and error == SETTLED for _, state, _, error in rows.values()) == 0
    repeats = sum(times - 1 for times in network.arrived.values())
    await store.close()
    print(
        f"\n{MESSAGES} messages, {sum(network.faults.values())} faults {dict(network.faults)},"
        f" {CRASHES} crashes with {sum(in_flight.values())} messages in flight: none lost,"
        f" {repeats} said twice, each with its cause in the outbox"
    )


async def _queue(store: Store, now: datetime) -> None:
    for start in range(0, MESSAGES, 500):
        sends = tuple(
            Send(REASONS[i % len(REASONS)], f"第{i}条", f"R-{i % ROOMS}")
            for i in range(start, min(start + 500, MESSAGES))
        )
        await store.transact(lambda s, m=sends: s.apply(Decision(sends=m), now))  # type: ignore[misc]


async def _serve(store: Store, network: Network, clock: HastyClock) -> None:
    """Run an outbox; cancelled, it leaves what it has in hand as a killed one would."""
    outbox = Outbox(store, network, Pace(Rates(), lambda at: at, random.Random(1)), clock)
    try:
        await outbox.run()
    finally:
        for task in outbox._tasks:
            task.cancel()
        await asyncio.gather(*outbox._tasks, return_exceptions=True)


def _taken(session: Session) -> list[int]:
    sql = "select id from outbox where state = 'waiting' and leased_until is not null"
    return [row[0] for row in session._run(sql)]  # type: ignore[attr-defined]


def _rows(session: Session) -> dict[int, tuple[Reason, str, int, str]]:
    sql = "select id, reason, state, attempts, error from outbox"
    return {
        row[0]: (Reason(row[1]), row[2], row[3], row[4] or "")
        for row in session._run(sql)  # type: ignore[attr-defined]
    }
