"""A client of a gateway on one of the layers, as a process that measure.py drives: orders
come as lines of JSON on standard input, what happened goes back on standard output.

    python clients.py wechaty|stubs|newer|ours        imports nothing but its layer
"""

# ruff: noqa: ANN401, PLC0415 (a layer's import is what is measured, and its objects have no types)
from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import io
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOM = "R-1"
AT_ONCE = 64  # texts being fetched
AGAIN = 0.1  # seconds until the next try to connect, where we write the loop
MESSAGE = 2  # EventType
SECONDS = 20
Heard = Callable[[str], None]


def base64_size(box: str) -> int:
    """Return how many bytes a file box holds."""
    data = json.loads(box)
    if "base64" not in data:
        raise RuntimeError("the gateway gives an id, to be fetched by Download: not in the stubs")
    return len(base64.b64decode(data["base64"]))


class WechatyLayer:
    """PyPI's wechaty, as its manual uses it."""

    reconnects = True

    def __init__(self) -> None:
        import cure

        cure.cure()
        import wechaty

        self._wechaty, self._options = wechaty, cure.quiet_options
        self._bot: Any = None

    async def listen(self, address: str, token: str, heard: Heard) -> None:
        async def on_message(message: Any) -> None:
            heard(message.text())

        self._bot = self._wechaty.Wechaty(self._options(address, token))
        self._bot.on_message = on_message
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            await self._bot.start()  # its whole life, with its own reconnecting
        words = " ".join(printed.getvalue().split())
        raise RuntimeError(f"start() returns without an error; it printed {words[:200]!r}")

    async def send(self, text: str) -> str:
        message = await self._bot.Room.load(ROOM).say(text)
        return str(message.message_id)

    async def file(self, message_id: str) -> int:
        message = self._bot.Message.load(message_id)
        await message.ready()
        box = await message.to_file_box()
        await box.to_file("file", overwrite=True)
        return Path("file").stat().st_size

    async def place(self, message_id: str) -> str:
        message = self._bot.Message.load(message_id)
        await message.ready()
        names = [name for name in dir(message) if "location" in name.lower()]
        return message.text() or _missing("a message has no method for it", names)


