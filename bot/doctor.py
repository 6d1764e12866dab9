"""`jiedan doctor`: what is wrong, in plain words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.app import open_store, promises_of, schedule_of, sqlite_path, triage_of
from bot.clock import machine
from bot.config import Config
from bot.roster_files import warnings_of
from bot.ticker import HEARTBEAT
from handlers.roster import Roster
from storage.base import Health, Session

LATE = timedelta(minutes=5)


async def examine(config: Config) -> int:
    """Print what is found; return 0 if nothing needs doing, 1 otherwise.

    Raises ConfigError or StorageError for what makes the program unable to start.
    """
    calendar = promises_of(config).calendar
    schedule_of(config)
    triage_of(config)
    now = machine()
    found = list(calendar.warnings([now.year, now.year + 1]))
    path = sqlite_path(config.storage.url)
    if not path.exists():
        found.append(f"数据库 {path} 还没有，导入名册时会建好")
    else:
        store = open_store(config.storage.url)
        try:
            found += await store.read(lambda s: list(_of_store(s, now)))
        finally:
            await store.close()
    for line in found:
        print(f"· {line}")
    print(f"查完了，{len(found)}处要看一看。" if found else "查完了，一切正常。")
    return 1 if found else 0


def _of_store(session: Session, now: datetime) -> Iterator[str]:
    roster = Roster(*session.load_roster())
    if not roster.grids:
        yield "名册是空的，先导入：jiedan import --grids 网格表 --people 人员表"
    yield from warnings_of(roster)
    yield from _of_health(session.health(now), session.setting(HEARTBEAT), now)


def _of_health(health: Health, beat: str, now: datetime) -> Iterator[str]:
    if health.damage:
        yield f"数据库自检不通过（{health.damage}），请停下程序，用备份恢复"
    if health.open_without_deadline:
        yield f"{health.open_without_deadline}单开着却没有时限，请把数据库留好并报给开发者"
    if health.overdue and (not beat or now - datetime.fromisoformat(beat) > LATE):
        yield f"{health.overdue}单到了时限没人管：程序没在跑？用 jiedan run 启动"
    if health.failed_messages:
        yield f"{health.failed_messages}条消息没能处理（近七天），原话都在收件表里，日志里有原因"
    if health.unbound_rooms:
        rooms = "、".join(health.unbound_rooms[:5])
        yield f"有{len(health.unbound_rooms)}个群不属于任何网格（{rooms}），请绑定，或写进网格表"
    if health.waiting_sends:
        yield f"{health.waiting_sends}条消息等了五分钟还没发出去，请看账号是不是掉线了、网络通不通"
