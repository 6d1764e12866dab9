"""The auditor beside a running program whose rows and whose ticker are broken for real."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.app import App, build, open_store, running, save_roster
from bot.auditor import AUDITED, kept_findings
from bot.clock import SetClock
from bot.config import AuditConfig, Config, ConfigError, RatesConfig
from bot.doctor import examine
from bot.models import Message, Role, RoleKind, Ticket
from bot.web.console import Console
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network
from tests.scenarios.test_running import eventually

TEXTS = ("3栋路灯坏了", "5栋电梯坏了", "8栋下水道堵了", "门口的垃圾堆成山没人清")
ADMIN = Role("u-a", "管理员", RoleKind.ADMIN, "C")


class City:
    """A program with four open tickets, 1001 to 1004, and a way to break it."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.network = SetClock(moment("09:00")), Network()
        store = open_store(f"sqlite:///{folder / 'live.db'}")
        config = replace(
            Config(), rates=RatesConfig(0, 0, 0, timedelta(0)),
            audit=AuditConfig(timedelta(seconds=1)),
        )  # fmt: skip
        self.app: App = build(
            config, store, Roster(GRIDS, [*ROLES, ADMIN]), self.network, self.clock
        )
        self.app.auditor.patience = 2.2

    async def open(self) -> None:
        roster = self.app.roster
        await self.app.store.transact(lambda s: save_roster(s, roster, "first"))
        for i, text in enumerate(TEXTS):
            await self.app.pipeline.receive(
                Message(f"m{i}", self.clock(), "R-1", f"r{i}", text=text)
            )

    async def sql(self, statement: str, *values: object) -> list[Any]:
        return await self.app.store.transact(
            lambda s: s._run(statement, values).fetchall()  # type: ignore[attr-defined]
        )

    async def ticket(self, number: int = 1001) -> Ticket:
        found = await self.app.store.read(lambda s: s.ticket(number))
        assert found is not None
        return found

    async def findings(self) -> tuple[tuple[str, ...], int]:
        found = await self.app.store.read(kept_findings)
        return found.faults, found.repaired

    async def until(self, check: Callable[[tuple[tuple[str, ...], int]], bool]) -> None:
        async with asyncio.timeout(15):
            while not check(await self.findings()):
                await asyncio.sleep(0.05)

    def told(self, person: str = "u-a") -> list[str]:
        return [s.text for s in self.network.sends if s.to == person and s.reason == "alert"]


@asynccontextmanager
async def a_city(folder: Path, start: bool = True) -> AsyncIterator[City]:
    city = City(folder)
    try:
        await city.open()
        if start:
            async with running(city.app):
                yield city
        else:
            yield city
    finally:
        await city.app.store.close()


async def test_deadlines_deleted_under_the_program_come_back_and_the_group_is_nudged(
    tmp_path: Path,
) -> None:
    async with a_city(tmp_path) as city:
        before = [(await city.ticket(n)).deadline for n in range(1001, 1005)]
        await city.sql("delete from deadlines")
        await city.until(lambda f: f[1] == 4)
        assert [(await city.ticket(n)).deadline for n in range(1001, 1005)] == before
        city.clock.now = moment("11:01")
        await eventually(lambda: any(s.reason == "nudge" for s in city.network.sends))
        assert (await city.findings())[0] == ()
        assert city.told() == []


async def test_each_broken_row_is_put_right_and_each_ticket_moves_on(tmp_path: Path) -> None:
    async with a_city(tmp_path, start=False) as city:
        await city.sql("update deadlines set kind = 'confirm' where ticket = 1001")
        await city.sql("update deadlines set due = '9999-01-01T00:00:00+00:00' where ticket = 1002")
        await city.sql("update deadlines set due = 'soon' where ticket = 1003")
        await city.sql(
            "insert into deadlines values (4242, 'claim', '2026-11-24T00:00:00', 0, '', null)"
        )
        await city.sql(
            "update tickets set state = 'closed', ended_at = created_at where number = 1004"
        )
        await city.app.auditor.audit()
        assert await city.findings() == ((), 5)
        assert await city.app.store.read(lambda s: s.ticket(1004).deadline) is None  # type: ignore[union-attr]
        city.clock.now = moment("11:01")
        await city.app.tick()
        nudged = [t for t in range(1001, 1004) if (await city.ticket(t)).deadline.nudges]  # type: ignore[union-attr]
        assert nudged == [1001, 1002, 1003]
        rows = await city.sql("select ticket from deadlines order by ticket")
        assert [row[0] for row in rows] == [1001, 1002, 1003]
        assert {e.kind for e in await city.app.store.read(lambda s: s.history(1001))} == {"created"}
        await city.app.auditor.audit()
        assert await city.findings() == ((), 5), "nothing is repaired twice"


