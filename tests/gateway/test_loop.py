"""The whole loop through a real gateway, on the real protocol."""

from __future__ import annotations

from tests.gateway.conftest import Serve
from tests.gateway.driver import BOT

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


async def test_from_report_to_outcome(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", LAMP)
    ack = await gateway.hears("1001号", "R-1")
    assert ack["mentions"] == ["u-1"]
    assert ack["text"].startswith("@林网格\u2005"), "the gateway writes the @ itself"
    await gateway.say("u-1", "R-1", "接单")
    await gateway.hears("由林网格接单了", "R-1")
    await gateway.say("u-1", "R-1", "进展 已联系物业，师傅在路上")
    await gateway.say("u-1", "R-1", "办结 换了灯泡")
    asked = await gateway.hears("您看行不行", "R-1")
    assert asked["mentions"] == ["r1"]
    await gateway.say("r1", "R-1", "满意，谢谢")
    await gateway.hears("1001号办结", "R-1")
    assert await service.story() == ["created", "claimed", "progress", "resolved", "confirmed"]


async def test_nudged_then_forwarded_level_by_level(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    await service.pass_(hours=2, minutes=1)
    nudge = await gateway.hears("还没人接", "R-1")
    assert "u-1" in nudge["mentions"]
    await service.pass_(hours=1)
    await service.pass_(hours=1)
    forwarded = await gateway.hears("1001号从", "R-B")
    assert forwarded["mentions"] == ["u-b"]
    await gateway.hears("已上报到柳岸一支部", "R-1")
    await gateway.say("u-b", "R-B", "接单 1001")
    await gateway.hears("鲍书记接单了", "R-1")
    await gateway.say("u-b", "R-B", "办结 1001 换了灯泡")
    await gateway.hears("您看行不行", "R-1")
    await gateway.say("r1", "R-1", "没解决，还是不亮")
    await gateway.hears("重新打开", "R-1")
    assert (await service.story())[-2:] == ["resolved", "reopened"]


async def test_the_digest_reaches_the_supervisor_with_its_chart(serve: Serve) -> None:
    service = await serve(at="17:50")
    gateway = service.gateway
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    await service.pass_(minutes=11)
    await gateway.hears("日报", "u-c")
    await gateway.until(lambda: any(t.get("file") for t in gateway.sent("u-c")))
    picture = next(t for t in gateway.sent("u-c") if t.get("file"))
    assert (picture["file"], picture["size"] > 20_000) == ("chart.png", True)


async def test_at_the_bot_a_leader_is_called_and_a_number_answers(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", "@接单助手\u2005电梯又坏了", BOT)
    await gateway.hears("1001号", "R-1")
    await gateway.say("r2", "R-1", "@林网格\u20055栋下水道堵了，污水漫出来了", "u-1")
    await gateway.hears("1002号", "R-1")
    await gateway.say("u-1", "R-1", "接单")
    await gateway.hears("接哪一单", "R-1")
    await gateway.say("u-1", "R-1", "1002")
    await gateway.hears("1002（", "R-1")
    assert await service.story(1002) == ["created", "claimed"]
