"""Ways to speak to a gateway from Python, measured: PyPI's wechaty, its stubs, our own table.

    make bench-layers            all of it: some five minutes, most of it wechaty's own waiting
    .venv/bin/python -m benchmarks.layers.measure --sizes        what an installation weighs

Each layer runs in a virtual environment and a process of its own (clients.py), beside a fresh mock
gateway. Prints a table and writes figures.json.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.gateway.conftest import WORLD
from tests.gateway.driver import ROOT, TOKEN, MockGateway

HERE = Path(__file__).parent
LOCKS = {
    "wechaty": HERE / "requirements.txt", "stubs": HERE / "requirements.txt",
    "newer": HERE / "requirements-newer.txt", "ours": ROOT / "requirements.lock",
}  # fmt: skip
ONLY = {  # of what those files pin; pip refuses to go on if one that is needed isn't here
    "stubs": {"wechaty-grpc", "betterproto", "grpclib", "h2", "hpack", "hyperframe", "multidict",
              "stringcase"},
    "ours": {"grpcio", "protobuf", "typing-extensions"},
}  # fmt: skip
NAMES = {
    "wechaty": "`wechaty` 0.10.7", "stubs": "`wechaty-grpc` 0.20.19",
    "newer": "`wechaty-grpc` 1.5.dev4", "ours": "our table, grpcio",
}  # fmt: skip
AT_ONCE = 32
LATENCIES = 200
PATIENCE = 90.0  # seconds for a client to be back
FILE = 100 << 10
CHATTER = "今天的鱼好新鲜，谁家要带一条"
ROWS = {
    "in": ("messages in, a second", "{:,.0f}"),
    "out": (f"replies out, a second, {AT_ONCE} at once", "{:,.0f}"),
    "reply_ms": ("one reply, ms", "{:.1f}"),
    "memory": ("memory after that, MB", "{:.0f}"),
    "import": ("import, s", "{:.2f}"),
    "back": ("hears again after the gateway is back, s", "{:.1f}"),
    "login_kept": ("connecting keeps the WeChat session", "{}"),
    "id": ("a send returns the message's id", "{}"),
    "file": ("file of 100 KB", "{}"),
    "old_file": ("the same by `MessageFileStream`, to be removed since 2022", "{}"),
    "half": ("text with half an emoji", "{}"),
    "place": ("place from the map", "{}"),
    "wrong_token": ("a wrong token", "{}"),
    "second": ("a second client", "{}"),
    "packages": ("packages installed", "{}"),
    "size": ("size installed, MB", "{:.1f}"),
}


class ClientError(Exception):
    """The client couldn't do it; the text is its error."""


