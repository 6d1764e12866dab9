"""`jiedan doctor`: what is wrong, in plain words, and what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot import networks
from bot.app import (
    audit_interval,
    is_postgres,
    open_store,
    promises_of,
    schedule_of,
    sqlite_path,
    triage_of,
)
from bot.auditor import AUDITED, MISSED, kept_findings
from bot.clock import machine
from bot.config import Config
from bot.roster_files import warnings_of
from bot.ticker import HEARTBEAT
from handlers.masking import mask
from handlers.roster import Roster
from storage.base import Health, Session, StorageError, Store
from storage.rows import moment

LATE = timedelta(minutes=5)
_RECENT = timedelta(days=7)


async def examine(config: Config, online: bool = False) -> int:
    """Print what is found; return 0 if nothing needs doing, 1 otherwise.

    ``online`` calls on the gateways and on the running program as well. Raises ConfigError or
    StorageError for what makes the program unable to start.
    """
    networks.check(config)
    calendar = promises_of(config).calendar
    schedule_of(config)
    triage_of(config)
    now = machine()
    found = list(calendar.warnings([now.year, now.year + 1]))
    url = config.storage.url
    if not is_postgres(url) and not sqlite_path(url).exists():
        found.append(f"数据库 {sqlite_path(url)} 还没有，导入名册时会建好")
    else:
        store = open_store(url)
        try:
            damage = await _damage(store)
            found += damage
            every = audit_interval(config)
            found += await store.read(lambda s: list(_of_audit(s, now, every, calendar.local)))
            found += await store.read(lambda s: list(_of_store(s, now)))
        except (StorageError, LookupError, ValueError):
            if not damage:
                raise  # else it is told already, with as much as could be read
        finally:
            await store.close()
    if online:
        found += [line async for line in _online(config)]
    for line in found:
        print(f"· {line}")
    print(f"查完了，{len(found)}处要看一看。" if found else "查完了，一切正常。")
    return 1 if found else 0


async def _damage(store: Store) -> list[str]:
    try:
        await store.examine()
    except StorageError as error:
        return [str(error)]
    return []


async def _online(config: Config) -> AsyncIterator[str]:
    if config.channel != "wechaty":
        return
    from bot.channels.wechaty.troubles import probe  # noqa: PLC0415 - only where it is chosen

    for account in config.wechaty.account:
        trouble = await probe(networks.endpoint_of(account))
        if trouble:
            yield f"账号{account.name}：{trouble}"
        if not account.tls and not _is_here(account.endpoint):
            yield f"账号{account.name}：网关在别的机器上，口令和群里的话都不加密，请开 TLS"
    health = await _health(config)
    if health is None:
        yield "程序没在跑（/healthz 没有回音），用 jiedan run 启动"
    elif not health.get("beating"):
        yield "程序开着，但定时的事停了，请看日志"
    for state in (health or {}).get("accounts", ()):
        if not state["working"]:
            yield f"账号{state['name']}没在值守：{state['why']}"


def _is_here(endpoint: str) -> bool:
    return endpoint.rpartition(":")[0] in {"127.0.0.1", "localhost", "[::1]"}


async def _health(config: Config) -> dict[str, Any] | None:
    """Return what the running program says of itself, None if none answers."""
    where = f"http://{config.console.host}:{config.console.port}/healthz"
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(where) as answer:
            said: dict[str, Any] = await answer.json()
            return said
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def _of_store(session: Session, now: datetime) -> Iterator[str]:
    roster = Roster(*session.load_roster())
    if not roster.grids:
        yield "名册是空的，先导入：jiedan import --grids 网格表 --people 人员表"
    yield from map(mask, warnings_of(roster))
    yield from _of_health(session.health(now), session.setting(HEARTBEAT), now)


def _of_health(health: Health, beat: str, now: datetime) -> Iterator[str]:
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
    if health.dropped_sends:
        yield f"{health.dropped_sends}条催办或日报没发出去、也不再发（近七天），发件表里写着为什么"
    if health.gone_attachments:
        yield f"{health.gone_attachments}张图片或文件没存下来（近七天），在办页面上写着为什么"


def _of_audit(
    session: Session, now: datetime, every: timedelta, local: Callable[[datetime], datetime]
) -> Iterator[str]:
    """Say what the last audit found, and whether it is the last that there should have been."""
    beat, audited = moment(session.setting(HEARTBEAT)), moment(session.setting(AUDITED))
    findings = kept_findings(session)
    if beat and now - beat < LATE and (audited is None or now - audited > MISSED * every + LATE):
        yield "程序开着，但巡检停了，请看日志"
    for fault in findings.faults:
        yield f"巡检（{local(audited or now):%m-%d %H:%M}）：{fault}"
    repaired_at = moment(findings.repaired_at)
    if repaired_at and now - repaired_at < _RECENT:
        yield (
            f"巡检修好过{findings.repaired}单的时限（最近一次 {local(repaired_at):%m-%d %H:%M}），"
            "单号在日志里，请报给开发者"
        )
