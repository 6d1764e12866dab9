"""`jiedan run` and `jiedan demo`: the program as it serves people."""

from __future__ import annotations

import asyncio
import csv
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path

from aiohttp import web

from bot import logs, networks
from bot.app import App, build, open_store, present, promises_of, running, save_roster
from bot.channels.simulator import Simulator
from bot.clock import Clock, ShiftedClock, machine
from bot.config import Config, ConfigError, ConsoleConfig, SimulatorConfig, StorageConfig
from bot.roster_files import load_roster
from bot.watch import Watch
from bot.web.console import Console
from bot.web.simulator import AHEAD, Resident, SimulatorPage
from handlers.roster import Roster
from schedules.calendar import Calendar
from storage.base import Store, Worker


async def serve(config: Config) -> int:
    """Serve the configured channel until told to stop; return the exit code."""
    networks.check(config)
    with present(config.storage.url) as worker:
        store = open_store(config.storage.url)
        roster = Roster(*await store.read(lambda s: s.load_roster()))
        if not roster.grids:
            await store.close()
            raise ConfigError("名册是空的，先导入：jiedan import --grids 网格表 --people 人员表")
        if config.channel == "simulator":
            return await _simulate(config, store, roster, [], worker)
        return await _groups(config, store, roster, worker)


async def demo(folder: Path, port: int | None) -> int:
    """Serve the sample township on the simulator; return the exit code."""
    simulator = replace(SimulatorConfig(), port=port) if port else SimulatorConfig()
    url = f"sqlite:///{folder / 'demo.db'}"
    config = replace(Config(), storage=StorageConfig(url), simulator=simulator)
    sample = files("bot") / "sample"
    with present(url) as worker, as_file(sample) as tables:
        store = open_store(url)
        roster = load_roster(tables / "grids.csv", tables / "people.csv")
        await store.transact(lambda s: save_roster(s, roster, "sample"))
        with (tables / "residents.csv").open(encoding="utf-8", newline="") as file:
            residents = [Resident(**row) for row in csv.DictReader(file)]
        return await _simulate(config, store, roster, residents, worker)


async def _simulate(
    config: Config, store: Store, roster: Roster, residents: list[Resident], worker: Worker
) -> int:
    logs.set_up()
    clock = ShiftedClock(await _ahead(store, config, bool(residents)))
    network = Simulator()
    app = build(config, store, roster, networks.with_robots(config, network), clock, worker)
    page = SimulatorPage(app, network, clock, residents)
    app.outbox.delivered = page.changed
    try:
        async with running(app), _served(page.routes(), config.simulator, "[simulator]"):
            where = f"http://{config.simulator.host}:{config.simulator.port}/"
            print(f"打开 {where} 看模拟器，按 Ctrl+C 停下。", flush=True)
            await _told_to_stop()
    finally:
        await store.close()
    return 0


async def _groups(config: Config, store: Store, roster: Roster, worker: Worker) -> int:
    """Serve the WeChat groups."""
    logs.set_up()
    try:
        async with group_service(config, store, roster, machine, worker) as app:
            where = f"http://{config.console.host}:{config.console.port}/"
            names = "、".join(account.name for account in config.wechaty.account)
            print(f"账号 {names} 开始值守，在办的单看 {where}，按 Ctrl+C 停下。", flush=True)
            del app
            await _told_to_stop()
    finally:
        await store.close()
    return 0


@asynccontextmanager
async def group_service(
    config: Config, store: Store, roster: Roster, clock: Clock, worker: Worker | None = None
) -> AsyncIterator[App]:
    """Keep the WeChat groups served, the accounts watched and the console open."""
    from bot.porter import Porter  # noqa: PLC0415 - with it the gateway's protocol is imported

    porter = Porter(store, clock)
    channel = networks.wechat(config, await porter.doors(), clock)
    app = build(config, store, roster, networks.with_robots(config, channel), clock, worker)
    channel.on_duty = app.duty.serve
    watch = Watch(app)
    porter.roster, porter.removed = lambda: app.roster, watch.removed
    async with running(app), _served(Console(app).routes(), config.console, "[console]"):
        watching = asyncio.create_task(watch.run())
        try:
            yield app
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _ahead(store: Store, config: Config, sample: bool) -> timedelta:
    """Return how far ahead the simulator's clock is: as it was left, or, for the sample, so that
    the day has just begun."""
    kept = await store.read(lambda s: s.setting(AHEAD))
    if kept or not sample:
        return timedelta(seconds=float(kept or 0))
    calendar = promises_of(config).calendar
    ahead = _next_nine(calendar, machine()) - machine()
    await store.transact(lambda s: s.keep_setting(AHEAD, str(ahead.total_seconds())))
    return ahead


def _next_nine(calendar: Calendar, now: datetime) -> datetime:
    """Return nine o'clock of the working day to come."""
    opening = calendar.next_open(now)
    nine = opening.replace(hour=9, minute=0, second=0, microsecond=0)
    if nine > now:
        return nine
    tomorrow = opening.replace(hour=0, minute=0) + timedelta(days=1)
    return calendar.next_open(tomorrow).replace(hour=9, minute=0, second=0, microsecond=0)


@asynccontextmanager
async def _served(
    routes: Iterable[web.AbstractRouteDef], where: SimulatorConfig | ConsoleConfig, section: str
) -> AsyncIterator[None]:
    site_app = web.Application()
    site_app.add_routes(routes)
    runner = web.AppRunner(site_app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, where.host, where.port).start()
    except OSError as error:
        await runner.cleanup()
        change = "换一个：jiedan demo --port 8800，或者配置里的"
        raise ConfigError(
            f"端口 {where.port} 用不了（{error.strerror}），{change} {section} port"
        ) from error
    try:
        yield
    finally:
        await runner.cleanup()


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
    print("正在停下……", file=sys.stderr)
