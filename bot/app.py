"""The one place that builds concrete things."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import cast
from uuid import uuid4

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.attachments import Cabinet
from bot.auditor import Auditor
from bot.channels.base import Channel
from bot.clock import Clock
from bot.config import Config, ConfigError
from bot.duty import Duty
from bot.forgetting import Forgetter, keep_of
from bot.models import Decision, Reason, RoleKind, Send
from bot.outbox import Outbox
from bot.pace import Pace, Rates
from bot.pipeline import Pipeline
from bot.ticker import HEARTBEAT, Ticker
from handlers.masking import mask
from handlers.roster import Roster
from handlers.triage import Triage
from handlers.triage.taught import TaughtError, load_taught
from schedules.calendar import Calendar
from schedules.digests import Schedule
from schedules.policy import Promises
from storage.base import Session, StorageError, Store, Worker
from storage.rows import stamp
from storage.sqlite import InlineStore, SqliteStore

log = logging.getLogger(__name__)

_SQLITE = "sqlite:///"
ROSTER_VERSION = "roster"
"""The setting that changes with each import, so that a running bot takes the new roster."""


@dataclass(slots=True)
class App:
    """The parts of a running program."""

    config: Config
    store: Store
    pipeline: Pipeline
    ticker: Ticker
    outbox: Outbox
    clock: Clock
    roster: Roster
    channel: Channel
    cabinet: Cabinet
    auditor: Auditor
    duty: Duty
    forgetter: Forgetter
    roster_version: str = ""

    def use_roster(self, roster: Roster) -> None:
        """Serve another roster from now on."""
        self.roster = self.pipeline.roster = self.ticker.roster = roster

    def rebound(self, session: Session, before: Roster, after: Roster) -> None:
        """Serve the roster that a binding made of ``before``; other processes will load it.

        Should the transaction fail, the version served is one that was never stored, so that the
        next tick loads what was. It does so too when an import came between.
        """
        version = uuid4().hex
        if session.setting(ROSTER_VERSION) == self.roster_version and before is self.roster:
            self.roster_version = version
        session.keep_setting(ROSTER_VERSION, version)
        self.use_roster(after)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the city's time zone."""
        return self.ticker.local(moment)

    async def tick(self) -> None:
        """Do what is due; beat the heart."""
        now = self.clock()
        await self.run_due()
        beat = stamp(now) or ""
        await self.store.transact(lambda s: s.keep_setting(HEARTBEAT, beat))

    async def run_due(self) -> None:
        """Take a roster that was imported meanwhile; do what is due."""
        version = await self.store.read(lambda s: s.setting(ROSTER_VERSION))
        if version != self.roster_version:
            self.use_roster(Roster(*await self.store.read(lambda s: s.load_roster())))
            self.roster_version = version
        await self.ticker.run_due(self.clock)

    async def warn_once(self, texts: list[str], now: datetime) -> None:
        """Warn of what each worker sees, if it is this one's office. Raises StorageError."""
        if self.duty.in_office:
            await self.warn(texts, now)

    async def warn(self, texts: list[str], now: datetime) -> None:
        """Queue warnings to the administrators on the roster and to whom `[alerts]` names.
        Raises StorageError."""
        if not texts:
            return
        people = [r.person for r in self.roster.roles if r.kind is RoleKind.ADMIN and r.person]
        text = mask("【接单】" + "\n".join(texts))
        addresses = dict.fromkeys((*people, *self.config.alerts.to))
        sends = tuple(Send(Reason.ALERT, text, to=a, urgent=True) for a in addresses)
        if sends:
            await self.store.transact(lambda s: s.apply(Decision(sends=sends), now))
            self.outbox.wake()


def is_postgres(url: str) -> bool:
    """Return whether a url names a PostgreSQL database."""
    return url.startswith(("postgresql://", "postgres://"))


def _postgres(url: str) -> Store:
    _postgres_driver()
    from storage.postgres import PostgresStore  # noqa: PLC0415 - its driver is an extra

    return PostgresStore.open(url)


def _postgres_driver() -> None:
    if find_spec("psycopg") is None:
        raise ConfigError("PostgreSQL 要多装一个驱动：pip install 'jiedan[postgres]'")


