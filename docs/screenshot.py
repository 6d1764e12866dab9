"""Draw docs/simulator.png: a lively day in the sample township. Run by hand, with Chinese fonts."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import async_playwright

ROOT = Path(__file__).absolute().parent.parent
CHROMIUM = "/usr/bin/chromium"

Step = tuple[str, str | None, str] | dict[str, Any]
"""Who says what in which group, or how the clock moves."""

SCENE: list[Step] = [
    {"to": "08:00"},
    {"minutes": 25},
    ("p-luojg", "yb", "各位书记，今天有中雨，低洼处多转一转"),
    {"minutes": 2},
    ("p-pengsl", "yb", "收到，桂花社区已安排"),
    ("p-liuds", "yb", "收到"),
    {"minutes": 8},
    ("r-11", "yb-gh-2-1", "12栋后面的下水道堵了，污水都漫出来了"),
    {"minutes": 40},
    ("r-09", "yb-gh-2-1", "是的，臭得很"),
    {"minutes": 100},
    ("p-weili", "yb-gh-2", "吹哨 要动大管道，支部弄不了"),
    {"minutes": 6},
    ("p-pengsl", "yb-gh", "接单"),
    {"minutes": 5},
    ("p-pengsl", "yb-gh", "进展 联系了疏通公司，下午四点到"),
    {"minutes": 250},
    ("r-01", "yb-gh-1-1", "3栋的路灯坏了，晚上老人走路看不见"),
    {"minutes": 3},
    ("r-02", "yb-gh-1-1", "我家楼下也是黑的"),
    {"minutes": 2},
    ("p-lichh", "yb-gh-1-1", "接单"),
    {"minutes": 45},
    ("p-lichh", "yb-gh-1-1", "办结 换了新灯泡，线也查过了"),
    {"minutes": 4},
    ("r-01", "yb-gh-1-1", "满意"),
    ("r-03", "yb-gh-1-1", "谢谢春花"),
]


@asynccontextmanager
async def demo(data: Path) -> AsyncIterator[str]:
    """Serve the sample township; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--data", str(data), "--port", str(port), cwd=ROOT
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def answers(web: aiohttp.ClientSession) -> None:
    """Wait until the program serves."""
    until = time.monotonic() + 20
    while True:
        try:
            async with web.get("/api/world") as response:
                response.raise_for_status()
                return
        except aiohttp.ClientError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)


async def play(web: aiohttp.ClientSession) -> None:
    """Act the scene."""
    for step in SCENE:
        if isinstance(step, dict):
            path, data = "/api/clock", step
        else:
            sender, room, text = step
            path = "/api/say"
            data = {"room": room, "sender": sender, "text": text, "kind": "text",
                    "quote": None, "mentions": []}  # fmt: skip
        async with web.post(path, json=data) as response:
            response.raise_for_status()
        await asyncio.sleep(0.15)


async def shoot(url: str, out: Path, person: str, size: tuple[int, int], drawer: bool) -> None:
    """Open the page as somebody and keep the picture."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
        await page.goto(url)
        await page.wait_for_selector("[data-testid=message]")
        for room in ("yb-gh-2", "yb-gh"):
            await page.get_by_test_id(f"tab-{room}").click()
        await page.get_by_test_id(f"person-{person}").evaluate("node => node.click()")
        if drawer:
            await page.get_by_test_id("dm-button").click()
        await page.wait_for_timeout(800)
        await page.screenshot(path=out)
        await browser.close()


async def main() -> None:
    """Play the scene and keep the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "docs" / "simulator.png")
    parser.add_argument("--person", default="p-lichh", help="who is picked")
    parser.add_argument("--size", type=int, nargs=2, default=(1440, 900))
    parser.add_argument("--drawer", action="store_true", help="go on to 18:00, open the messages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with demo(Path(folder)) as url, aiohttp.ClientSession(url) as web:
            await answers(web)
            await play(web)
            if options.drawer:
                async with web.post("/api/clock", json={"to": "18:00"}) as response:
                    response.raise_for_status()
                await asyncio.sleep(1.5)
            await shoot(url, options.out, options.person, tuple(options.size), options.drawer)


if __name__ == "__main__":
    asyncio.run(main())
