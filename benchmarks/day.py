"""A day of the whole city, replayed: 32,000 groups, 640,000 messages, as `jiedan replay` would. One
message in fifty is a problem (12,800 a day) and every second of those goes its whole way; the others
are nudged and climb.

python -m benchmarks.day [--messages N]      prints seconds and the most memory, as JSON
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import jieba

from benchmarks.city import city
from benchmarks.figures import Figure
from benchmarks.traffic import evening
from bot.app import open_store, save_roster
from bot.config import Config
from bot.replay import Replay

MESSAGES = 640_000
LONGEST, MOST = 180.0, 500.0  # seconds, MB
DAY = datetime.fromisoformat("2026-11-24T00:00:00+08:00")
_HOURS = (1, 1, 1, 1, 1, 2, 6, 14, 16, 14, 12, 12, 14, 12, 10, 10, 12, 16, 22, 28, 26, 18, 8, 3)
"""How much is said in each hour of the day."""


def moments(count: int) -> Iterator[datetime]:
    """Yield the moments of so many messages over a day, in order."""
    chance = random.Random(5)
    for hour, weight in enumerate(_HOURS):
        some = round(count * weight / sum(_HOURS)) + 1
        for seconds in sorted(chance.uniform(0, 3600) for _ in range(some)):
            yield DAY + timedelta(hours=hour, seconds=seconds)


def lines(count: int) -> Iterator[str]:
    """Yield the lines of a transcript."""
    for said, at in zip(evening(city(), count, problem=50, whole=2), moments(count), strict=False):
        yield json.dumps({
            "id": said.id, "at": at.isoformat(), "room": said.room, "sender": said.sender,
            "name": "居民", "text": said.text,
        })  # fmt: skip


async def run(count: int) -> dict[str, float]:
    """Replay a day on a database that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="jiedan-day-") as folder:
        store = open_store(f"sqlite:///{folder}/day.db", durable=False)
        roster = city()
        await store.transact(lambda s: save_roster(s, roster, "day"))
        last: list[str] = []

        def write(line: str) -> None:
            last[:] = [line]

        replay = Replay(Config(), store, roster, write, last.append)
        began = time.perf_counter()
        await replay.run(lines(count), DAY + timedelta(days=1), strict=True)
        took = time.perf_counter() - began
        await store.close()
    end = json.loads(last[0])
    return {"seconds": took, "mb": most_memory(), "messages": end["messages"], "tickets": end["tickets"],
            "sent": end["sent"]}  # fmt: skip


def most_memory() -> float:
    """Return the most MB that this process held; getrusage counts what started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def figures() -> list[Figure]:
    """Replay the day in a process of its own, so that its memory is its own."""
    began = time.perf_counter()
    jieba.lcut("热身")
    texts = [said.text for said in evening(city(), 20_000)]
    began = time.perf_counter()
    for text in texts:
        jieba.lcut(text)
    bare = (time.perf_counter() - began) / len(texts) * MESSAGES
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.day"], check=True, capture_output=True, text=True
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["messages"] >= MESSAGES * 0.999
    return [
        Figure(
            f"a day of the city, {told['messages']:,.0f} messages, replayed", told["seconds"], "s",
            "jieba.lcut of its words, s", bare, "under 180 s", told["seconds"] < LONGEST,
        ),
        Figure("its memory", told["mb"], "MB", "goal", MOST, "under 500 MB", told["mb"] < MOST),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=MESSAGES)
    print(json.dumps(asyncio.run(run(parser.parse_args().messages))))
