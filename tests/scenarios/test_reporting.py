"""What residents say, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import open_store
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, Town

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


@pytest.mark.parametrize(
    "text",
    ["下单 5栋楼道灯坏了", "报事：5栋楼道灯坏了", "@接单助手 下单 5栋楼道灯坏了"],
)
async def test_an_explicit_report_is_always_a_ticket(town: Town, text: str) -> None:
    town.say("09:00", "R-1", "r1", text)
    await town.play()
    (created,) = town.events("created")
    assert created["text"] == "5栋楼道灯坏了"


async def test_what_is_not_a_problem_on_its_face_is_one_when_ordered(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "下单 想问下活动室几点开门")
    await town.play()
    assert town.story() == ["created"]


async def test_mentioning_the_bot_with_a_problem_reports_it(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "@接单助手 5栋楼道灯坏了", mentions=["@bot"])
    await town.play()
    assert town.story() == ["created"]


@pytest.mark.parametrize(
    "text",
    [
        "吃饭了没", "哈哈哈今天的鱼好新鲜", "谢谢大家", "祝各位新年快乐", "收到", "好的",
        "出售二手冰箱，九成新，要的私聊", "各位居民请注意，明天上午停水检修，请提前储水", "[强][强]",
        "1001", "👍",
    ],
)  # fmt: skip
async def test_chatter_gets_no_answer(town: Town, text: str) -> None:
    town.say("09:00", "R-1", "r1", text)
    await town.play()
    assert town.out[:-1] == []


async def test_what_follows_within_minutes_is_added(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "快来看看，楼道里的灯坏了好几天了")
    town.say("09:01", "R-1", "r1", kind="image")
    town.say("09:02", "R-1", "r1", "在3栋2单元")
    town.say("09:04", "R-1", "r1", "还有楼上也是")
    town.say("09:30", "R-1", "r1", kind="image")
    await town.play()
    assert town.story() == ["created", "added", "added", "added"]
    assert len(town.sends()) == 1


async def test_a_neighbour_joins_and_both_hear_the_outcome(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "3栋停电了")
    town.say("09:01", "R-1", "r2", "我家也是")
    town.say("09:03", "R-1", "r3", "咋又没电了")
    town.say("09:04", "R-1", "r4", "停电了什么时候来电")
    town.say("09:30", "R-1", "u-1", "办结 跳闸了已合上")
    await town.play()
    assert town.story() == ["created", "joined", "joined", "joined", "resolved"]
    assert town.sends("confirm")[0]["mentions"] == ["r1", "r2", "r3", "r4"]
    assert len(town.sends()) == 3  # the ack, one line to the first neighbour, the question


async def test_another_place_is_another_problem(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "3栋楼下路灯坏了")
    town.say("09:30", "R-1", "r2", "8栋楼下路灯坏了")
    await town.play()
    assert len(town.events("created")) == 2


async def test_the_same_words_in_another_group_are_its_own_problem(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "停电了")
    town.say("09:00", "R-2", "r2", "停电了")
    await town.play()
    assert [e["grid"] for e in town.events("created")] == ["M1", "M2"]


async def test_a_withdrawn_message_takes_its_ticket_along(town: Town) -> None:
    told = town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "r1", kind="recalled", quote=told)
    await town.play("+1 12:00")
    assert town.story() == ["created", "cancelled"]
    assert not town.sends("nudge")


async def test_nobody_withdraws_for_another(town: Town) -> None:
    told = town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "r2", kind="recalled", quote=told)
    await town.play()
    assert town.story() == ["created"]


async def test_with_neighbours_waiting_the_ticket_stays(town: Town) -> None:
    told = town.say("09:00", "R-1", "r1", "3栋停电了")
    town.say("09:01", "R-1", "r2", "我家也是")
    town.say("09:02", "R-1", "r1", kind="recalled", quote=told)
    town.say("09:10", "R-1", "u-1", "办结")
    await town.play()
    assert town.state() == ("resolved", "microgrid")
    assert town.sends("confirm")[0]["mentions"] == ["r2"]


async def test_a_leader_turns_a_residents_words_into_a_ticket(town: Town) -> None:
    told = town.say("09:00", "R-1", "r1", "活动室的门好像打不开", name="老张")
    town.say("09:05", "R-1", "u-1", "下单", quote=told)
    await town.play()
    created = town.events("created")[-1]
    assert (created["text"], created["actor"]) == ("活动室的门好像打不开", "r1")


async def test_free_words_in_higher_groups_open_nothing(town: Town) -> None:
    town.say("09:00", "R-B", "u-b", "最近反映路灯坏了的很多，大家抓紧")
    town.say("09:01", "R-B", "u-b", "下单 支部活动室漏水")
    await town.play()
    (created,) = town.events("created")
    assert (created["grid"], created["level"]) == ("B", "branch")


async def test_a_direct_message_is_shown_the_way(town: Town) -> None:
    town.say("09:00", None, "r1", LAMP)
    await town.play()
    (answer,) = town.sends("answer")
    assert (answer["to"], answer["room"]) == ("r1", None)
    assert "联户群" in answer["text"]


async def test_an_assent_with_trouble_in_it_joins_within_the_hour(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "12栋后面的下水道堵了，污水都漫出来了")
    town.say("09:40", "R-1", "r2", "是的，臭得很")
    await town.play()
    assert town.story() == ["created", "joined"]


async def test_of_sudden_illness_each_is_somebody_elses(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "快来人，我爸摔倒了起不来")
    town.say("09:05", "R-1", "r2", "救命，我妈晕倒了叫不醒")
    town.say("09:06", "R-1", "r3", "3栋着火了，好多烟")
    town.say("09:07", "R-1", "r4", "起火了起火了！快打119")
    await town.play()
    assert [e["ticket"] for e in town.events("created")] == ["1001", "1002", "1003"]
    assert [e["ticket"] for e in town.events("joined")] == ["1003"]


async def test_replying_to_the_bot_or_to_a_neighbour_tells_which(town: Town) -> None:
    told = town.say("09:00", "R-1", "r1", "3栋停电了")
    town.say("09:01", "R-1", "r2", "8栋下水道堵了")
    town.say("09:30", "R-1", "r1", "下午两点前后最严重", quote="b1")
    town.say("09:40", "R-1", "r3", "我家也是", quote=told)
    await town.play()
    assert town.story("1001") == ["created", "added", "joined"]
    assert town.story("1002") == ["created"]


async def test_an_emergency_is_its_own_ticket_whatever_came_before(town: Town) -> None:
    town.say("22:00", "R-1", "r1", "3栋路灯坏了")
    town.say("22:03", "R-1", "r1", "3栋着火了，快来人")
    town.say("22:04", "R-1", "r2", "我家也起火了，冒好大的烟")
    await town.play("23:30")
    assert [e["urgency"] for e in town.events("created")] == ["normal", "emergency"]
    assert [e["ticket"] for e in town.events("joined")] == ["1002"]
    assert {s["room"] for s in town.sends("alert")} == {"R-1", "R-B"}
    assert town.events("escalated"), "at night, as emergencies are"


async def test_a_reporter_who_withdraws_leaves_it_to_the_neighbours(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "3栋停电了")
    town.say("09:01", "R-1", "r2", "我家也是")
    town.say("09:02", "R-1", "r1", "撤销")
    town.say("09:10", "R-1", "u-1", "办结")
    await town.play()
    assert town.sends("confirm")[0]["mentions"] == ["r2"]


async def test_a_leader_who_cries_fire_is_heard(town: Town) -> None:
    town.say("22:00", "R-1", "u-1", "5栋起火了！都出来！")
    await town.play()
    assert town.events("created")[0]["urgency"] == "emergency"


async def test_a_leader_who_asks_for_help_is_not_called_on_himself(town: Town) -> None:
    town.say("09:00", "R-1", "u-1", "请供电所来看看，三组还是没电")
    town.say("09:05", "R-1", "u-1", "吹哨 1001")
    await town.play()
    assert town.story() == ["created", "escalated"]
    (told,) = town.sends("ack")
    assert "请回“接单”" in told["text"]
    assert "林网格" not in told["text"]
    assert [send["room"] for send in town.sends("escalate")] == ["R-B"]


async def test_a_thank_you_for_the_digest_gets_no_answer(town: Town) -> None:
    town.say("18:05", None, "u-vs", "收到，辛苦了")
    await town.play()
    assert not town.sends()


async def test_another_problem_minutes_later_is_another_ticket(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "3栋2单元门口的路灯坏了，晚上看不见路")
    town.say("09:01", "R-1", "r1", "5栋下水道堵了，污水漫出来了")
    await town.play()
    assert town.story("1001") == town.story("1002") == ["created"]


async def test_a_question_about_a_power_cut_that_is_told_joins_it(town: Town) -> None:
    town.say("19:00", "R-1", "r1", "3栋停电了")
    town.say("19:01", "R-1", "r2", "是不是又停电了？")
    town.say("19:02", "R-1", "r3", "停电归哪个管，要不要报备", name="王姐")
    await town.play("20:00")
    assert len(town.events("created")) == 1
    assert town.story()[:2] == ["created", "joined"]


async def test_the_group_tells_its_estate(town: Town, tmp_path: Path) -> None:
    named = [replace(g, name="石坝垅小区一网格") if g.code == "M1" else g for g in GRIDS]
    town.roster = Roster(named, ROLES)
    town.say("09:00", "R-1", "r1", "3栋的路灯坏了")
    town.say("09:00", "R-2", "r2", "3栋的路灯坏了")
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    await town.play("10:00", url=url)
    store = open_store(url)
    tickets = await store.read(lambda s: [s.ticket(1001), s.ticket(1002)])
    await store.close()
    places = [(t.place.estate, t.place.building) for t in tickets if t]
    assert places == [("石坝垅小区", "3栋"), ("", "3栋")]
