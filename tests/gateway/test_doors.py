"""Who is let in, and binding from inside the chat, on the real protocol."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.models import Code
from tests.gateway.conftest import WORLD, Serve, Service
from tests.gateway.driver import MockGateway

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"
NEW = {**WORLD, "people": {**WORLD["people"], "n1": "林网格的新号", "x": "陌生人"},
       "rooms": {**WORLD["rooms"], "R-new": {"topic": "新建的群", "members": [*WORLD["people"], "n1"]}}}  # fmt: skip


def _accepted(gateway: MockGateway) -> list[str]:
    return [t["id"] for t in gateway.told if t["event"] == "accepted"]


async def code(service: Service, words: str, kind: str, grid: str, name: str = "") -> None:
    now = service.clock()
    about = Code(kind, grid, name, now, now + timedelta(hours=72))
    await service.app.store.transact(lambda s: s.keep_code(words, about))


async def test_a_leader_with_a_code_and_a_new_account_binds_a_new_group(serve: Serve) -> None:
    service = await serve(world=NEW)
    gateway = service.gateway
    await gateway.say("r1", "R-new", LAMP)
    await code(service, "8K3Q7PMA", "person", "M1", "林网格")
    await code(service, "9WXY4CDE", "room", "M1")
    await gateway.say("n1", "R-new", "绑定 M1 9WXY-4CDE")
    await gateway.hears("认证", "R-new")
    await gateway.say("n1", None, "认证 8k3q-7pma")
    done = await gateway.hears("认证好了", "n1")
    assert "一支部一网格" in done["text"]
    await gateway.say("n1", "R-new", "绑定 M1 9WXY-4CDE")
    await gateway.hears("一支部一网格", "R-new")
    await gateway.say("r1", "R-new", LAMP)
    ack = await gateway.hears("1001号", "R-new")
    assert ack["mentions"] == ["n1"]
    await gateway.say("u-1", "R-new", "接单")  # the old account, whatever its nickname
    await asyncio.sleep(0.5)
    await gateway.say("n1", "R-new", "接单")
    await gateway.hears("接单了", "R-new")
    assert await service.story() == ["created", "claimed"]


async def test_friends_and_invitations_from_the_roster_or_with_a_code_only(serve: Serve) -> None:
    service = await serve(world=NEW)
    gateway = service.gateway
    await code(service, "8K3Q7PMA", "person", "M1", "林网格")
    refused = [
        await gateway.order("friend", from_="x", hello="您好，加一下"),
        await gateway.order("friend", from_="x", hello="认证 2222-3333"),
        await gateway.order("invite", from_="x", topic="刷单群", room="R-new"),
    ]
    accepted = [
        await gateway.order("friend", from_="u-2", hello="我是罗网格"),
        await gateway.order("friend", from_="n1", hello="认证 8K3Q-7PMA"),
        await gateway.order("invite", from_="u-1", topic="新建的群", room="R-new"),
    ]
    for answer in accepted:
        await gateway.until(lambda a=answer: a["id"] in _accepted(gateway))  # type: ignore[misc]
    await gateway.hears("认证好了", "n1")
    await asyncio.sleep(0.3)
    told = _accepted(gateway)
    assert not {answer["id"] for answer in refused} & set(told)
