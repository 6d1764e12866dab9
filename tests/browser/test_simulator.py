"""The simulator as its visitors use it: the real program, a real browser."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
RESIDENT, LEADER = "r-01", "p-lichh"
SUPERVISORS = {"p-zhoumy": "浏川市", "p-tanli": "样板街道", "p-jiangwen": "桂花社区"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(45),
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason="no /usr/bin/chromium: sh tests/browser/install.sh"
    ),
]
expect.set_options(timeout=8000)


class Program:
    """`jiedan demo` on a folder of its own."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "bot", "demo"]
        command += ["--data", str(self._data / "data"), "--port", str(self.port)]
        log = self._data / "demo.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        until = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/world", timeout=2) as answer:  # noqa: S310
                return answer.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)


class Visitor:
    """Somebody at the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def pick(self, person: str) -> None:
        # A click also where the list is folded: the tests are about what is said.
        await self.page.get_by_test_id(f"person-{person}").evaluate("row => row.click()")

    async def say(self, text: str, tier: str = "microgrid") -> None:
        box = self.page.get_by_test_id(f"input-{tier}")
        await box.fill(text)
        await box.press("Enter")

    def said(self, reason: str, tier: str = "microgrid") -> Locator:
        messages = self.page.get_by_test_id(f"messages-{tier}")
        return messages.locator(f"[data-from=bot][data-reason={reason}]")

    async def report(self, text: str = "3栋的路灯坏了") -> str:
        """A resident reports; return the ticket's number."""
        await self.pick(RESIDENT)
        await self.say(text)
        ack = self.said("ack").last
        await expect(ack).to_contain_text(re.compile(r"\d{4}号"))
        return re.search(r"(\d{4})号", await ack.inner_text())[1]

    async def wait_for(self, sign: Locator, button: str, most: int = 24) -> None:
        """Move the clock until something shows; a long holiday needs many moves."""
        for _ in range(most):
            if await sign.count():
                return
            await self.page.get_by_test_id(button).click()
            await expect(self.page.get_by_test_id("clock-progress")).to_be_hidden(timeout=15000)
            await self.page.wait_for_timeout(200)
        await expect(sign).not_to_have_count(0)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    running = Program(tmp_path)
    try:
        running.start()
        yield running
    finally:
        running.kill()


@pytest.fixture
async def visitor(program: Program) -> AsyncIterator[Visitor]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(8000)
        await page.goto(program.url)
        await expect(page.get_by_test_id("link")).to_have_attribute("data-state", "open")
        yield Visitor(page)
        await browser.close()


async def test_a_report_is_taken_done_and_confirmed(visitor: Visitor) -> None:
    number = await visitor.report()
    await expect(visitor.said("ack")).to_contain_text("@李春花")

    await visitor.pick(LEADER)
    await visitor.say("接单")
    await expect(visitor.said("answer")).to_contain_text(number)
    await expect(visitor.said("answer")).to_contain_text("李春花接单")

    await visitor.say("办结 换了新灯泡")
    await expect(visitor.said("confirm")).to_contain_text("@3栋刘姐")
    await expect(visitor.said("confirm")).to_contain_text("换了新灯泡")

    await visitor.pick(RESIDENT)
    await visitor.say("满意")
    await expect(visitor.said("outcome")).to_contain_text(f"{number}号办结")


async def test_what_nobody_takes_is_nudged_and_goes_up(visitor: Visitor) -> None:
    number = await visitor.report()
    await visitor.wait_for(visitor.said("nudge").filter(has_text=number), "clock-1h")
    await visitor.wait_for(visitor.said("escalate", "branch").filter(has_text=number), "clock-12h")


async def test_every_supervisor_reads_the_day_with_its_chart(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.report()
    await visitor.pick("p-jiangwen")
    unread = page.get_by_test_id("dm-count").filter(has_text=re.compile(r"\d"))
    await visitor.wait_for(unread, "clock-1800", most=2)
    await page.get_by_test_id("dm-button").click()
    for person, grid in SUPERVISORS.items():
        await visitor.pick(person)
        await expect(visitor.said("digest", "direct").first).to_contain_text(grid)
    await visitor.said("digest", "direct").first.locator("img").scroll_into_view_if_needed()
    drawn = "() => document.querySelector('#drawer img')?.naturalWidth > 200"
    await page.wait_for_function(drawn, timeout=20000)
    await expect(page.get_by_test_id("dm-count")).to_be_hidden()


async def test_nothing_said_is_lost_when_the_program_dies(
    visitor: Visitor, program: Program
) -> None:
    page = visitor.page
    number = await visitor.report()
    messages = page.get_by_test_id("messages-microgrid").get_by_test_id("message")
    await expect(messages).to_have_count(2)

    program.kill()
    await expect(page.get_by_test_id("link")).to_have_attribute("data-state", "lost")
    await visitor.say("还没人来")
    await expect(page.get_by_test_id("toast")).to_be_visible()
    await expect(page.get_by_test_id("input-microgrid")).to_have_value("还没人来")

    program.start()
    await expect(page.get_by_test_id("link")).to_have_attribute("data-state", "open")
    await expect(messages).to_have_count(2)
    await page.reload()
    await expect(visitor.said("ack")).to_contain_text(number)
    await expect(messages).to_have_count(2)


async def test_words_are_shown_as_words_and_can_be_withdrawn(visitor: Visitor) -> None:
    page = visitor.page
    wicked = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
    await visitor.pick(RESIDENT)
    await visitor.say(wicked)
    messages = page.get_by_test_id("messages-microgrid")
    own = messages.locator(".own").last
    await expect(own.locator(".text")).to_have_text(wicked)
    assert await page.evaluate("window.hurt") is None

    await own.hover()
    await own.get_by_role("button", name="撤回").click()
    await expect(messages.locator(".gone")).to_contain_text("已撤回")
    await expect(messages).not_to_contain_text("script")
