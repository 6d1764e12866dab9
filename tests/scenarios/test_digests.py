"""What supervisors read, and when."""

from __future__ import annotations

from bot.models import Role, RoleKind
from handlers.roster import Roster
from tests.conftest import Town, clock

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


async def test_the_days_work_in_figures(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "r2", "5栋门口的垃圾堆成山没人清")
    town.say("09:05", "R-1", "u-1", "办结 1001 换了灯泡")
    town.say("09:10", "R-1", "r1", "满意")
    town.say("09:20", "R-2", "r3", "8栋下水道堵了，污水漫出来了，电话13812345678")
    town.say("09:21", "R-2", "u-2", "吹哨")
    await town.play("18:30")
    text = next(d["text"] for d in town.sends("digest") if d["to"] == "u-vs")
    assert "新诉求 3 单" in text
    assert "微事不出格 100%" in text
    assert "1002" in text
    assert "手上还有 2 单" in text
    assert "13812345678" not in text
    assert len(text.splitlines()) <= 25


async def test_a_subtree_is_counted_and_no_other(town: Town) -> None:
    second = Role("u-2s", "二督", RoleKind.SUPERVISOR, "M2")
    town.roster = Roster(town.roster.grids, [*town.roster.roles, second])
    town.say("09:00", "R-1", "r1", LAMP)
    await town.play("18:30")
    texts = {d["to"]: d["text"] for d in town.sends("digest")}
    assert "新诉求 1 单" in texts["u-vs"]
    assert "没有新动静" in texts["u-2s"]


async def test_weekly_and_monthly_at_their_hours(town: Town) -> None:
    town.configure('[digest]\ndaily = ""\nweekly = "mon 09:00"\nmonthly = "1 09:00"')
    town.say("09:00", "R-1", "r1", LAMP)
    await town.play("2026-12-07T10:00:00+08:00")
    fired = [clock(d) for d in town.sends("digest") if d["to"] == "u-vs"]
    assert fired == ["30 09:00", "01 09:00", "07 09:00"]
    kinds = [d["text"].splitlines()[0] for d in town.sends("digest") if d["to"] == "u-vs"]
    assert ["周报" in k for k in kinds] == [True, False, True]
    assert "月报" in kinds[1]


async def test_switched_off_there_are_none(town: Town) -> None:
    town.configure('[digest]\ndaily = ""\nweekly = ""\nmonthly = ""')
    town.say("09:00", "R-1", "r1", LAMP)
    await town.play("2026-12-07T10:00:00+08:00")
    assert not town.sends("digest")
