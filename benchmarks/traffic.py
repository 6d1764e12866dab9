"""An evening's words for the benchmarks: one message in ten a problem, every tenth of those going its
whole way. The same each time."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from bot.models import Level, RoleKind
from handlers.roster import Roster

_CHATTER = (
    "晚饭吃了没各位", "哈哈哈今天的鱼好新鲜", "周末去爬山的举手", "谢谢张姐", "好的收到", "明天几点集合",
    "这个菜怎么做的，教教我", "孩子们放假啦", "今天天气真好", "我刚到家", "哪家的米粉好吃", "恭喜恭喜",
    "快递放门口就行", "晚上一起打球不", "这照片拍得真好看", "新年快乐，阖家幸福", "等下再说吧",
    "我家猫又生了三只", "球赛几点开始", "昨天那集看了没", "在吗", "嗯嗯", "哪里买的，链接发我",
)  # fmt: skip
_PROBLEMS = (
    "{}栋{}单元门口的路灯坏了，晚上看不见路", "{}栋{}单元下水道堵了，污水漫到一楼了", "{}栋{}单元电梯又坏了",
    "{}栋{}单元楼道堆满杂物没人清", "{}栋{}单元门口的垃圾好几天没人收", "{}栋{}单元前面的井盖坏了，容易绊倒人",
)  # fmt: skip
_LATER = 200
"""Messages at least between two steps of one life, so that those in flight don't overtake."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who says what where."""

    id: str
    room: str
    sender: str
    text: str


def evening(
    roster: Roster, count: int, mark: str = "m", problem: int = 10, whole: int = 10, first: int = 0
) -> Iterator[Said]:
    """Yield ``count`` messages, one in ``problem`` of them a problem, and for one in ``whole`` of
    those the three that bring it to its end; then chatter until the last has ended. Each problem
    is of another grid, beginning with the one that is ``first`` by number."""
    chance = random.Random(7)
    homes = [g for g in roster.grids if g.level is Level.MICROGRID]
    chance.shuffle(homes)
    waiting: list[tuple[int, Said]] = []
    for i in itertools.count():
        while waiting and waiting[0][0] <= i:
            yield waiting.pop(0)[1]
        if i >= count and not waiting:
            return
        if i % problem or i >= count:
            home = homes[chance.randrange(len(homes))]
            sender, text = f"c{chance.randrange(1_500_000)}", chance.choice(_CHATTER)
        else:
            home = homes[(first + i // problem) % len(homes)]
            sender = f"r{mark}{i}"
            text = chance.choice(_PROBLEMS).format(chance.randint(1, 30), chance.randint(1, 9))
            if i % (problem * whole) == 0:
                leader = roster.people_at(home.code, RoleKind.LEADER)[0].person
                steps = ((leader, "接单"), (leader, "办结 换了新的"), (sender, "满意"))
                for n, (who, what) in enumerate(steps, 1):
                    said = Said(f"{mark}{i}-{n}", home.room, who, what)
                    waiting.append((i + n * _LATER, said))
                waiting.sort(key=lambda step: step[0])
        yield Said(f"{mark}{i}", home.room, sender, text)
