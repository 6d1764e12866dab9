"""What every channel promises; one class, run over each network."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.channels.base import Channel, FetchError, File, Hears, SendError
from bot.channels.recorder import Recorder
from bot.channels.simulator import Simulator
from bot.channels.switchboard import Switchboard
from bot.channels.wechaty.channel import Doors, Wechaty
from bot.channels.wechaty.wire import Endpoint
from bot.channels.wecom import Robot, Wecom
from bot.clock import machine
from bot.models import BOT_MENTION, Kind, Message, Reason, Send
from tests.channels.wecom_server import PATH, WecomServer
from tests.gateway.conftest import WORLD
from tests.gateway.driver import BOT, TOKEN, MockGateway

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass
class Arrived:
    """What people saw."""

    text: str
    mentions: tuple[str, ...] = ()
    file: bool = False


@dataclass
class Network:
    """A channel with the means to look at it from outside. ``say`` is None where nothing is
    heard; ``arrived`` where what arrives can't be seen."""

    channel: Channel
    room: str
    nowhere: str | None
    """An address that this channel can't reach; None if it reaches all."""
    arrived: Callable[[], list[Arrived]]
    say: Callable[[str, str, tuple[str, ...]], Awaitable[str]] | None = None
    recall: Callable[[str, str], Awaitable[str]] | None = None
    heard: list[Message] = field(default_factory=list)

    async def receive(self, message: Message) -> None:
        self.heard.append(message)


async def _simulator(stack: AsyncExitStack, folder: Path) -> Network:
    del stack, folder
    channel = Simulator()
    shown: dict[str, Arrived] = {}
    plain = channel.send

    async def send(send: Send, key: str, files: tuple[File, ...] = ()) -> str:
        sent_id = await plain(send, key, files)
        shown[sent_id] = Arrived(send.text, send.mentions)  # the page shows each id once
        return sent_id

    channel.send = send  # type: ignore[method-assign,assignment]

    async def say(person: str, text: str, mentions: tuple[str, ...]) -> str:
        message = Message(f"s{text}", machine(), "R-1", person, text=text, mentions=mentions)
        await channel.hear(message)
        return message.id

    async def recall(person: str, of: str) -> str:
        message = Message(f"r{of}", machine(), "R-1", person, kind=Kind.RECALLED, quote=of)
        await channel.hear(message)
        return message.id

    return Network(channel, "R-1", None, lambda: list(shown.values()), say, recall)


async def _recorder(stack: AsyncExitStack, folder: Path) -> Network:
    del stack, folder
    seen: list[Arrived] = []
    channel = Recorder(lambda _, send: seen.append(Arrived(send.text, send.mentions)))
    return Network(channel, "R-1", None, lambda: seen)


async def _wechaty(stack: AsyncExitStack, folder: Path) -> Network:
    gateway = MockGateway(folder, WORLD)
    await gateway.start()
    stack.push_async_callback(gateway.kill)

    async def nobody(_: str) -> str:
        return ""

    channel = Wechaty(
        [("one", Endpoint(gateway.address, TOKEN))], Doors(lambda _: False, nobody), machine
    )

    def arrived() -> list[Arrived]:
        return [
            Arrived(t["text"].rpartition("\u2005")[2], tuple(t["mentions"]), bool(t.get("file")))
            for t in gateway.sent("R-1")
        ]

    async def say(person: str, text: str, mentions: tuple[str, ...]) -> str:
        called = [BOT if m == BOT_MENTION else m for m in mentions]
        return await gateway.say(person, "R-1", text, *called)

    async def recall(person: str, of: str) -> str:
        return str((await gateway.order("recall", from_=person, room="R-1", of=of))["id"])

    return Network(channel, "R-1", "R-nowhere", arrived, say, recall)


async def _wecom(stack: AsyncExitStack, folder: Path) -> Network:
    del folder
    server = await stack.enter_async_context(WecomServer("k"))
    channel = Wecom([Robot("office", f"http://127.0.0.1:{server.port}{PATH}?key=k")])
    return Network(channel, "wecom:office", "wecom:nobody", lambda: _shown(server))


async def _switchboard(stack: AsyncExitStack, folder: Path) -> Network:
    main = await _wechaty(stack, folder)
    server = await stack.enter_async_context(WecomServer("k"))
    robots = Wecom([Robot("office", f"http://127.0.0.1:{server.port}{PATH}?key=k")])
    main.channel = Switchboard(main.channel, {"wecom": robots})
    return main


def _shown(server: WecomServer) -> list[Arrived]:
    return [
        Arrived(s.content if isinstance(s.content, str) else "", file=isinstance(s.content, bytes))
        for s in server.shown
    ]