class Fetching:
    """Fetches the text of each message told of, as many at once as the product does."""

    def __init__(self, fetch: Callable[[str], Awaitable[str]], heard: Heard) -> None:
        self._fetch, self._heard = fetch, heard
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def event(self, kind: int, payload: str) -> None:
        if kind == MESSAGE:
            task = asyncio.create_task(self._one(json.loads(payload)["messageId"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, message_id: str) -> None:
        with contextlib.suppress(Exception):  # a killed gateway; a lost text shows in the count
            async with self._free:
                text = await self._fetch(message_id)
            self._heard(text)


class StubsLayer:
    """PyPI's wechaty-grpc over grpclib and betterproto."""

    reconnects = False

    def __init__(self) -> None:
        from grpclib.client import Channel
        from wechaty_grpc.wechaty import PuppetStub

        self._new_channel, self._new_stub = Channel, PuppetStub
        self._stub: Any = None

    async def listen(self, address: str, token: str, heard: Heard) -> None:
        host, _, port = address.rpartition(":")
        channel = self._new_channel(host, int(port))
        stub = self._new_stub(channel, metadata={"authorization": f"Wechaty {token}"})

        async def text(message_id: str) -> str:
            return str((await stub.message_payload(id=message_id)).text)

        fetching = Fetching(text, heard)
        try:
            await stub.version()
            await stub.start()
            self._stub = stub
            async for event in stub.event():
                fetching.event(event.type, event.payload)
        finally:
            channel.close()

    async def send(self, text: str) -> str:
        answer = await self._stub.message_send_text(
            conversation_id=ROOM, text=text, mentonal_ids=[]
        )
        return str(answer.id)

    async def file(self, message_id: str) -> int:
        return base64_size((await self._stub.message_file(id=message_id)).filebox)

    async def old_file(self, message_id: str) -> int:
        """The way before Download: the gateway still has it, "to be removed after Dec 31, 2022"."""
        size = 0
        async for answer in self._stub.message_file_stream(id=message_id):
            size += len(answer.file_box_chunk.data)
        return size

    async def place(self, message_id: str) -> str:
        names = [name for name in dir(self._stub) if "location" in name]
        return _missing("the stubs have no MessageLocation", names)


class NewerLayer:
    """The last development version of the same stubs, over a beta of betterproto."""

    reconnects = False

    def __init__(self) -> None:
        from grpclib.client import Channel
        from wechaty_grpc.wechaty import PuppetStub, puppet

        self._new_channel, self._new_stub, self._puppet = Channel, PuppetStub, puppet
        self._stub: Any = None

    async def listen(self, address: str, token: str, heard: Heard) -> None:
        host, _, port = address.rpartition(":")
        channel = self._new_channel(host, int(port))
        stub = self._new_stub(channel, metadata={"authorization": f"Wechaty {token}"})
        puppet = self._puppet

        async def text(message_id: str) -> str:
            return str((await stub.message_payload(puppet.MessagePayloadRequest(message_id))).text)

        fetching = Fetching(text, heard)
        try:
            await stub.version(puppet.VersionRequest())
            await stub.start(puppet.StartRequest())
            self._stub = stub
            async for event in stub.event(puppet.EventRequest()):
                fetching.event(event.type, event.payload)
        finally:
            channel.close()

    async def send(self, text: str) -> str:
        request = self._puppet.MessageSendTextRequest(conversation_id=ROOM, text=text)
        return str((await self._stub.message_send_text(request)).id)

    async def file(self, message_id: str) -> int:
        request = self._puppet.MessageFileRequest(message_id)
        box = (await self._stub.message_file(request)).file_box
        if "uuid" not in json.loads(box):
            return base64_size(box)
        size = 0
        async for answer in self._stub.download(
            self._puppet.DownloadRequest(json.loads(box)["uuid"])
        ):
            size += len(answer.chunk)
        return size

    async def place(self, message_id: str) -> str:
        request = self._puppet.MessageLocationRequest(message_id)
        return str((await self._stub.message_location(request)).location.address)


class OursLayer:
    """Our own table of messages over grpcio."""

    reconnects = False

    def __init__(self) -> None:
        sys.path.insert(0, str(Path(__file__).parents[2]))
        from bot.channels.wechaty import wire

        self._wire = wire
        self._gateway: Any = None

    async def listen(self, address: str, token: str, heard: Heard) -> None:
        gateway = self._wire.Gateway(self._wire.Endpoint(address, token))

        async def text(message_id: str) -> str:
            payload = await gateway.call("MessagePayload", SECONDS, id=message_id)
            return self._wire.words(payload.text)

        fetching = Fetching(text, heard)
        try:
            await gateway.call("Version", SECONDS)
            await gateway.call("Start", SECONDS)
            self._gateway = gateway
            async for kind, payload in gateway.events():
                fetching.event(kind, payload)
        finally:
            await gateway.close()

    async def send(self, text: str) -> str:
        answer = await self._gateway.call(
            "MessageSendText", SECONDS, conversation_id=ROOM, text=text, mentional_ids=[]
        )
        return str(answer.id)

    async def file(self, message_id: str) -> int:
        answer = await self._gateway.call("MessageFile", SECONDS, id=message_id)
        box = json.loads(answer.file_box)
        if "uuid" not in box:
            return base64_size(answer.file_box.decode())
        return len(await self._gateway.download(box["uuid"], 1 << 20, SECONDS))

    async def place(self, message_id: str) -> str:
        answer = await self._gateway.call("MessageLocation", SECONDS, id=message_id)
        return self._wire.words(answer.location.address)


def _missing(why: str, names: list[str]) -> str:
    if names:
        raise AssertionError(f"{why}? there is {names}")
    raise RuntimeError(why)


class Client:
    """Runs one layer and counts what it hears."""

    def __init__(self, layer: Any, tell: Callable[..., None]) -> None:
        self._layer, self._tell = layer, tell
        self._prefix, self._left = "", 0
        self._task: asyncio.Task[None] | None = None

    def heard(self, text: str) -> None:
        if self._left and text.startswith(self._prefix):
            self._left -= 1
            if not self._left:
                self._tell("heard", prefix=self._prefix, at=time.monotonic())

    async def _live(self, address: str, token: str) -> None:
        while True:
            try:
                await self._layer.listen(address, token, self.heard)
                self._tell("trouble", text="the stream ends without an error")
            except Exception as error:
                self._tell("trouble", text=described(error))
            if self._layer.reconnects:
                return
            await asyncio.sleep(AGAIN)

    async def connect(self, address: str, token: str) -> None:
        self._task = asyncio.create_task(self._live(address, token))

    async def expect(self, prefix: str, count: int) -> None:
        self._prefix, self._left = prefix, count

    async def send(self, prefix: str, count: int, at_once: int) -> dict[str, Any]:
        numbers, waits, last = iter(range(count)), [], ""

        async def worker() -> None:
            nonlocal last
            for number in numbers:
                began = time.perf_counter()
                last = await self._layer.send(f"{prefix}{number}")
                waits.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(at_once)))
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "median": statistics.median(waits), "id": last}

    async def memory(self) -> float:
        """Resident megabytes."""
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    async def read(self, what: str, id: str) -> Any:  # noqa: A002
        return await getattr(self._layer, what)(id)


def described(error: BaseException) -> str:
    """Return an error in one line, without the gateway's stack."""
    if hasattr(error, "status"):  # grpclib's
        return _first_line(f"{error.status.name}: {error.message}")
    if hasattr(error, "code"):  # grpcio's
        return _first_line(f"{error.code().name}: {error.details()}")
    name = "" if type(error) is RuntimeError else f"{type(error).__name__}: "  # ours, in words
    return _first_line(f"{name}{error}")


def _first_line(words: str) -> str:
    return (words.splitlines() or [""])[0][:160]


LAYERS = {"wechaty": WechatyLayer, "stubs": StubsLayer, "newer": NewerLayer, "ours": OursLayer}


async def main(layer: Any, importing: float, out: Any) -> None:
    def tell(event: str, **what: Any) -> None:
        out.write(json.dumps({"event": event, **what}) + "\n")
        out.flush()

    client = Client(layer, tell)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    tell("ready", seconds=importing)
    while line := await lines.readline():
        order = json.loads(line)
        try:
            answer = getattr(client, order.pop("do"))(**order)
            tell("done", answer=await answer if inspect.isawaitable(answer) else answer)
        except Exception as error:
            tell("failed", text=described(error))


if __name__ == "__main__":
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a package that prints must not disturb
    start = time.perf_counter()
    chosen = LAYERS[sys.argv[1]]()
    asyncio.run(main(chosen, time.perf_counter() - start, output))
