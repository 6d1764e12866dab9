"""Files cut or altered: the program opens what is consistent, or refuses in one clear line.

Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import build, open_store, save_roster
from bot.clock import SetClock
from bot.models import Message
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network
from tests.torture.damage import CONFIG, LONGEST, Told, serve

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
DAMAGES = 120 if LARGE else 20
TICKETS = 200
MATTERS = ("{}栋的路灯坏了", "{}栋电梯坏了", "{}栋下水道堵了")

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.torture.damage"])


def run(url: str) -> Told:
    """Serve a day on a file, in a process of its own; it ends by itself or is ended."""
    ours, theirs = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=serve, args=(url, theirs))
    process.start()
    theirs.close()
    try:
        told: Told = ours.recv()
    except EOFError:
        process.join()
        told = Told(fault=f"it ended with {process.exitcode}, after {LONGEST} s at most")
    process.join(timeout=LONGEST)
    ours.close()
    return told


async def make_city(folder: Path) -> None:
    """Make a database as a crash leaves it: part of it is in its journal yet."""
    path = folder / "live.db"
    store = open_store(f"sqlite:///{path}")
    roster, clock = Roster(GRIDS, ROLES), SetClock(moment("09:00"))
    await store.transact(lambda s: save_roster(s, roster, "test"))
    app = build(CONFIG, store, roster, Network(), clock)
    for i in range(TICKETS):
        if i == TICKETS // 2:  # the older half is in the file, the newer in the journal
            with closing(sqlite3.connect(path)) as beside:
                beside.execute("pragma wal_checkpoint(truncate)")
        clock.now += timedelta(seconds=30)
        text = MATTERS[i % 3].format(1 + i)
        await app.pipeline.receive(
            Message(f"m{i}", clock(), f"R-{1 + i % 2}", f"r{i}", "居民", text=text)
        )
        await app.outbox.drain()
    for end in ("", "-wal"):
        shutil.copy(f"{path}{end}", folder / f"city.db{end}")
    await store.close()


def damage(path: Path, chance: random.Random) -> str:
    """Damage a file; return how."""
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data))
    how = chance.choice(("cut", "bit", "bytes", "zeros", "page", "head"))
    if how == "cut":
        del data[place:]
    elif how == "bit":
        data[place] ^= 1 << chance.randrange(8)
    elif how == "bytes":
        data[place : place + 64] = chance.randbytes(len(data[place : place + 64]))
    elif how == "zeros":
        data[place : place + 4096] = bytes(len(data[place : place + 4096]))
    elif how == "page":  # one that belongs elsewhere, as a confused disk writes it
        page, other = place // 4096 * 4096, chance.randrange(len(data)) // 4096 * 4096
        data[page : page + 4096] = data[other : other + 4096]
    else:
        data[chance.randrange(100)] = chance.randrange(256)
    path.write_bytes(bytes(data))
    return f"{path.name}: {how} at {place} of {len(data)}"


def tickets_of(path: Path) -> int:
    """Return how many tickets there are."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("select count(*) from tickets").fetchone()[0])


def faults_of(path: Path) -> str:
    """Return what is inconsistent in a database that was served; empty if nothing is."""
    with closing(sqlite3.connect(path)) as db:
        checked = db.execute("pragma integrity_check").fetchall()
        if checked != [("ok",)]:
            return str(checked[:3])
        ends = db.execute("select count(*) from tickets where state = 'closed'").fetchone()[0]
        if not ends:
            return "the new report did not go its whole way"
        lost = db.execute(
            "select count(*) from tickets t where"
            " not exists (select 1 from events e where e.ticket = t.number and e.event = 'created')"
            " or (t.state <> 'closed' and"
            "  not exists (select 1 from deadlines d where d.ticket = t.number))"
        ).fetchone()[0]
        return f"{lost} tickets without a history or a deadline" if lost else ""


@pytest.mark.timeout(900 if LARGE else 200)
async def test_a_damaged_file_is_served_consistent_or_refused_in_one_line(tmp_path: Path) -> None:
    await make_city(tmp_path)
    chance = random.Random(7)
    ends: Counter[str] = Counter()
    gone = 0
    for number in range(DAMAGES):
        path = tmp_path / f"d{number}.db"
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"city.db{end}", f"{path}{end}")
        which = Path(f"{path}-wal") if number % 3 == 2 else path
        where = damage(which, chance)
        told = run(f"sqlite:///{path}")
        assert not told.fault, f"{where}: {told.fault}"
        assert not any("Traceback" in line for line in told.log), f"{where}: {told.log}"
        assert len(told.log) < 20, f"{where}: a loop? {told.log}"
        if told.refused:
            assert "\n" not in told.refused
            ends[which.name.partition(".")[2] + " refused"] += 1
        else:
            assert not faults_of(path), where
            gone = max(gone, 1 + TICKETS - tickets_of(path))
            ends[which.name.partition(".")[2] + " served"] += 1
        for file in tmp_path.glob(f"d{number}.*"):
            file.unlink()
    print(
        f"\n{DAMAGES} damaged files: {dict(ends)}; at worst {gone} of {TICKETS} tickets went with a"
        " damaged journal"
    )
    assert ends["db refused"]
    assert ends["db-wal served"]
