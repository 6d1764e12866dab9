"""Whatever people write: it is understood in a moment, kept, and breaks nothing.

Small figures run with `make test`; JIEDAN_TORTURE=1 (`make torture`) runs the large ones. A test
with a clock is a rarity here; this promise is about time. It counts the processor's time of one
thread, not the wall's, and what seems slow is tried again, so that a busy machine tells no lies; the
bounds stay as they are.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import build, open_store, save_roster
from bot.clock import SetClock
from bot.config import Config
from bot.models import Grid, Level, Message, Role, RoleKind
from handlers.commands import WORDS
from handlers.roster import Roster
from handlers.triage import Triage
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network

LARGE = os.environ.get("JIEDAN_TORTURE") == "1"
TEXTS = 1_000_000 if LARGE else 20_000
LONGEST = 4096  # bytes
USUAL, WORST = 0.001, 0.020  # seconds of triage: of 99 in a hundred, and of any
AT_ONCE = 64
GROUPS = TEXTS // 100
pytestmark = pytest.mark.timeout(3000 if LARGE else 120)

_SAID = (
    "路灯坏了", "漏水", "停电", "着火了", "救命", "电梯", "垃圾", "噪音", "还没修好", "谁接单", "我家也是", "谢谢",
    "3栋", "2单元", "301室", "石坝组12号", "人民路", "13800138000", "1001", "建议", "请问", "什么时候", "没人管",
    "修好了", "不满意", "@接单助手", "收到", "「张三：路灯坏了」\n- - - - -\n", "……", "http://a.b/c?d=e", "0.5",
)  # fmt: skip
_SIGNS = "，。！？、：；“”（）【】《》—…·,.!?()[]{}<>*+|^$\\/@#%&=~`'\"-_ \t\n\r\x00\x07\x1b\x7f\ufeff\u200b\u202e\u2028"
_DIGITS = "0123456789０１２３４５６７８９零一二三四五六七八九十百千万两〇壹贰叁①②⑴Ⅷ٣३"
_FACES = "😀😡🙏👨‍👩‍👧🇨🇳🏠[微笑][强]❤️\ufe0f\u200d"
_STRANGE = "\ud83d\udc00éñßЖΩא؟ऄ가あ𠮷㐀\ue000\U0010ffff"


def texts(count: int) -> Iterator[str]:
    """Yield texts of many kinds, the same each time."""
    chance = random.Random(13)
    kinds = (_words, _mixed, _signs, _repeated, _numbers, _anything, _nested)
    for _ in range(count):
        text = chance.choice(kinds)(chance)
        while len(text.encode("utf-8", "surrogatepass")) > LONGEST:
            text = text[: len(text) * 3 // 4]
        yield text


def _length(chance: random.Random) -> int:
    """Return how many pieces: mostly a few; in one text of a hundred, which is more than in any
    group, up to as many as there is room for."""
    return chance.randint(0, 12) if chance.random() < 0.99 else chance.randint(13, 2000)


def _words(chance: random.Random) -> str:
    return "".join(chance.choice((*_SAID, *WORDS)) for _ in range(_length(chance)))


def _mixed(chance: random.Random) -> str:
    pieces = (*_SAID, *WORDS, *_SIGNS, *_DIGITS, *_FACES, *_STRANGE)
    return "".join(chance.choice(pieces) for _ in range(_length(chance)))


def _signs(chance: random.Random) -> str:
    return "".join(chance.choice(_SIGNS) for _ in range(_length(chance)))


def _repeated(chance: random.Random) -> str:
    piece = chance.choice((*_SAID, *WORDS, *_SIGNS, *_DIGITS, *_FACES, *_STRANGE))
    return piece * (_length(chance) * chance.choice((1, 1, 1, 20)))


def _numbers(chance: random.Random) -> str:
    signs = _DIGITS + "-—－ +号栋室组.,"
    return "".join(chance.choice(signs) for _ in range(_length(chance)))


def _anything(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x110000)) for _ in range(_length(chance)))


def _nested(chance: random.Random) -> str:
    opened = chance.choice(("「", "（", "(((", "@@", "下单 下单 ", "接单 接单 ", "<a><b>"))
    return opened * chance.randint(1, 60) + chance.choice(_SAID)


async def test_any_text_is_understood_in_a_moment_and_breaks_nothing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    grids = [Grid(f"G{i}", f"{i}网格", Level.MICROGRID, "B", f"R-G{i}") for i in range(GROUPS)]
    leaders = [Role(f"l{i}", f"网格长{i}", RoleKind.LEADER, f"G{i}") for i in range(GROUPS)]
    roster = Roster([*GRIDS, *grids], [*ROLES, *leaders])
    await store.transact(lambda s: save_roster(s, roster, "test"))
    clock = SetClock(moment("10:00"))
    pipeline = build(Config(), store, roster, Network(), clock).pipeline
    triage = Triage()
    triage.understand("3栋的路灯坏了")  # its dictionary is loaded
    slow, worst, worst_text, outcomes = 0, 0.0, "", dict[str, int]()
    batch: list[Message] = []

    async def hear() -> None:
        for outcome in await asyncio.gather(*(pipeline.receive(m) for m in batch)):
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        batch.clear()

    for i, text in enumerate(texts(TEXTS)):
        took = _taken(triage, text)
        slow += took > USUAL
        if took > worst:
            worst, worst_text = took, text
        group = i // 10 % GROUPS
        room = None if i % 10 == 9 else f"R-G{group}"
        who = f"l{group}" if i % 10 in {0, 9} else f"r{group}-{i % 50}"
        batch.append(Message(f"m{i}", clock(), room, who, text, text=text))
        if len(batch) == AT_ONCE:
            await hear()
    await hear()
    health = await store.read(lambda s: s.health(clock()))
    await store.close()
    print(
        f"\n{TEXTS} texts: {outcomes}; {1 - slow / TEXTS:.2%} understood within"
        f" {USUAL * 1000:.0f} ms, the slowest in {worst * 1000:.1f} ms"
    )
    assert "failed" not in outcomes
    assert health.failed_messages == 0
    assert slow <= TEXTS / 100
    assert worst < WORST, worst_text[:200]


def _taken(triage: Triage, text: str) -> float:
    """Return the seconds of one thread's processor time that understanding takes."""
    took = WORST
    for _ in range(5):
        began = time.thread_time()
        triage.understand(text)
        took = min(took, time.thread_time() - began) if took < WORST else time.thread_time() - began
        if took < USUAL:
            break
    return took
