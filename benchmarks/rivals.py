"""Messages a second beside NoneBot2 2.5 doing the same work on the same messages, and beside what
bounds it: jieba alone, and bare commits of one row."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import subprocess
import tempfile
import time
import venv
from dataclasses import asdict
from pathlib import Path

import jieba

from benchmarks.city import city
from benchmarks.figures import Figure
from benchmarks.traffic import Said, evening
from bot.app import build, open_store, save_roster
from bot.channels.recorder import Recorder
from bot.clock import machine
from bot.config import Config
from bot.models import Message, Send
from handlers.roster import Roster

HERE = Path(__file__).parent / "nonebot"
MESSAGES = 20_000
THEIRS = 5_000  # its pace is the same from the first message to the last
AT_ONCE = 64
RUNS = 3
GOAL = 10.0


def figures() -> list[Figure]:
    """Run both, in turns, on one core."""
    python = _environment()
    roster = city()
    said = list(evening(roster, MESSAGES))
    less = list(evening(roster, THEIRS))
    ours, theirs, cut, bare = [], [], [], []
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory(prefix="jiedan-bench-") as folder:
                theirs.append(_nonebot(python, Path(folder), less))
                ours.append(asyncio.run(_ours(Path(folder), roster, said)))
                bare.append(_commits(Path(folder)))
            cut.append(_cut(said))
    finally:
        os.sched_setaffinity(0, cores)
    here, there = statistics.median(ours), statistics.median(theirs)
    what = "group messages, durable, one core"
    return [
        Figure(what, here, "a second", "NoneBot2 2.5.0", there, f"{GOAL:.0f} times",
               here >= GOAL * there),
        Figure(what, here, "a second", "jieba.lcut alone", statistics.median(cut), "", None),
        Figure(what, here, "a second", "bare commits of one row", statistics.median(bare), "", None),
    ]  # fmt: skip


def _environment() -> str:
    """Return the Python of NoneBot's environment, made if it isn't there."""
    folder = HERE.parent.parent / "build" / "nonebot"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--require-hashes", "-r", str(HERE / "requirements.txt")],
            check=True,
        )  # fmt: skip
        (folder / "ready").touch()
    return str(python)


def _nonebot(python: str, folder: Path, said: list[Said]) -> float:
    lines = folder / "messages.jsonl"
    lines.write_text("\n".join(json.dumps(asdict(s)) for s in said), encoding="utf-8")
    done = subprocess.run(
        [python, str(HERE / "bot.py"), str(lines), str(folder / "nonebot.db")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["inbox"] == len(said)
    assert told["closed"] == THEIRS // 100, "each life came to its end"
    return float(told["a_second"])


def _cut(said: list[Said]) -> float:
    """Messages a second of jieba alone."""
    jieba.lcut("热身")
    began = time.perf_counter()
    for s in said:
        jieba.lcut(s.text)
    return len(said) / (time.perf_counter() - began)


def _commits(folder: Path) -> float:
    """Commits of one row a second."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("create table inbox (id text primary key, text text)")
    began = time.perf_counter()
    for i in range(THEIRS):
        db.execute("insert into inbox values (?, ?)", (f"m{i}", "今天的鱼好新鲜"))
    took = time.perf_counter() - began
    db.close()
    return THEIRS / took


async def _ours(folder: Path, roster: Roster, said: list[Said]) -> float:
    store = open_store(f"sqlite:///{folder}/jiedan.db")
    await store.transact(lambda s: save_roster(s, roster, "bench"))
    sent: list[Send] = []
    app = build(Config(), store, roster, Recorder(lambda _, send: sent.append(send)), machine)
    await app.duty.start()
    outbox = asyncio.create_task(app.outbox.run())
    await app.pipeline.receive(Message("warm", machine(), said[0].room, "w", text="早上好"))
    queue = iter(said)

    async def worker() -> None:
        for s in queue:
            message = Message(s.id, machine(), s.room, s.sender, s.sender, text=s.text)
            await app.pipeline.receive(message)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    while await store.read(lambda s: s.first_waiting()):
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    outbox.cancel()
    await asyncio.gather(outbox, return_exceptions=True)
    tickets = await store.read(lambda s: list(s.all_tickets()))
    await store.close()
    assert len(sent) >= MESSAGES // 10, "each report was answered"
    closed = sum(1 for t in tickets if t.state == "closed")
    assert closed == MESSAGES // 100, f"{closed} lives came to their end"
    return len(said) / took
