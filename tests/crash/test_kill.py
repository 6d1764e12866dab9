"""Killed at any moment, the program goes on where it was: `kill -9` for real, again and again.

Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
from collections import Counter
from pathlib import Path

import pytest

from bot.app import open_store, save_roster
from bot.models import Grid, Level
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES
from tests.crash.worker import work
from tests.postgres import fresh_database

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
KILLS = {"sqlite": 1000 if LARGE else 50, "postgresql": 200 if LARGE else 20}
A_KILL = 40  # new messages for each kill; a process that had more time would handle more
GROUPS = 200
PROBLEMS = ("{}栋路灯坏了", "{}栋电梯坏了", "{}栋下水道堵了", "早上好", "今天的鱼好新鲜")
REPORTS = 3  # of five
LATEST = 0.06  # seconds until the kill, from when the process is ready
Said = tuple[str, str, str, str]

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.crash.worker"])


def messages(count: int) -> list[Said]:
    return [
        (f"m{i}", f"R-G{i % GROUPS}", f"r{i}", PROBLEMS[i % 5].format(1 + i // GROUPS))
        for i in range(count)
    ]


def run(url: str, todo: list[Said], kill_after: float | None) -> list[tuple[str, str]]:
    """Run the program, killing it that many seconds after it is ready; return what it told."""
    ours, theirs = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=work, args=(url, todo, theirs))
    process.start()
    theirs.close()
    told: list[tuple[str, str]] = []
    timer: threading.Timer | None = None
    try:
        while True:
            told.append(ours.recv())
            if told[-1][0] == "ready" and kill_after is not None:
                timer = threading.Timer(kill_after, process.kill)
                timer.start()
    except (EOFError, OSError):  # its end of the pipe is gone
        pass
    process.join(timeout=60)
    if timer:
        timer.cancel()
    ours.close()
    return told


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.timeout(1500 if LARGE else 200)
async def test_no_acknowledged_message_is_lost_and_no_ticket_made_twice(
    engine: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'crash.db'}" if engine == "sqlite" else fresh_database()
    grids = [Grid(f"G{i}", f"{i}网格", Level.MICROGRID, "B", f"R-G{i}") for i in range(GROUPS)]
    store = open_store(url)
    await store.transact(lambda s: save_roster(s, Roster([*GRIDS, *grids], ROLES), "test"))
    await store.close()
    chance = random.Random(11)
    every = messages(KILLS[engine] * A_KILL)
    kept: set[str] = set()
    sent: Counter[str] = Counter()
    kills = in_flight = 0
    todo = every
    while kills < KILLS[engine]:
        todo = [said for said in todo if said[0] not in kept] or every[-A_KILL:]
        told = run(url, todo[: 20 * A_KILL], chance.uniform(0.0, LATEST))
        kept |= {id_ for what, id_ in told if what == "kept"}
        sent.update(key for what, key in told if what == "sent")
        kills += ("done", "") not in told
    unkept = [said for said in every if said[0] not in kept]
    told = run(url, every, None)  # all once more: a network repeats what it isn't sure of
    sent.update(key for what, key in told if what == "sent")
    assert told[-1] == ("done", "")

    store = open_store(url)
    tickets = await store.read(lambda s: list(s.all_tickets()))
    chat = await store.read(lambda s: s.chat_after(0, 0))
    health = await store.read(lambda s: s.health(tickets[-1].created_at))
    await store.examine()
    await store.close()
    heard = [s.id for s in chat if s.message]
    assert sorted(heard) == sorted(said[0] for said in every)
    assert kept <= set(heard)
    sources = Counter(t.source for t in tickets)
    assert set(sources.values()) == {1}
    assert len(tickets) == len(every) * REPORTS // 5
    acks = Counter(n for s in chat if s.send for n in s.send.tickets)
    assert acks == {t.number: 1 for t in tickets}, "an answer for each ticket, one row each"
    assert set(sent) == {str(s.place) for s in chat if s.send}, "no answer without its row"
    repeats = sum(times - 1 for times in sent.values())
    in_flight = min(200, A_KILL)
    assert repeats <= in_flight * kills, "what was in flight at a kill, and no more"
    assert all(times <= 1 + kills for times in sent.values())
    assert health.open_without_deadline == 0
    print(
        f"\n{kills} kills on {engine}: {len(every)} messages, {len(every) - len(unkept)} of them"
        f" acknowledged before a kill, none lost; {len(tickets)} tickets, none twice;"
        f" {len(acks)} answers, each with its row, {repeats} said twice"
    )