@contextmanager
def present(url: str) -> Iterator[Worker]:
    """Be a worker of a database: the only one of a file, one of any number on PostgreSQL. Raises
    StorageError if the database is somebody else's."""
    if is_postgres(url):
        _postgres_driver()
        from storage import presence  # noqa: PLC0415 - its driver is an extra

        with presence.present(url) as worker:
            yield worker
    else:
        with only_one(url):
            yield Worker()


@contextmanager
def only_one(url: str) -> Iterator[None]:
    """Hold a database that nobody else uses. Raises StorageError if somebody does."""
    if is_postgres(url):
        _postgres_driver()
        from storage import presence  # noqa: PLC0415

        with presence.alone(url):
            yield
        return
    path = sqlite_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("w")
    except OSError as error:
        raise StorageError(f"用不了数据库的目录 {path.parent}：{error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageError(f"数据库 {path} 已经有一个 jiedan 在用，先停掉那一个") from error
        yield


def sqlite_path(url: str) -> Path:
    """Return the file of a ``sqlite:///`` url. Raises ConfigError."""
    if not url.startswith(_SQLITE) or not url.removeprefix(_SQLITE):
        raise ConfigError(
            f"storage.url = “{url}”读不懂，写成 sqlite:///目录/文件.db 或 postgresql://…"
        )
    return Path(url.removeprefix(_SQLITE))


def open_store(url: str, durable: bool = True) -> Store:
    """Open the database of a url, making its folder; one that isn't durable is for a replay and
    will be thrown away. Raises ConfigError or StorageError."""
    if is_postgres(url):
        return _postgres(url)
    path = sqlite_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"建不了数据库的目录 {path.parent}：{error.strerror}") from error
    return SqliteStore.open(path) if durable else InlineStore(path)


def promises_of(config: Config) -> Promises:
    """Return the promises that a configuration sets. Raises ConfigError."""
    calendar = config.calendar
    try:
        built = Calendar(calendar.timezone, calendar.hours, calendar.rest_days)
    except ValueError as error:
        raise ConfigError(f"[calendar]：{error}") from error
    return Promises(config.policy.by_urgency(), built)


def schedule_of(config: Config) -> Schedule:
    """Return the digest times that a configuration sets. Raises ConfigError."""
    digest = config.digest
    try:
        return Schedule(digest.daily, digest.weekly, digest.monthly, config.calendar.timezone)
    except ValueError as error:
        raise ConfigError(f"[digest]：{error}") from error


def triage_of(config: Config) -> Triage:
    """Return triage with a configuration's local words and what leaders taught. Raises
    ConfigError; what was taught and can't be read is logged and done without."""
    taught = None
    if config.triage.taught:
        try:
            taught = load_taught(Path(config.triage.taught))
        except FileNotFoundError:
            pass  # nobody has taught anything yet
        except TaughtError as error:
            log.warning("%s", error)
    return Triage(local_words(config), taught=taught)


def local_words(config: Config) -> list[str]:
    """Return the local words of a configuration. Raises ConfigError."""
    if not config.triage.words:
        return []
    try:
        lines = Path(config.triage.words).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"[triage] words：读不了 {config.triage.words}，要 UTF-8 文本") from error
    words = (line.split("#")[0].strip() for line in lines)
    return [word for word in words if word]


async def get_ready(store: Store, config: Config) -> Roster:
    """Examine the database, load the dictionaries and the roster, all at once; return the roster.
    Raises StorageError, before anything is done, if the database is damaged."""
    ready = await asyncio.gather(
        store.examine(),
        store.read(lambda s: Roster(*s.load_roster())),
        asyncio.to_thread(triage_of, config),  # kept loaded, for build
        return_exceptions=True,
    )
    for fault in ready:  # of a damaged file the examination knows most, and comes last
        if isinstance(fault, BaseException):
            raise fault
    return cast(Roster, ready[1])


