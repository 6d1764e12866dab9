"""Messages a second beside NoneBot2 2.5 doing the same work on the same messages."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
import venv
from dataclasses import asdict
from pathlib import Path

from benchmarks.city import city
from benchmarks.figures import Figure
from benchmarks.traffic import Said, evening
from bot.app import build, open_store, save_roster
from bot.channels.recorder import Recorder
from bot.clock import machine
from bot.config import Config
from bot.models import Message
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
    ours, theirs = [], []
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory(prefix="jiedan-bench-") as folder:
                theirs.append(_nonebot(python, Path(folder), less))
                ours.append(asyncio.run(_ours(Path(folder), roster, said)))
    finally:
        os.sched_setaffinity(0, cores)
    here, there = statistics.median(ours), statistics.median(theirs)
    return [
        Figure(
            "group messages, durable, one core", here, "a second", "NoneBot2 2.5.0", there,
            f"{GOAL:.0f} times", here >= GOAL * there,
        )
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


async def _ours(folder: Path, roster: Roster, said: list[Said]) -> float:
    store = open_store(f"sqlite:///{folder}/jiedan.db")
    await store.transact(lambda s: save_roster(s, roster, "bench"))
    app = build(Config(), store, roster, Recorder(lambda *_: None), machine)
    await app.pipeline.receive(Message("warm", machine(), said[0].room, "w", text="早上好"))
    queue = iter(said)

    async def worker() -> None:
        for s in queue:
            message = Message(s.id, machine(), s.room, s.sender, s.sender, text=s.text)
            await app.pipeline.receive(message)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    took = time.perf_counter() - began
    tickets = await store.read(lambda s: list(s.all_tickets()))
    await store.close()
    closed = sum(1 for t in tickets if t.state == "closed")
    assert closed == MESSAGES // 100, f"{closed} lives came to their end"
    return len(said) / took
