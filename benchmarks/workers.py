"""One worker, two, four on one PostgreSQL: messages a second, beside bare commits of one row by as
many connections.

    python -m benchmarks.workers [--url postgresql://...]    a server of one's own; default a local one
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg

from benchmarks.city import city
from benchmarks.figures import Figure, table
from benchmarks.traffic import Said, evening
from bot.app import build, open_store, present, save_roster
from bot.channels.recorder import Recorder
from bot.clock import machine
from bot.config import Config
from bot.models import Message
from handlers.roster import Roster
from tests.postgres import fresh_database

WORKERS = (1, 2, 4)
MESSAGES = 12_000
AT_ONCE = 64
COMMITS = 2_000  # for each connection


def share(roster: Roster, place: int, of: int, mark: str) -> list[Said]:
    """Return what is said in the groups of one worker."""
    said = evening(roster, MESSAGES, mark)
    return [s for s in said if zlib.crc32(s.room.encode()) % of == place]


async def serve(url: str, place: int, of: int, mark: str) -> None:
    """Be a worker: tell when ready, wait for the word, handle one's share, tell when done."""
    with present(url) as worker:
        store = open_store(url)
        roster = Roster(*await store.read(lambda s: s.load_roster()))
        said = share(roster, place, of, mark)
        app = build(Config(), store, roster, Recorder(lambda *_: None), machine, worker)
        await app.duty.start()
        await app.pipeline.receive(Message(f"warm{mark}{place}", machine(), said[0].room, "w"))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        queue = iter(said)

        async def handle() -> None:
            for s in queue:
                message = Message(s.id, machine(), s.room, s.sender, s.sender, text=s.text)
                await app.pipeline.receive(message)

        await asyncio.gather(*(handle() for _ in range(AT_ONCE)))
        print("done", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await store.close()


def rate(url: str, of: int) -> float:
    """Return messages a second of so many workers, from the word to the last one's end."""
    mark = f"t{time.time_ns()}-"
    command = [sys.executable, "-m", "benchmarks.workers", "--url", url]
    made = [
        subprocess.Popen(
            [*command, "--share", str(place), str(of), mark],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for place in range(of)
    ]  # fmt: skip
    _hear(made, "ready")
    began = time.perf_counter()
    _tell(made)
    _hear(made, "done")
    took = time.perf_counter() - began
    _tell(made)
    for process in made:
        assert process.wait(timeout=60) == 0
        for pipe in (process.stdin, process.stdout):
            assert pipe
            pipe.close()
    return MESSAGES / took


def _tell(made: Sequence[subprocess.Popen[str]]) -> None:
    for process in made:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()


def _hear(made: Sequence[subprocess.Popen[str]], word: str) -> None:
    for process in made:
        assert process.stdout
        for line in process.stdout:
            if line.strip() == word:
                break
        else:
            raise RuntimeError("a worker ended")


def commits(url: str, connections: int) -> float:
    """Return commits of one row a second, of so many connections at once."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table if not exists bare (id text primary key, text text)")
        connection.execute("truncate bare")

    def write(place: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for i in range(COMMITS):
                row = (f"{place}-{i}", "今天的鱼好新鲜")
                connection.execute("insert into bare values (%s, %s)", row)

    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(write, range(connections)))
    return connections * COMMITS / (time.perf_counter() - began)


async def _prepare(url: str) -> None:
    store = open_store(url)
    await store.transact(lambda s: save_roster(s, city(), "bench"))
    await store.close()


def figures(url: str = "") -> list[Figure]:
    """Measure the curve on one database."""
    url = url or fresh_database()
    asyncio.run(_prepare(url))
    rate(url, 1)  # the server plans by what it knows of the tables: nothing of empty ones
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("analyze")
    found = []
    for of in WORKERS:
        what = f"messages, {of} worker{'s' * (of > 1)} on PostgreSQL"
        ours, bare = rate(url, of), commits(url, of)
        found.append(Figure(what, ours, "a second", "bare commits", bare, "the curve", None))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="")
    parser.add_argument("--share", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.share:
        place, of, mark = options.share
        asyncio.run(serve(options.url, int(place), int(of), mark))
    else:
        print(table(figures(options.url)))
