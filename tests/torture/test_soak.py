"""An hour of an ordinary evening: memory, open files and the journal stay as they are.

A minute runs with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the hour.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from statistics import median

import pytest

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
SECONDS = 3600 if LARGE else 60
SETTLED = 300 if LARGE else 20
"""Seconds after which the program has loaded what it will load."""
JOURNAL = 64 << 20
pytestmark = pytest.mark.timeout(SECONDS + 120)


async def test_nothing_grows(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.torture.soak", f"sqlite:///{tmp_path / 'x.db'}", str(SECONDS),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    lines = [json.loads(line) async for line in process.stdout]
    assert await process.wait() == 0
    *looks, end = lines
    settled = [look for look in looks if look["at"] >= SETTLED]
    portion = max(len(settled) // 8, 1)
    first, last = settled[:portion], settled[-portion:]
    grown = median(x["memory"] for x in last) / median(x["memory"] for x in first) - 1
    journal = max(look["journal"] for look in looks)
    handled = looks[-1]["messages"]
    print(
        f"\n{handled} messages in {SECONDS} s: memory {median(x['memory'] for x in first) / 1e6:.1f}"
        f" MB and {grown:+.1%}, {last[-1]['files']} files open, journal {journal / 1e6:.1f} MB at"
        f" most, {end['tickets']} tickets"
    )
    assert handled >= 0.95 * 20 * SECONDS, "it kept pace"
    assert end["waiting"] is None
    assert grown < 0.05
    assert max(x["files"] for x in last) <= max(x["files"] for x in first)
    assert journal < JOURNAL