def build(
    config: Config,
    store: Store,
    roster: Roster,
    channel: Channel,
    clock: Clock,
    worker: Worker | None = None,
) -> App:
    """Wire the program."""
    worker = worker or Worker()
    promises = promises_of(config)
    pipeline = Pipeline(store, triage_of(config), promises, roster, clock)
    ticker = Ticker(store, promises, schedule_of(config), roster, worker)
    cabinet = cabinet_of(config, store, channel, clock)
    pace = Pace(rates_of(config), promises.calendar.local, random.Random())  # noqa: S311 - a pause
    duty = Duty(store, worker, lambda: [state.name for state in channel.states()], clock)
    outbox = Outbox(store, channel, pace, clock, promises.calendar.is_open, cabinet, duty)
    duty.gained = outbox.take_over

    def reaches(room: str | None) -> bool:
        return duty.alone or bool(channel.line(Send(Reason.ANSWER, "", room)))

    cabinet.reaches = reaches

    def committed() -> None:
        outbox.wake()
        cabinet.wake()

    pipeline.committed = ticker.committed = committed
    forgetter = Forgetter(store, keep_of(config), clock)
    forgetter.mine = lambda: duty.in_office
    auditor = Auditor(store, promises, audit_interval(config), clock)
    app = App(
        config,
        store,
        pipeline,
        ticker,
        outbox,
        clock,
        roster,
        channel,
        cabinet,
        auditor,
        duty,
        forgetter,
    )
    auditor.run_due, auditor.tell = app.run_due, app.warn_once
    pipeline.rebound = app.rebound
    outbox.name_of = lambda person: mask(
        next((r.name for r in app.roster.roles_of(person)), person)
    )
    return app


def audit_interval(config: Config) -> timedelta:
    """Return the time between two audits. Raises ConfigError."""
    if config.audit.every < timedelta(seconds=1):
        raise ConfigError("[audit] every：至少写 1s")
    return config.audit.every


def rates_of(config: Config) -> Rates:
    """Return how fast a configuration lets accounts speak."""
    rates = config.rates
    return Rates(
        rates.account_per_minute, rates.room_per_minute, rates.account_per_day, rates.pause
    )


def cabinet_of(config: Config, store: Store, channel: Channel, clock: Clock) -> Cabinet:
    """Return the folder of attachments that a configuration names."""
    kept = config.attachments
    return Cabinet(store, channel, clock, Path(kept.folder), kept.largest_mb << 20)


def save_roster(session: Session, roster: Roster, version: str) -> None:
    """Keep a roster; a running bot takes it at its next tick.

    Live tickets whose grid is gone go to the nearest grid above that is still there, and those
    of a group that was made anew follow it.
    """
    session.save_roster(roster.grids, roster.roles)
    for number, path in session.uprooted():
        home = next((roster.grid(c) for c in reversed(path.split("/")) if roster.grid(c)), None)
        if home:
            session.replant(number, home)
    session.keep_setting(ROSTER_VERSION, version)


@asynccontextmanager
async def running(app: App) -> AsyncIterator[App]:
    """Keep the channel, the ticker, the outbox, the cabinet and the auditor going."""
    await app.ticker.start(app.clock())
    await app.duty.start()
    loop, worker = asyncio.get_running_loop(), app.ticker.worker

    def hint() -> None:
        loop.call_soon_threadsafe(app.outbox.wake)

    worker.hint = hint
    on_duty = asyncio.create_task(app.duty.run())
    hearing = asyncio.create_task(_hear(app))
    parts = (app.outbox, app.cabinet, app.forgetter)
    saying = [asyncio.create_task(part.run()) for part in parts]
    auditing = asyncio.create_task(app.auditor.run())  # beside the scheduler, not on it
    scheduler = AsyncIOScheduler()
    scheduler.add_job(_safely(app), "interval", seconds=1, max_instances=1, coalesce=True)
    scheduler.start()
    try:
        yield app
    finally:
        worker.hint = lambda: None
        auditing.cancel()
        await asyncio.gather(auditing, return_exceptions=True)  # before the ticker stops: no alarm
        scheduler.shutdown(wait=False)
        for task in saying:
            task.cancel()
        await asyncio.gather(*saying, return_exceptions=True)
        await app.outbox.finish()  # while the channel is still there
        for task in (hearing, on_duty):  # what is ours is let go of last
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _hear(app: App) -> None:
    while True:
        try:
            await app.channel.run(app.pipeline.receive)
        except Exception:
            log.exception("the channel met a fault and starts anew")
        await asyncio.sleep(1)


def _safely(app: App) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        try:
            await app.tick()
        except asyncio.CancelledError:
            return  # told to stop in the middle; the scheduler would log a fault
        except StorageError as error:
            log.error("%s", error)
        except Exception:
            log.exception("a tick met a fault; the next one comes in a second")

    return tick
