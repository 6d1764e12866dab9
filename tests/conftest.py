"""A small town and a way to talk in it: the real program on a virtual clock."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_store, save_roster
from bot.config import Config, load
from bot.models import Grid, Level, Role, RoleKind
from bot.replay import Replay
from handlers.roster import Roster
from tests.postgres import fresh_database

GRIDS = [
    Grid("C", "浏川市", Level.CITY),
    Grid("T", "溪口街道", Level.TOWNSHIP, "C", "R-T"),
    Grid("V", "柳岸社区", Level.VILLAGE, "T", "R-V"),
    Grid("B", "柳岸一支部", Level.BRANCH, "V", "R-B"),
    Grid("M1", "一支部一网格", Level.MICROGRID, "B", "R-1"),
    Grid("M2", "一支部二网格", Level.MICROGRID, "B", "R-2"),
]
ROLES = [
    Role("u-c", "市督导", RoleKind.SUPERVISOR, "C"),
    Role("u-t", "陶主任", RoleKind.LEADER, "T"),
    Role("u-v", "魏书记", RoleKind.LEADER, "V"),
    Role("u-vs", "社区督导", RoleKind.SUPERVISOR, "V"),
    Role("u-b", "鲍书记", RoleKind.LEADER, "B"),
    Role("u-1", "林网格", RoleKind.LEADER, "M1"),
    Role("u-1d", "邓副", RoleKind.DEPUTY, "M1"),
    Role("u-1m", "孟党员", RoleKind.MEMBER, "M1"),
    Role("u-2", "罗网格", RoleKind.LEADER, "M2"),
]
DAY = "2026-11-24"  # a Tuesday and a working day


def moment(text: str) -> datetime:
    """Read ``09:00`` (of DAY), ``+1 09:00`` (a day later) or a whole ISO moment."""
    if "T" in text:
        return datetime.fromisoformat(text)
    day = datetime.fromisoformat(f"{DAY}T00:00:00+08:00")
    if text.startswith("+"):
        ahead, text = text[1:].split(" ")
        day += timedelta(days=int(ahead))
    hour, minute, *second = map(int, text.split(":"))
    return day.replace(hour=hour, minute=minute, second=second[0] if second else 0)


@dataclass
class Town:
    """Collects a transcript, replays it, and answers questions about the output."""

    folder: Path
    config: Config = field(default_factory=Config)
    roster: Roster = field(default_factory=lambda: Roster(GRIDS, ROLES))
    lines: list[str] = field(default_factory=list)
    out: list[dict[str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def configure(self, toml: str) -> None:
        path = self.folder / "config.toml"
        path.write_text(toml, encoding="utf-8")
        self.config = load(path)

    def say(self, at: str, room: str | None, sender: str, text: str = "", **more: Any) -> str:
        """Add a line; return its id."""
        id_ = more.pop("id", f"m{len(self.lines) + 1}")
        line = {"id": id_, "at": moment(at).isoformat(), "room": room, "sender": sender,
                "name": more.pop("name", sender), "text": text, **more}  # fmt: skip
        self.lines.append(json.dumps(line, ensure_ascii=False))
        return id_

    async def play(
        self, until: str | None = None, strict: bool = False, url: str | None = None
    ) -> bool:
        """Replay all lines, on a fresh database that is kept only if its ``url`` is given."""
        self.out, self.complaints = [], []
        if url is None and os.environ.get("JIEDAN_STORE") == "postgresql":
            url = fresh_database()
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            store = open_store(url or f"sqlite:///{name}/town.db", durable=False)
            await store.transact(lambda s: save_roster(s, self.roster, "test"))
            replay = Replay(
                self.config, store, self.roster,
                lambda line: self.out.append(json.loads(line)), self.complaints.append,
            )  # fmt: skip
            good = await replay.run(self.lines, moment(until) if until else None, strict)
            await store.close()
        return good

    def sends(self, reason: str | None = None, room: str | None = None) -> list[dict[str, Any]]:
        found = [o for o in self.out if o["kind"] == "send"]
        found = [o for o in found if reason is None or o["reason"] == reason]
        return [o for o in found if room is None or o["room"] == room]

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        found = [o for o in self.out if o["kind"] == "ticket"]
        return [o for o in found if not kinds or o["event"] in kinds]

    def story(self, ticket: str = "1001") -> list[str]:
        """What happened to a ticket, in order."""
        return [e["event"] for e in self.events() if e["ticket"] == ticket]

    def state(self, ticket: str = "1001") -> tuple[str, str]:
        last = [e for e in self.events() if e["ticket"] == ticket][-1]
        return last["state"], last["level"]


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def clock(line: dict[str, Any]) -> str:
    """The local day and time of an output line: ``24 09:00``."""
    return datetime.fromisoformat(line["at"]).strftime("%d %H:%M")


# how the tests are run

PROMISES = ("tests/torture/", "tests/crash/", "tests/gateway/test_restarts.py", "tests/properties/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what may take longest, so that it doesn't run alone in the end."""
    items.sort(key=_longest, reverse=True)


def _longest(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker else 0.0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that the promises' tests printed."""
    passed = terminalreporter.stats.get("passed", ())
    told = [r.capstdout.strip() for r in passed if r.nodeid.startswith(PROMISES) and r.capstdout]
    if told:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(sorted(told)))