async def test_one_that_can_not_be_read_stops_no_other_and_is_told_of_once(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city:
        await city.sql("update tickets set place = 'nowhere' where number = 1002")
        await city.sql("delete from deadlines")
        await city.until(lambda f: f[1] == 3)
        assert (await city.ticket(1004)).deadline
        await eventually(city.told)
        await city.until(
            lambda f: f[0] == ("1002号在数据库里读不出来，请把数据库留好并报给开发者",)
        )
        await asyncio.sleep(2.5)
        assert len(city.told()) == 1
        assert "1002号在数据库里读不出来" in city.told()[0]


async def test_a_ticket_that_the_ticker_can_not_move_is_reported(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city:
        await eventually(lambda: bool(city.network.sends))
        # its age can't be told (no zone), so that each nudge of it fails
        await city.sql("update tickets set level_since = '2026-11-24T01:00:00' where number = 1003")
        city.clock.now = moment("11:01")
        await asyncio.sleep(1.5)
        city.clock.now = moment("11:13")
        await city.until(lambda f: bool(f[0]))
        assert (await city.findings())[0] == ("1003号到了时限却一直没动静，请看日志",)
        await eventually(city.told)


async def test_the_scheduler_dies_and_what_is_due_is_done_all_the_same(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city:
        await eventually(lambda: bool(city.network.sends))
        for scheduler in (o for o in gc.get_objects() if isinstance(o, AsyncIOScheduler)):
            if scheduler.running:
                scheduler.remove_all_jobs()
        await asyncio.sleep(0.2)
        city.clock.now = moment("11:01")
        await city.until(lambda f: f[0] == ("催办和日报停了，巡检先代办着，请看日志，重启程序",))
        await eventually(lambda: any(s.reason == "nudge" for s in city.network.sends))
        await eventually(city.told)
        city.clock.now = moment("12:03")
        await eventually(lambda: sum(s.reason == "nudge" for s in city.network.sends) >= 2)
        assert len(city.told()) == 1


async def test_a_ticker_that_fails_each_time_is_reported(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city:
        await city.sql("update jobs set fired_at = 'never'")
        city.clock.now = moment("09:02")
        await city.until(lambda f: f[0] == ("催办和日报停了，巡检代办也没成，请看日志，重启程序",))
        await eventually(city.told)


async def test_a_jump_of_the_clock_is_no_fault(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city:
        for _ in range(4):
            city.clock.now += timedelta(days=2)
            await asyncio.sleep(0.9)
        await asyncio.sleep(2.5)
        assert city.told() == []
        assert await city.findings() == ((), 0)


async def test_monitoring_sees_an_auditor_that_is_gone(tmp_path: Path) -> None:
    async with a_city(tmp_path) as city:
        site = web.Application()
        site.add_routes(Console(city.app).routes())
        async with TestClient(TestServer(site)) as client:
            await city.until(lambda _: True)
            await eventually_healthy(client)
            answer = await (await client.get("/healthz")).json()
            assert answer["ok"]
            assert answer["audited"] == 0
            (auditing,) = (t for t in asyncio.all_tasks() if "Auditor.run" in repr(t))
            auditing.cancel()
            city.clock.now += timedelta(seconds=5)
            await asyncio.sleep(1.3)
            gone = await client.get("/healthz")
            answer = await gone.json()
            assert (gone.status, answer["audited"], answer["beating"]) == (503, 5, True)


async def eventually_healthy(client: TestClient[Any, Any]) -> None:
    async with asyncio.timeout(10):
        while (await client.get("/healthz")).status != 200:
            await asyncio.sleep(0.05)


async def test_the_doctor_tells_what_the_auditor_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with a_city(tmp_path, start=False) as city:
        await city.sql("update tickets set place = 'nowhere' where number = 1002")
        await city.sql("delete from deadlines")
        await city.app.auditor.audit()
        assert await city.app.store.read(lambda s: s.setting(AUDITED))
        config = replace(
            city.app.config,
            storage=replace(city.app.config.storage, url=f"sqlite:///{tmp_path / 'live.db'}"),
        )
    assert await examine(config) == 1
    said = capsys.readouterr().out
    assert "· 巡检（11-24 09:00）：1002号在数据库里读不出来" in said
    assert "巡检修好过3单的时限（最近一次 11-24 09:00）" in said
    assert "自检不通过（tickets 1002）" in said


async def test_an_interval_of_nothing_is_refused(tmp_path: Path) -> None:
    config = replace(Config(), audit=AuditConfig(timedelta(0)))
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(ConfigError, match=r"\[audit\] every"):
        build(config, store, Roster(GRIDS, ROLES), Network(), SetClock(moment("09:00")))
    await store.close()
