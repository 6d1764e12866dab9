"""Gateways, accounts and groups in trouble."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from bot.channels.base import AccountState
from bot.channels.wechaty.channel import Doors, Wechaty
from bot.channels.wechaty.wire import Endpoint
from bot.clock import machine
from bot.models import Decision, Message, Reason, Send
from tests.gateway.conftest import WORLD, Serve, Service
from tests.gateway.driver import BOT, TOKEN, MockGateway, free_port

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"
SECOND = "wxid_bot2"


async def until(check: object, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # type: ignore[operator]
            await asyncio.sleep(0.02)


async def queue(service: Service, *sends: Send) -> None:
    now = service.clock()
    await service.app.store.transact(lambda s: s.apply(Decision(sends=sends), now))
    service.app.outbox.wake()


async def test_two_accounts_in_one_group_are_one_ticket_and_one_answer(serve: Serve) -> None:
    service = await serve(BOT, SECOND)
    first, second = service.gateways
    for i, same_id in enumerate((True, False)):
        text = (LAMP, "5栋下水道堵了，污水漫出来了")[i]
        ids = (f"same{i}", f"same{i}") if same_id else (f"a{i}", f"b{i}")
        at = int(service.clock().timestamp() * 1000)
        await asyncio.gather(
            first.say(f"r{i + 1}", "R-1", text, id=ids[0], at=at),
            second.say(f"r{i + 1}", "R-1", text, id=ids[1], at=at),
        )
        await first.hears(f"{1001 + i}号", "R-1")
    await asyncio.sleep(0.5)
    assert len(first.sent("R-1")) == 2
    assert second.sent() == []
    assert await service.app.store.read(lambda s: s.ticket(1003)) is None


async def test_the_other_account_goes_on_when_one_is_down(serve: Serve) -> None:
    service = await serve(BOT, SECOND)
    first, second = service.gateways
    await first.kill()
    await until(lambda: not service.state("one").working)
    await second.say("r1", "R-1", LAMP)
    await second.hears("1001号", "R-1")
    down = await second.hears("账号one掉线了", "u-a")
    assert "没有网关在跑" in down["text"] or "断" in down["text"]
    port = service.app.config.console.port
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"http://127.0.0.1:{port}/healthz")
        health = await answer.json()
    assert answer.status == 503
    assert [a["working"] for a in health["accounts"]] == [False, True]
    await first.start()
    await until(lambda: service.state("one").working)
    await until(
        lambda: any("账号one恢复了" in text for g in (first, second) for text in g.texts("u-a"))
    )
    async with aiohttp.ClientSession() as session:
        assert (await session.get(f"http://127.0.0.1:{port}/healthz")).status == 200


async def test_logged_out_and_in_again(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.order("out")
    await until(lambda: not service.state().working)
    assert "重新扫码" in service.state().why
    await queue(service, Send(Reason.ESCALATE, "等着", "R-1"))
    await asyncio.sleep(0.5)
    assert gateway.sent() == []
    await gateway.order("in")
    await gateway.hears("等着", "R-1")


async def test_put_out_of_a_group(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.order("leave", room="R-B", who=BOT, by="u-b")
    told = await gateway.hears("移出了", "u-a")
    assert "柳岸一支部" in told["text"]
    await queue(service, Send(Reason.ESCALATE, "有一单", "R-B"))
    await asyncio.sleep(0.5)
    assert gateway.sent("R-B") == []
    await gateway.order("join", room="R-B", who=BOT, by="u-b")
    await gateway.hears("有一单", "R-B")


async def test_muted_in_a_group_others_go_on_and_the_administrator_hears(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.order("mute", room="R-1")
    await gateway.say("r1", "R-1", LAMP)
    await gateway.say("r2", "R-2", "5栋下水道堵了，污水漫出来了")
    await gateway.hears("1002号", "R-2")
    assert gateway.sent("R-1") == []
    for _ in range(4):
        await service.pass_(minutes=3)
        await asyncio.sleep(0.3)
    told = await gateway.hears("发不出去", "u-a")
    assert "一支部一网格" in told["text"]
    assert "muted" in told["text"]
    await gateway.order("unmute", room="R-1")
    await service.pass_(minutes=11)
    await gateway.hears("1001号", "R-1")


async def test_the_other_account_speaks_where_one_is_muted(serve: Serve) -> None:
    service = await serve(BOT, SECOND)
    first, second = service.gateways
    await first.order("mute", room="R-1")
    await queue(service, Send(Reason.ESCALATE, "换个账号说", "R-1"))
    await until(lambda: service.app.channel.line(Send(Reason.ACK, "", "R-1")).account == "two")  # type: ignore[union-attr]
    service.clock.ahead += timedelta(seconds=6)
    await second.hears("换个账号说", "R-1")
    assert first.sent() == []


async def test_a_send_that_fails_and_one_that_takes_ten_seconds(serve: Serve) -> None:
    service = await serve(BOT, SECOND, world={**WORLD, "rooms": {
        room: {**about, "members": [m for m in about["members"] if m != (SECOND if room == "R-1" else BOT)]}
        for room, about in WORLD["rooms"].items()
    }})  # fmt: skip
    first, second = service.gateways
    await first.order("slow", ms=10_000)
    began = time.monotonic()
    await queue(
        service, Send(Reason.ESCALATE, "慢慢来", "R-1"), Send(Reason.ESCALATE, "不等他", "R-2")
    )
    await second.hears("不等他", "R-2")
    assert time.monotonic() - began < 5
    await first.hears("慢慢来", "R-1")
    assert time.monotonic() - began > 9
    await second.order("fail", times=1)
    await queue(service, Send(Reason.ESCALATE, "再试", "R-2"))
    await asyncio.sleep(0.5)
    assert "再试" not in second.texts()
    await service.pass_(seconds=10)
    await second.hears("再试", "R-2")
    assert second.texts().count("再试") == 1


async def test_a_frozen_gateway_is_noticed_and_taken_again(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    began = time.monotonic()
    gateway.signal(signal.SIGSTOP)
    await until(lambda: not service.state().working, 40)
    assert time.monotonic() - began < 30
    gateway.signal(signal.SIGCONT)
    await until(lambda: service.state().working)
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")


async def test_killed_while_it_sends_an_escalation_goes_again_and_a_nudge_is_dropped(
    serve: Serve,
) -> None:
    service = await serve()
    gateway = service.gateway
    for reason, text in ((Reason.ESCALATE, "有一单"), (Reason.NUDGE, "催一催")):
        await gateway.order("slow", ms=20_000)
        await queue(service, Send(reason, text, "R-1"))
        await asyncio.sleep(0.7)
        await gateway.kill()
        await until(lambda: not service.state().working)
        await gateway.start()
        await until(lambda: service.state().working)
        await service.pass_(seconds=30)
        await gateway.hears("有一单", "R-1")
    await asyncio.sleep(1)
    assert gateway.texts("R-1") == ["有一单"]
    health = await service.app.store.read(lambda s: s.health(service.clock()))
    assert health.dropped_sends == 1


async def test_the_second_program_is_told_that_the_place_is_taken(serve: Serve) -> None:
    service = await serve()
    state = await _state_of(Endpoint(service.gateway.address, TOKEN))
    assert "已经有一个程序连着" in state.why
    assert service.state().working


async def _state_of(endpoint: Endpoint) -> AccountState:
    """What an account says that tries this endpoint for a while."""

    async def nobody(_: str) -> str:
        return ""

    channel = Wechaty([("x", endpoint)], Doors(lambda _: False, nobody), machine)
    running = asyncio.create_task(channel.run(_ignore))
    try:
        await until(
            lambda: channel.states()[0].why not in {"正在连接", "网关连上了，账号还没登录微信"}
        )
        return channel.states()[0]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _ignore(_: Message) -> None:
    return None


class Stranger:
    """Something on a port that is no gateway: a website, or a program that says nothing."""

    def __init__(self, *, silent: bool) -> None:
        self.silent = silent
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await reader.read(100)
        if not self.silent:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
            await writer.drain()
            writer.close()


async def test_each_wrong_endpoint_is_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("gateways")
    plain, safe = MockGateway(folder, WORLD), MockGateway(folder, WORLD, tls=True)
    await plain.start()
    await safe.start()
    async with Stranger(silent=False) as website, Stranger(silent=True) as silence:
        good = Endpoint(plain.address, TOKEN)
        cases = {
            replace(good, token="another_token"): "不认这个口令",
            replace(good, address=website): "不是 Wechaty 网关",
            replace(good, address=silence): "没有回音",
            replace(good, address=f"127.0.0.1:{free_port()}"): "没有网关在跑",
            replace(good, address="nohost.invalid:8788"): "主机名找不到",
            replace(good, tls=True): "没有开 TLS",
            replace(good, address=safe.address): "tls 改成 true",
            replace(good, address=safe.address, tls=True): "没有可信的机构签发",
            replace(good, address=safe.address, tls=True, ca=safe.authority()): "server_name",
        }
        for endpoint, says in cases.items():
            state = await _state_of(endpoint)
            assert says in state.why, endpoint
            assert "\n" not in state.why
            assert not state.working
    fitting = replace(
        good, address=safe.address, tls=True, ca=safe.authority(), server_name="insecure"
    )
    channel = Wechaty([("x", fitting)], Doors(lambda _: False, _no_code), machine)
    running = asyncio.create_task(channel.run(_ignore))
    await until(lambda: channel.states()[0].working)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await plain.kill()
    await safe.kill()


async def _no_code(_: str) -> str:
    return ""


async def test_a_slow_gateway_and_a_broken_name_lose_nothing(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.order("stall", ms=7_000)  # longer than an answer is waited for
    await gateway.say("r1", "R-1", LAMP)
    await asyncio.sleep(6)
    await gateway.order("stall", ms=0)
    await gateway.hears("1001号", "R-1", seconds=60)
    await gateway.order("file", from_="r1", room="R-1", name="灯\ud83d13812345678.png", size=400)
    await gateway.order("file", from_="r1", room="R-1", name="好的.png", size=500)
    await gateway.say("u-1", "R-1", "吹哨 要换灯杆")
    await gateway.hears("1001号从", "R-B")
    await gateway.until(lambda: len([t for t in gateway.sent("R-B") if t.get("file")]) == 2)
    assert [t["file"] for t in gateway.sent("R-B") if t.get("file")] == ["1.png", "2.png"]


async def test_frozen_in_the_middle_of_a_send_and_a_fetch(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.order("slow", ms=3_000)
    await queue(service, Send(Reason.NUDGE, "催一催", "R-1"))
    await asyncio.sleep(0.5)
    gateway.signal(signal.SIGSTOP)
    await until(lambda: not service.state().working, 40)
    gateway.signal(signal.SIGCONT)
    await until(lambda: service.state().working)
    await gateway.order("slow", ms=0)
    await service.pass_(minutes=5)
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    picture = await gateway.order("file", from_="r1", room="R-1", name="a.png", size=400)
    async with asyncio.timeout(20):
        while True:
            found = await service.app.store.read(lambda s: s.attachment(picture["id"]))
            if found and found.state == "kept":
                break
            await asyncio.sleep(0.05)
    assert gateway.texts("R-1").count("催一催") <= 1