NETWORKS = {"simulator": _simulator, "recorder": _recorder, "wechaty": _wechaty, "wecom": _wecom,
            "switchboard": _switchboard}  # fmt: skip


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not check():
            await asyncio.sleep(0.01)


class TestChannel:
    @pytest.fixture(params=NETWORKS)
    async def network(
        self, request: pytest.FixtureRequest, tmp_path: Path
    ) -> AsyncIterator[Network]:
        async with AsyncExitStack() as stack:
            network = await NETWORKS[request.param](stack, tmp_path)
            running = asyncio.create_task(network.channel.run(network.receive))
            await until(lambda: all(s.working for s in network.channel.states()))
            yield network
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def test_what_is_said_arrives_once_under_an_id(self, network: Network) -> None:
        ids = [
            await network.channel.send(Send(Reason.ACK, text, network.room), key)
            for key, text in (("1", "第一句"), ("2", "第二句\n两行"))
        ]
        assert all(ids)
        assert len(set(ids)) == 2
        await until(lambda: len(network.arrived()) == 2)
        assert [a.text for a in network.arrived()] == ["第一句", "第二句\n两行"]

    async def test_who_can_be_reached_has_a_line_and_nobody_else(self, network: Network) -> None:
        line = network.channel.line(Send(Reason.ACK, "", network.room))
        assert line is not None
        assert line.account
        if network.nowhere:
            lost = Send(Reason.ACK, "没人", network.nowhere)
            assert network.channel.line(lost) is None
            with pytest.raises(SendError):
                await network.channel.send(lost, "9")

    async def test_mentions_ring_if_it_says_so(self, network: Network) -> None:
        send = Send(Reason.NUDGE, "请接单", network.room, mentions=("u-1",))
        await network.channel.send(send, "1")
        await until(network.arrived)
        line = network.channel.line(send)
        assert line is not None
        assert network.arrived()[0].mentions == (("u-1",) if line.abilities.mentions else ())

    async def test_pictures_arrive_after_the_words_if_it_says_so(self, network: Network) -> None:
        send = Send(Reason.ESCALATE, "请看图", network.room)
        line = network.channel.line(send)
        assert line is not None
        files = (File("a.png", PNG), File("b.png", PNG + b"\0")) if line.abilities.pictures else ()
        await network.channel.send(send, "1", files)
        await until(lambda: len(network.arrived()) == 1 + len(files))
        assert [a.file for a in network.arrived()] == [False, *(True for _ in files)]

    async def test_a_repeat_is_one_message_if_it_says_so(self, network: Network) -> None:
        send = Send(Reason.ACK, "只说一次", network.room)
        line = network.channel.line(send)
        assert line is not None
        ids = {await network.channel.send(send, "1") for _ in range(2)}
        if line.abilities.idempotent:
            assert len(ids) == len(network.arrived()) == 1
        else:
            await until(lambda: len(network.arrived()) == 2)

    async def test_everything_is_heard_if_it_says_so(self, network: Network) -> None:
        line = network.channel.line(Send(Reason.ACK, "", network.room))
        assert line is not None
        if network.say is None:
            await network.channel.send(Send(Reason.ACK, "说给自己听", network.room), "1")
            await asyncio.sleep(0.1)
            assert network.heard == []
            return
        assert line.abilities.hears is Hears.EVERYTHING
        await network.channel.send(Send(Reason.ACK, "自己的话", network.room), "1")
        said = [await network.say("r1", text, ()) for text in ("一", "二", "三")]
        said.append(await network.say("r2", "叫你呢", (BOT_MENTION, "u-1")))
        await until(lambda: len(network.heard) == 4)
        assert [m.id for m in network.heard] == said, "in order, and never its own"
        last = network.heard[-1]
        assert (last.room, last.sender, last.text) == (network.room, "r2", "叫你呢")
        assert last.mentions == (BOT_MENTION, "u-1")

    async def test_what_is_taken_back_is_told_if_it_says_so(self, network: Network) -> None:
        line = network.channel.line(Send(Reason.ACK, "", network.room))
        assert line is not None
        if network.say is None or network.recall is None:
            return
        assert line.abilities.recalls
        said = await network.say("r1", "说错了", ())
        await network.recall("r1", said)
        await until(lambda: len(network.heard) == 2)
        assert (network.heard[-1].kind, network.heard[-1].quote) == (Kind.RECALLED, said)

    async def test_a_picture_that_nobody_sent_is_no_fault(self, network: Network) -> None:
        with pytest.raises(FetchError):
            await network.channel.fetch("no such message", network.room, 1000)
