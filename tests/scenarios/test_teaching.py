"""What leaders correct is kept, for the program to learn from."""

from __future__ import annotations

from pathlib import Path

from bot.app import open_store
from tests.conftest import Town
from tests.postgres import fresh_database
from tests.scenarios.test_doubts import DOUBTFUL


async def test_corrections_are_labels(town: Town, tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path / 'kept.db'}", fresh_database()):
        town.lines.clear()
        town.say("09:00", "R-1", "r1", "3栋的路灯坏了")
        town.say("09:10", "R-1", "u-1", "不受理 1001 这不是诉求")
        town.say("09:20", "R-1", "r2", "5栋下水道堵了")
        town.say("09:30", "R-1", "u-1", "改类 1002 物业")
        town.say("09:40", "R-1", "r3", "9栋楼道的垃圾没人清")
        town.say("09:50", "R-1", "r4", DOUBTFUL, id="doubt")
        town.say("09:55", "R-1", "u-1", "下单", quote="doubt")
        joke = town.say("09:56", "R-2", "r5", "广场舞吵死人")
        town.say("09:57", "R-2", "u-2", "不是诉求", quote=joke)
        await town.play("10:00", url=url)
        store = open_store(url)
        labels = await store.read(lambda s: s.labels())
        await store.close()
        assert [(label.text, label.problem) for label in labels] == [
            ("3栋的路灯坏了", False), ("5栋下水道堵了", True), (DOUBTFUL, True),
            ("广场舞吵死人", False),
        ]  # fmt: skip
        said = [label.category for label in labels]
        assert said == ["", "property-management", "", ""], "what nobody said is no label"
