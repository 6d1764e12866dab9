"""WeChat and WeCom's group robots side by side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from bot.app import save_roster
from bot.config import AlertsConfig, RatesConfig, RobotConfig, WecomConfig
from bot.models import Decision, Reason, Role, RoleKind, Send
from handlers.roster import Roster
from tests.channels.wecom_server import PATH, WecomServer
from tests.conftest import GRIDS, ROLES
from tests.gateway.conftest import Serve

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


def robot(server: WecomServer) -> WecomConfig:
    return WecomConfig((RobotConfig("office", f"http://127.0.0.1:{server.port}{PATH}?key=k"),))


async def until(check: object) -> None:
    async with asyncio.timeout(20):
        while not check():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def test_the_only_account_is_down_and_the_robot_tells(serve: Serve) -> None:
    async with WecomServer("k") as server:
        alerts = AlertsConfig(("wecom:office",), timedelta(seconds=1))
        service = await serve(wecom=robot(server), alerts=alerts)
        await service.gateway.kill()
        await until(lambda: any("账号one掉线了" in str(s.content) for s in server.shown))
        await service.gateway.start()
        await until(lambda: any("账号one恢复了" in str(s.content) for s in server.shown))


async def test_a_supervisors_digest_goes_to_the_robot_with_its_chart(serve: Serve) -> None:
    async with WecomServer("k") as server:
        service = await serve(wecom=robot(server), at="17:50")
        office = Role("wecom:office", "社区值班室", RoleKind.SUPERVISOR, "V")
        roster = Roster(GRIDS, [*ROLES, office])
        await service.app.store.transact(lambda s: save_roster(s, roster, "with the office"))
        await service.gateway.say("r1", "R-1", LAMP)
        await service.gateway.hears("1001号", "R-1")
        await service.pass_(minutes=11)
        await until(lambda: len(server.shown) == 2)
        words, picture = server.shown
        assert "日报" in str(words.content)
        assert isinstance(picture.content, bytes)


async def test_an_account_speaks_slowly_and_the_emergency_goes_first(serve: Serve) -> None:
    slow = RatesConfig(0, 0, 0, timedelta(seconds=0.6))
    service = await serve(rates=slow)
    gateway = service.gateway
    sends = [
        Send(Reason.DIGEST, f"日报{i}", to=person) for i, person in enumerate(("u-c", "u-t", "u-v"))
    ]
    sends.append(Send(Reason.ALERT, "起火了", "R-1", urgent=True))
    sends.append(Send(Reason.OUTCOME, "办好了", "R-2"))
    now = service.clock()
    await service.app.store.transact(lambda s: s.apply(Decision(sends=tuple(sends)), now))
    service.app.outbox.wake()
    await gateway.until(lambda: len(gateway.sent()) == 5)
    assert gateway.texts()[:2] == ["起火了", "办好了"]
    at = [t["told_at"] for t in gateway.sent()]
    gaps = [b - a for a, b in pairwise(at)]
    assert all(0.55 < gap < 3 for gap in gaps), gaps


async def test_above_the_budget_of_the_day_only_emergencies_leave(serve: Serve) -> None:
    service = await serve(rates=RatesConfig(0, 0, 2, timedelta(0)))
    gateway = service.gateway
    now = service.clock()
    for i in range(4):
        urgent = i == 3
        reason = Reason.ALERT if urgent else Reason.NUDGE
        send = replace(Send(reason, f"第{i}条", f"R-{1 + i % 2}", urgent=urgent))
        await service.app.store.transact(lambda s, m=send: s.apply(Decision(sends=(m,)), now))  # type: ignore[misc]
        service.app.outbox.wake()
        await asyncio.sleep(0.3)
    await gateway.hears("第3条")
    await gateway.hears("到上限了", "u-a")
    assert [t for t in gateway.texts() if t.startswith("第")] == ["第0条", "第1条", "第3条"]
    await service.pass_(days=1)
    await gateway.hears("第2条")
