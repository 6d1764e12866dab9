"""What the operator's log leaves out."""

from __future__ import annotations

import logging
import subprocess
import sys

from bot.logs import Repeats


def entry(text: str, at: float) -> logging.LogRecord:
    record = logging.LogRecord("bot", logging.ERROR, "", 0, "%s", (text,), None)
    record.created = at
    return record


def test_the_same_news_is_written_once_a_minute() -> None:
    repeats = Repeats()
    written = [
        (text, at)
        for text, at in (
            ("满了", 0.0),
            ("满了", 1.0),
            ("断了", 2.0),
            ("满了", 59.0),
            ("满了", 61.0),
        )
        if repeats.filter(entry(text, at))
    ]
    assert written == [("满了", 0.0), ("断了", 2.0), ("满了", 61.0)]


def test_what_it_remembers_is_bounded() -> None:
    repeats = Repeats()
    for number in range(10_000):
        assert repeats.filter(entry(f"{number}", 0.0))
    assert len(repeats._last) <= 1000


def test_a_tick_that_is_still_at_work_is_no_news() -> None:
    said = """
import logging
from bot.logs import set_up
set_up()
logging.getLogger("apscheduler.scheduler").warning("skipped")
logging.getLogger("apscheduler.executors.default").error("failed")
"""
    done = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60
    )
    assert "failed" in done.stderr
    assert "skipped" not in done.stderr