class Client:
    """A process of clients.py."""

    def __init__(self, layer: str, python: str, folder: Path) -> None:
        self.layer, self._python, self._folder = layer, python, folder
        self.told: list[dict[str, Any]] = []
        self._changed = asyncio.Event()

    async def start(self) -> float:
        """Start it; return the seconds that the import took."""
        self._process = await asyncio.create_subprocess_exec(
            self._python, str(HERE / "clients.py"), self.layer, cwd=self._folder,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=(self._folder / f"{self.layer}.log").open("ab"),
            env={**os.environ, "CACHE_DIR": str(self._folder)},
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        return float((await self.event("ready"))["seconds"])

    async def _read(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            self.told.append(json.loads(line))
            self._changed.set()

    async def event(self, *names: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for one of these events and take it."""
        async with asyncio.timeout(seconds):
            while True:
                for what in self.told:
                    if what["event"] in names:
                        self.told.remove(what)
                        return what
                self._changed.clear()
                await self._changed.wait()

    async def do(self, order: str, **what: Any) -> Any:  # noqa: ANN401
        """Give an order and return its answer. Raises ClientError."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": order, **what}).encode() + b"\n")
        answer = await self.event("done", "failed", seconds=120)
        if answer["event"] == "failed":
            raise ClientError(answer["text"])
        return answer["answer"]

    async def end(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reader


class Bench:
    """The runs of one layer."""

    def __init__(self, layer: str, python: str, folder: Path, count: int) -> None:
        self._layer, self._python, self._folder, self._count = layer, python, folder, count

    @contextlib.asynccontextmanager
    async def _pair(self, token: str = TOKEN) -> AsyncIterator[tuple[MockGateway, Client, float]]:
        gateway = MockGateway(self._folder, WORLD)
        client = Client(self._layer, self._python, self._folder)
        await gateway.start()
        importing = await client.start()
        await client.do("connect", address=gateway.address, token=token)
        try:
            yield gateway, client, importing
        finally:
            await client.end()
            await gateway.kill()

    async def speed(self) -> dict[str, Any]:
        """What is measured over and over."""
        found: dict[str, Any] = {}
        async with self._pair() as (gateway, client, found["import"]):
            await hears(gateway, client, "hello")
            try:
                await client.do("send", prefix="login", count=1, at_once=1)
                found["login_kept"] = "yes"
            except ClientError as error:
                found["login_kept"] = f"no, a send then fails: {error}"
                await gateway.order("in")  # as somebody who scans the code again
                await asyncio.sleep(1)

            await client.do("expect", prefix="in ", count=self._count)
            began = time.monotonic()
            await gateway.order(
                "flood", from_="r1", room="R-1", text=f"in {CHATTER}", id="in", count=self._count
            )
            found["in"] = self._count / ((await client.event("heard"))["at"] - began)

            many = await client.do("send", prefix=CHATTER, count=self._count, at_once=AT_ONCE)
            said = [text for text in gateway.texts() if text.startswith(CHATTER)]
            assert len(said) == self._count, f"{len(said)} arrived"
            found["out"] = self._count / many["seconds"]

            one = await client.do("send", prefix="reply", count=LATENCIES, at_once=1)
            found["reply_ms"] = one["median"] * 1000
            last = gateway.sent()[-1]["id"]
            found["id"] = "yes" if one["id"] == last else f"no: {one['id']!r}"
            found["memory"] = await client.do("memory")

            await gateway.kill()
            await asyncio.sleep(1)
            await gateway.start()
            began = time.monotonic()
            try:
                found["back"] = await hears(gateway, client, "back", PATIENCE) - began
            except TimeoutError:
                found["back"] = None
        return found

    async def checks(self) -> dict[str, Any]:
        """What is looked at once."""
        found: dict[str, Any] = {}
        async with self._pair() as (gateway, client, _):
            await hears(gateway, client, "hello")
            file = await gateway.order("file", from_="r1", room="R-1", name="lamp.jpg", size=FILE)
            place = await gateway.order(
                "place", from_="r1", room="R-1", address="浏阳", name="桥头"
            )
            found["file"] = await read(client, "file", file["id"], FILE)
            if self._layer == "stubs":
                found["old_file"] = await read(client, "old_file", file["id"], FILE)
            found["place"] = await read(client, "place", place["id"], "浏阳")
            try:
                await hears(gateway, client, "half", 5, tail="\ud83d")
                found["half"] = "yes"
            except TimeoutError:
                found["half"] = "no: the message is lost"
            found["second"] = await self._second(gateway, client)
        async with self._pair("wrong") as (_, client, _):
            try:
                found["wrong_token"] = (await client.event("trouble", seconds=30))["text"]
            except TimeoutError:
                found["wrong_token"] = "not reported in 30 s"
        return found

    async def _second(self, gateway: MockGateway, first: Client) -> str:
        first.told.clear()
        second = Client(self._layer, self._python, self._folder)
        await second.start()
        await second.do("connect", address=gateway.address, token=TOKEN)
        try:
            told = (await second.event("trouble", seconds=5))["text"]
        except TimeoutError:
            told = "it gets in"
        try:
            await hears(gateway, first, "still", 5)
            kept = "the first still hears"
        except TimeoutError:
            kept = "the first hears nothing more"
            if first.told:
                kept += f" ({first.told[0].get('text', '')})"
        await second.end()
        return f"{told}; {kept}"


async def hears(
    gateway: MockGateway, client: Client, words: str, seconds: float = 30, tail: str = ""
) -> float:
    """Have somebody talk until the client hears it; return when it did."""
    await client.do("expect", prefix=words, count=1)
    async with asyncio.timeout(seconds):
        number = 0
        while True:
            await gateway.say("r1", "R-1", f"{words}{number}{tail}")
            number += 1
            with contextlib.suppress(TimeoutError):
                return float((await client.event("heard", seconds=0.05))["at"])


async def read(client: Client, what: str, message_id: str, expected: object) -> str:
    """Return whether the client can read something."""
    try:
        found = await client.do("read", what=what, id=message_id)
    except ClientError as error:
        return f"no: {error}"
    return "yes" if found == expected else f"no: {found!r}"


def environment(layer: str, folder: Path) -> tuple[str, dict[str, Any]]:
    """Make a virtual environment for a layer; return its Python and what is in it."""
    venv.create(folder / layer, symlinks=True)
    python = folder / layer / "bin" / "python"
    blocks = LOCKS[layer].read_text(encoding="utf-8").replace("\n    ", "\0").splitlines()
    pinned = [b for b in blocks if layer not in ONLY or b.split("==")[0] in ONLY[layer]]
    wanted = folder / f"{layer}.txt"
    wanted.write_text("\n".join(pinned).replace("\0", "\n    "), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--require-hashes",
         "--disable-pip-version-check", "-r", wanted], check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    packages = next((folder / layer / "lib").glob("python*")) / "site-packages"
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    count = len(list(packages.glob("*.dist-info")))
    return str(python), {"packages": count, "size": size / 1e6}


def middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the middle one of each figure, and every different word."""
    found: dict[str, Any] = {}
    for key, first in runs[0].items():
        values = [run[key] for run in runs]
        if isinstance(first, str):
            found[key] = "; ".join(dict.fromkeys(values))
        else:  # never back counts as worst
            one = statistics.median(float("inf") if v is None else v for v in values)
            found[key] = None if one == float("inf") else one
    return found


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Return the figures as Markdown."""
    lines = ["| | " + " | ".join(NAMES[layer] for layer in figures) + " |"]
    lines.append("| --- |" + " --- |" * len(figures))
    for key, (title, form) in ROWS.items():
        if any(key in found for found in figures.values()):
            cells = (cell(found, key, form) for found in figures.values())
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(found: dict[str, Any], key: str, form: str) -> str:
    if key not in found:
        return "–"
    if found[key] is None:
        return f"not in {PATIENCE:.0f}"
    return form.format(found[key]).replace("|", "/")


async def main(count: int, rounds: int, only_sizes: bool) -> None:
    busy = os.getloadavg()[0]
    figures: dict[str, dict[str, Any]] = {}
    runs: dict[str, list[dict[str, Any]]] = {layer: [] for layer in NAMES}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        benches = {}
        for layer in NAMES:
            python, figures[layer] = environment(layer, folder)
            python = sys.executable if layer == "ours" else python
            benches[layer] = Bench(layer, python, folder, count)
        if only_sizes:
            print(table(figures))
            return
        for number in range(rounds):  # in turns, so that what else the machine does hits all
            for layer, bench in benches.items():
                runs[layer].append(await bench.speed())
                print(f"round {number + 1}, {layer}: {runs[layer][-1]}", file=sys.stderr)
        for layer, bench in benches.items():
            figures[layer] = {**middle(runs[layer]), **await bench.checks(), **figures[layer]}
    told = {
        "measured": datetime.now(UTC).date().isoformat(), "python": platform.python_version(),
        "cores": os.cpu_count(), "load_before": busy, "grpcio": version("grpcio"),
        "messages": count, "rounds": rounds, "layers": figures, "runs": runs,
    }  # fmt: skip
    (HERE / "figures.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    print(table(figures))
    print(f"\n{count} messages, median of {rounds}; Python {told['python']}, "
          f"{told['cores']} cores shared with the gateway; {told['measured']}")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", action="store_true", help="sizes alone")
    options = parser.parse_args()
    asyncio.run(main(options.count, options.rounds, options.sizes))
