"""Four workers on one PostgreSQL: each deadline fires once, and a worker that is killed is stood in
for. Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
import pytest

from bot.app import open_store, save_roster
from bot.clock import machine
from bot.models import Deadline, Decision, Grid, Level, Role, RoleKind, State, Ticket, Urgency
from handlers.roster import Roster
from storage.base import Store
from tests.conftest import GRIDS, moment
from tests.contract.test_store import ticket
from tests.postgres import fresh_database
from tests.torture.worker import ACCOUNTS

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
DEADLINES = 50_000 if LARGE else 5_000
GROUPS = 500 if LARGE else 100
WORKERS = 4
STAND_IN = 35.0
"""Seconds after which nothing that a killed worker had claimed may be open."""
pytestmark = pytest.mark.timeout(900 if LARGE else 150)


Database = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Process:
    """A worker's process, with what it printed."""

    process: asyncio.subprocess.Process
    name: str = ""
    sent: list[str] = field(default_factory=list)

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            word, *rest = line.decode().split()
            if word == "ready":
                self.name = rest[0]
            elif word == "sent":
                self.sent.append(rest[1])


@asynccontextmanager
async def workers(url: str, count: int) -> AsyncIterator[list[Process]]:
    ahead = (moment("10:00") - machine()).total_seconds()
    made = [
        Process(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.torture.worker",
                url,
                str(ahead),
                stdout=asyncio.subprocess.PIPE,
            )
        )
        for _ in range(count)
    ]
    listening = [asyncio.create_task(each.listen()) for each in made]
    try:
        async with asyncio.timeout(60):
            while not all(each.name for each in made):
                await asyncio.sleep(0.05)
        yield made
    finally:
        for each in made:
            if each.process.returncode is None:
                each.process.terminate()
        await asyncio.gather(*(each.process.wait() for each in made), *listening)


async def city(store: Store) -> None:
    """Keep as many tickets as are to fall due, over groups of all four accounts."""
    branches = [
        Grid(f"B{i}", f"{i}支部", Level.BRANCH, "V", f"{ACCOUNTS[i % 4]}-B{i}")
        for i in range(GROUPS // 5)
    ]
    grids = [
        Grid(f"G{i}", f"{i}网格", Level.MICROGRID, f"B{i // 5}", f"{ACCOUNTS[i % 4]}-{i}")
        for i in range(GROUPS)
    ]
    roles = [Role(f"l{i}", f"网格长{i}", RoleKind.LEADER, f"G{i}") for i in range(GROUPS)]
    await store.transact(
        lambda s: save_roster(s, Roster([*GRIDS, *branches, *grids], roles), "test")
    )
    due = moment("09:30")

    def one(number: int) -> Ticket:
        grid = grids[number % GROUPS]
        return ticket(
            number, grid=grid.code, home=grid.code, room=grid.room, source=f"m{number}",
            created_at=moment("09:00"), level_since=moment("09:00"), touched_at=moment("09:00"),
            deadline=Deadline("claim", due, 0), urgency=Urgency.NORMAL, state=State.OPEN,
            path=f"C/T/V/{grid.parent}/{grid.code}/",
        )  # fmt: skip

    for start in range(1001, 1001 + DEADLINES, 1000):
        some = tuple(one(n) for n in range(start, min(start + 1000, 1001 + DEADLINES)))
        await store.transact(lambda s, t=some: s.apply(Decision(t), moment("09:00")))  # type: ignore[misc]


async def test_each_deadline_fires_once_and_a_killed_workers_are_stood_in_for() -> None:
    url = fresh_database()
    store = open_store(url)
    await city(store)
    stood_in = 0.0
    with psycopg.connect(url, autocommit=True) as db:
        async with workers(url, WORKERS) as running:
            victim = await _one_at_work(db, running)
            victim.process.kill()
            killed = time.monotonic()
            assert _claims(db, victim.name), "it was killed with deadlines in hand"
            while _fired(db) < DEADLINES:
                await asyncio.sleep(0.1)
                late = time.monotonic() - killed
                assert late < STAND_IN + DEADLINES / 500
                if not stood_in and not _claims(db, victim.name):
                    stood_in = late
                assert stood_in or late < STAND_IN
            took = time.monotonic() - killed
            await _quiet(store)
        nudges = db.execute("select distinct nudges from deadlines").fetchall()
    assert nudges == [(1,)], "each fired once"
    rows = await store.read(lambda s: [said.send for said in s.chat_after(0, 0) if said.send])
    named = Counter(number for send in rows for number in send.tickets)
    assert len(named) == DEADLINES
    assert set(named.values()) == {1}, "each named once in what was said"
    keys = Counter(key for each in running for key in each.sent)
    repeats = [key for key, times in keys.items() if times > 1]
    assert len(repeats) <= len(ACCOUNTS), "one repeat at most of what each account had in flight"
    await store.close()
    print(
        f"\n{DEADLINES} deadlines, {WORKERS} workers, one killed with deadlines in hand: each fired"
        f" once; its own after {stood_in:.1f} s, all after {took:.1f} s; {len(keys)} messages,"
        f" {len(repeats)} repeated"
    )


async def _one_at_work(db: Database, running: list[Process]) -> Process:
    """Return a worker that has deadlines in hand this moment."""
    async with asyncio.timeout(60):
        while True:
            for each in running:
                if _claims(db, each.name):
                    return each
            await asyncio.sleep(0)


def _fired(db: Database) -> int:
    return _count(db, "select count(*) from deadlines where nudges > 0")


def _claims(db: Database, worker: str) -> int:
    sql = "select count(*) from deadlines where claimed_until is not null and claim like %s"
    return _count(db, sql, f"{worker} %")


def _count(db: Database, sql: LiteralString, *values: object) -> int:
    row = db.execute(sql, values).fetchone()
    return int(row[0]) if row else 0


async def _quiet(store: Store) -> None:
    """Wait until all that was to be said is said."""
    async with asyncio.timeout(240):
        while await store.read(lambda s: s.first_waiting()):
            await asyncio.sleep(0.2)
