"""A storm: fifty times the evening peak, 5,000 messages a second, for a minute, at a program that
runs as it does in a city, on a network that takes all it says at once.

    python -m benchmarks.storm [--seconds N] [--rate N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

from benchmarks.city import MORNING, city
from benchmarks.figures import Figure
from benchmarks.traffic import Said, evening
from bot.app import App, build, open_store, running, save_roster
from bot.channels.base import File
from bot.channels.recorder import Recorder
from bot.clock import ShiftedClock, machine
from bot.config import AttachmentsConfig, Config, RatesConfig
from bot.models import Message, Send
from storage.base import Session

PEAK = 100  # messages a second, on an ordinary evening
RATE, SECONDS = 50 * PEAK, 60
LATEST = 30.0  # seconds for an answer
_IN_FLIGHT = 1000  # messages, as in bot/channels/wechaty/channel.py
_STEP = 0.02  # seconds between arrivals


class Hearing(Recorder):
    """Takes what is said, and notes when each ticket was first spoken of."""

    def __init__(self) -> None:
        super().__init__(lambda *_: None)
        self.answered: dict[int, float] = {}

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """Note the moment."""
        for number in send.tickets:
            self.answered.setdefault(number, time.perf_counter())
        return await super().send(send, key, files)


async def arrive(app: App, said: Sequence[Said], rate: float) -> dict[str, float]:
    """Offer messages at a steady rate, whether or not the program keeps pace; return when each
    was said, once all are acknowledged. Like the channel, it hands over so many at once."""
    offered: dict[str, float] = {}
    places = asyncio.Semaphore(_IN_FLIGHT)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for i, s in enumerate(said):
            due = began + i / rate
            while (ahead := due - time.perf_counter()) > 0:
                await asyncio.sleep(max(ahead, _STEP))
            offered[s.id] = due
            message = Message(s.id, app.clock(), s.room, s.sender, s.sender, text=s.text)
            await places.acquire()
            task = group.create_task(app.pipeline.receive(message))
            task.add_done_callback(lambda _: places.release())
            if i % 50 == 0:
                await asyncio.sleep(0)
    return offered


async def run(rate: int, seconds: int) -> dict[str, float]:
    """Let the storm pass; return what became of it."""
    roster = city()
    with tempfile.TemporaryDirectory(prefix="jiedan-storm-") as name:
        store = open_store(f"sqlite:///{name}/storm.db")
        await store.transact(lambda s: save_roster(s, roster, "storm"))
        config = replace(
            Config(), rates=RatesConfig(0, 0, 0, timedelta(0)),
            attachments=AttachmentsConfig(folder=str(Path(name) / "attachments")),
        )  # fmt: skip
        network = Hearing()
        clock = ShiftedClock(MORNING - machine())
        storm = list(evening(roster, rate * seconds))
        # in grids where nothing is open yet: the same once more would join what is
        calm = [
            list(evening(roster, count, mark, first=rate * seconds // 10 + first))
            for mark, count, first in (("warm", 100, 0), ("a", PEAK * 5, 10), ("z", PEAK * 5, 60))
        ]
        async with running(build(config, store, roster, network, clock)) as app:
            await _delays(app, network, calm[0], PEAK)
            before = await _delays(app, network, calm[1], PEAK)
            began = time.perf_counter()
            during = await _delays(app, network, storm, rate)
            over = time.perf_counter() - began - len(storm) / rate
            after = await _delays(app, network, calm[2], PEAK)
            kept = await store.read(_kept)
        await store.close()
    lost = len(storm) + sum(map(len, calm)) - kept
    return {
        "messages": len(storm), "lost": lost, "slowest": max(during),
        "most": quantiles(during, n=100)[98], "usual": median(during), "behind": over,
        "before": median(before), "after": median(after),
    }  # fmt: skip


async def _delays(app: App, network: Hearing, said: Sequence[Said], rate: float) -> list[float]:
    """Return how many seconds each report waited for its answer, when all is quiet again."""
    offered = await arrive(app, said, rate)
    while await app.store.read(lambda s: s.first_waiting()):
        await asyncio.sleep(0.02)
    tickets = await app.store.read(_tickets)
    return [
        network.answered[number] - offered[source]
        for number, source in tickets
        if source in offered
    ]


def _tickets(session: Session) -> list[tuple[int, str]]:
    return [(t.number, t.source) for t in session.all_tickets()]


def _kept(session: Session) -> int:
    row = session._run("select count(*) from inbox").fetchone()  # type: ignore[attr-defined]
    return int(row[0])


def figures() -> list[Figure]:
    """Let it pass once."""
    told = asyncio.run(run(RATE, SECONDS))
    offered = f"{told['messages']:,.0f} messages at {RATE:,} a second"
    return [
        Figure(f"a storm of {offered}: lost", told["lost"], "", "said", told["messages"],
               "none", told["lost"] == 0),
        Figure("the slowest answer", told["slowest"], "s", "the median", told["usual"],
               "within 30 s", told["slowest"] < LATEST),
        Figure("back to normal after", told["behind"], "s", "the storm, s", SECONDS,
               "by itself", told["after"] < 5 * told["before"] + 0.1),
        Figure("an answer afterwards", told["after"] * 1000, "ms", "before it, ms",
               told["before"] * 1000, "the same", None),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=RATE)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(run(options.rate, options.seconds)), indent=1))
