"""Killed at any moment, the program goes on where it was: `kill -9` for real, again and again."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from bot.app import open_store, save_roster
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES

WORKER = [sys.executable, "-m", "tests.crash.worker"]
PROBLEMS = ("{}栋路灯坏了", "{}栋电梯坏了", "{}栋下水道堵了", "早上好", "今天的鱼好新鲜")


def lines(count: int) -> list[str]:
    return [
        f"m{i}|R-{1 + i % 2}|r{i}|{PROBLEMS[i % len(PROBLEMS)].format(i)}" for i in range(count)
    ]


def run(url: str, todo: list[str], kill_after: float | None) -> list[str]:
    """Run the worker, killing it that many seconds after it is ready; return what it printed."""
    worker = subprocess.Popen(
        [*WORKER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write("\n".join(todo))
    worker.stdin.close()
    said = []
    timer: threading.Timer | None = None
    for line in worker.stdout:
        said.append(line.strip())
        if line.startswith("ready") and kill_after is not None:
            timer = threading.Timer(kill_after, worker.kill)
            timer.start()
    worker.wait(timeout=60)
    worker.stdout.close()
    if timer:
        timer.cancel()
    return said


@pytest.mark.timeout(280)
async def test_no_acknowledged_message_is_lost_and_no_ticket_made_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crash.db'}"
    store = open_store(url)
    await store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "test"))
    await store.close()
    chance = random.Random(11)
    every = lines(300)
    kept: set[str] = set()
    sent: Counter[str] = Counter()
    kills = 0
    for _ in range(50):
        todo = [line for line in every if line.split("|")[0] not in kept]
        said = run(url, todo, chance.uniform(0.0, 0.12))
        kept |= {s.split()[1] for s in said if s.startswith("kept")}
        sent.update(s.split()[1] for s in said if s.startswith("sent"))
        kills += "done" not in said
        if "done" in said:
            break
    said = run(url, every, None)  # all of it once more: the network repeats what it isn't sure of
    sent.update(s.split()[1] for s in said if s.startswith("sent"))
    assert "done" in said
    assert kills >= 3, "the worker was never interrupted"

    store = open_store(url)
    tickets = await store.read(lambda s: list(s.all_tickets()))
    chat = await store.read(lambda s: s.chat_after(0, 0))
    health = await store.read(lambda s: s.health(tickets[-1].created_at))
    await store.close()
    heard = [s.id for s in chat if s.message]
    assert sorted(heard) == sorted(line.split("|")[0] for line in every)
    assert kept <= set(heard)
    sources = Counter(t.source for t in tickets)
    assert set(sources.values()) == {1}
    assert len(tickets) == 180
    acks = Counter(n for s in chat if s.send for n in s.send.tickets)
    assert acks == {t.number: 1 for t in tickets}, "an answer for each ticket, one row each"
    assert set(sent) == {str(s.place) for s in chat if s.send}, "no answer without its row"
    assert all(times <= 1 + kills for times in sent.values())
    assert sum(sent.values()) - len(sent) <= 2 * kills, "at most one repeat a room and crash"
    assert health.damage == ""
    assert health.open_without_deadline == 0
