"""Commands as people type them, and who may give them."""

from __future__ import annotations

import pytest

from tests.conftest import Town, clock

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"
RUBBISH = "5栋门口的垃圾堆成山没人清"


@pytest.mark.parametrize(
    "text",
    [
        "接单", "接单 1001", "1001接单", "＃１００１ 接单", "@接单助手 接单1001", "接单，我联系物业",
        "我来处理", "收到马上过去", "这个我来跟",
    ],
)  # fmt: skip
async def test_a_leader_claims(town: Town, text: str) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", text, name="林哥")
    await town.play()
    assert town.story() == ["created", "claimed"]
    assert "林哥" in town.sends("answer")[0]["text"]


@pytest.mark.parametrize("who", ["u-1", "u-1d", "u-1m", "u-b", "u-v", "u-t"])
async def test_the_grid_and_the_chain_above_may_claim(town: Town, who: str) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", who, "接单 1001")
    await town.play()
    assert town.story() == ["created", "claimed"]


@pytest.mark.parametrize("who", ["r1", "r2", "u-2", "u-vs"])
async def test_others_get_one_polite_line(town: Town, who: str) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", who, "接单 1001")
    await town.play()
    assert town.story() == ["created"]
    (line,) = town.sends("answer")
    assert "谢谢" in line["text"]


async def test_of_two_leaders_one_wins_and_the_other_is_told_who(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "接单", name="林哥")
    town.say("09:05", "R-1", "u-1d", "接单", name="小邓")
    town.say("09:06", "R-1", "u-1d", "接单 1001", name="小邓")
    await town.play()
    assert [e["actor"] for e in town.events("claimed")] == ["u-1"]
    told = [s for s in town.sends("answer") if s["mentions"] == ["u-1d"]]
    assert len(told) == 2
    assert all("林哥" in s["text"] for s in told)


async def test_the_bot_asks_which_and_takes_a_bare_number(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:00", "R-1", "r2", RUBBISH)
    town.say("09:40", "R-1", "u-1", "接单")
    town.say("09:41", "R-1", "u-1d", "1001")  # not who was asked
    town.say("09:42", "R-1", "u-1", "1002")
    await town.play()
    assert [e["ticket"] for e in town.events("claimed")] == ["1002"]


async def test_words_tell_which(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:00", "R-1", "r2", RUBBISH)
    town.say("09:40", "R-1", "u-1", "路灯办结，物业换了灯泡")
    await town.play()
    assert [e["ticket"] for e in town.events("resolved")] == ["1001"]


async def test_an_old_and_a_fresh_one_the_fresh_is_meant(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("10:00", "R-1", "r2", RUBBISH)
    town.say("10:02", "R-1", "u-1", "收到，我去看看")
    await town.play()
    assert [e["ticket"] for e in town.events("claimed")] == ["1002"]


async def test_progress_from_above_reaches_the_household(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "吹哨")
    town.say("09:10", "R-B", "u-b", "接单")
    town.say("09:20", "R-B", "u-b", "进展：已联系供电所，下午来人")
    await town.play()
    told = town.sends(room="R-1")[-1]
    assert "供电所" in told["text"]


async def test_transfer_by_name_and_by_mention(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "转给 孟党员")
    town.say("09:10", "R-1", "u-1", "转给 @邓副 1001", mentions=["u-1d"])
    town.say("09:15", "R-1", "u-1", "转给 王五 1001")
    await town.play()
    assert [e["state"] for e in town.events("transferred")] == ["claimed", "claimed"]
    assert town.sends("answer")[0]["mentions"] == ["u-1m"]
    assert town.sends("answer")[1]["mentions"] == ["u-1d"]
    assert "王五" in town.sends("answer")[2]["text"]


async def test_suspended_until_a_day_comes_back_that_morning(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "接单")
    town.say("09:10", "R-1", "u-1", "挂起 到周五 等配件")
    await town.play("+4 09:00")
    (resumed,) = town.events("resumed")
    assert (clock(resumed), resumed["state"]) == ("27 08:00", "claimed")
    assert clock(town.sends("nudge")[0]) == "27 08:00"


async def test_a_refusal_needs_a_reason_and_reaches_the_resident(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "不受理")
    town.say("09:06", "R-1", "u-1", "不受理 1001 这盏灯是小区自己装的，请找物业")
    await town.play("+2 12:00")
    assert town.story() == ["created", "rejected"]
    (outcome,) = town.sends("outcome")
    assert outcome["mentions"] == ["r1"]
    assert "物业" in outcome["text"]


async def test_what_was_only_talk_is_taken_back_without_a_word_of_reproach(town: Town) -> None:
    talk = town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "r2", "这不是诉求", quote=talk)
    town.say("09:02", "R-1", "u-1", "这不是诉求")
    town.say("09:05", "R-1", "u-1", "这个不算诉求，开玩笑的", quote=talk)
    town.say("09:10", "R-1", "r2", "5栋下水道堵了")
    town.say("09:20", None, "u-1", "不是诉求 1002")
    await town.play("+2 12:00")
    assert town.story("1001") == ["created", "rejected"]
    assert town.story("1002") == ["created", "rejected"]
    assert [e["actor"] for e in town.events("rejected")] == ["u-1", "u-1"]
    quiet, other = town.sends("outcome")
    assert (quiet["room"], quiet["mentions"], other["mentions"]) == ("R-1", [], [])
    assert quiet["text"] == "1001号不用办，撤下了。有事随时在群里说。"
    (told,) = [s for s in town.sends("answer") if s["to"] == "u-1"]
    assert "1002号" in told["text"]


async def test_merged_those_who_waited_wait_together(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:30", "R-1", "r2", "3栋这边下水道堵了，污水漫出来了")
    town.say("09:35", "R-1", "u-1", "合并 1002 到 1001")
    town.say("09:40", "R-1", "u-1", "办结 1001")
    await town.play()
    assert town.story("1002")[-1] == "merged"
    assert town.sends("confirm")[0]["mentions"] == ["r1", "r2"]


async def test_reclassified(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "改类 1001 物业")
    town.say("09:06", "R-1", "u-1", "改类 1001 天上的事")
    await town.play()
    (event,) = town.events("reclassified")
    assert event["category"] == "property-management"


async def test_a_resident_nudges_asks_withdraws_and_rates(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:30", "R-1", "r1", "催办")
    town.say("09:35", "R-1", "r1", "催办")
    town.say("09:40", "R-1", "r1", "查询")
    town.say("10:00", "R-1", "u-1", "办结 换了")
    town.say("10:05", "R-1", "r1", "满意")
    town.say("10:06", "R-1", "r1", "评价 1001 5星 很快")
    town.say("10:10", "R-2", "r2", "8栋下水道堵了，污水漫出来了")
    town.say("10:20", "R-2", "r2", "撤销")
    await town.play()
    assert town.story() == ["created", "resolved", "confirmed"]
    assert town.story("1002") == ["created", "cancelled"]
    assert [n["mentions"] for n in town.sends("nudge")] == [["u-1"]]
    assert "待接单" in town.sends("answer")[1]["text"]
    assert "5星" in town.sends("answer")[-1]["text"]


async def test_my_todo_lists_what_i_took_and_what_waits(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "r2", RUBBISH)
    town.say("09:02", "R-1", "u-1", "接单 1001")
    town.say("09:03", None, "u-1", "我的待办")
    town.say("09:04", None, "u-2", "我的待办")
    await town.play()
    mine, none = town.sends("answer")[-2:]
    assert (mine["to"], mine["tickets"]) == ("u-1", ["1002", "1001"])
    assert (none["to"], none["tickets"]) == ("u-2", [])


async def test_help_is_one_message(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "帮助")
    await town.play()
    (line,) = town.sends("answer")
    assert "接单" in line["text"]


@pytest.mark.parametrize(
    "text",
    [
        "谁接单啊？", "等修好了再说", "小罗你去接一下这单", "不是说修好了吗", "修好了没",
        "什么时候能办结", "要是满意的话我再说", "路灯还没修好呢",
    ],
)  # fmt: skip
@pytest.mark.parametrize("who", ["u-1", "r2"])
async def test_talk_about_it_claims_and_closes_nothing(town: Town, text: str, who: str) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", who, text)
    await town.play()
    assert not town.events("claimed", "resolved", "confirmed", "cancelled")


async def test_an_unknown_number_and_a_finished_one(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "u-1", "接单 4711")
    town.say("09:02", "R-1", "u-1", "办结 1001")
    town.say("09:03", "R-1", "r1", "满意")
    town.say("09:04", "R-1", "u-1", "接单 1001")
    await town.play()
    assert "4711" in town.sends("answer")[0]["text"]
    assert "已办结" in town.sends("answer")[-1]["text"]


async def test_at_the_top_nothing_is_above(town: Town) -> None:
    town.say("09:00", "R-T", "u-t", "下单 街道大厅的电梯坏了")
    town.say("09:05", "R-T", "u-t", "吹哨")
    town.say("09:06", "R-T", "u-t", "吹哨 1001")
    await town.play("+9 20:00")
    assert town.state() == ("open", "city")
    assert len(town.events("escalated")) == 1


async def test_words_that_answer_nothing_may_be_a_new_plea(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:30", "R-1", "r1", "又停电了")
    await town.play()
    assert [e["category"] for e in town.events("created")] == ["lighting", "utilities"]


async def test_several_own_tickets_which_one_to_nudge(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:20", "R-1", "r1", RUBBISH)
    town.say("09:30", "R-1", "r1", "催办")
    town.say("09:31", "R-1", "r1", "1001")
    town.say("09:40", "R-1", "r9", "催办")
    await town.play()
    assert [n["tickets"] for n in town.sends("nudge")] == [["1001"]]


async def test_tickets_of_two_groups_are_not_merged(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:00", "R-2", "r2", LAMP)
    town.say("09:10", "R-B", "u-b", "合并 1002 到 1001")
    await town.play()
    assert not town.events("merged")
    assert "同一个群" in town.sends("answer")[0]["text"]


async def test_above_they_hear_who_had_it_when_it_failed_twice(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:01", "R-1", "u-1", "办结", name="林哥")
    town.say("09:02", "R-1", "r1", "没解决")
    town.say("09:03", "R-1", "u-1", "办结", name="林哥")
    town.say("09:04", "R-1", "r1", "没解决")
    await town.play()
    assert "林哥" in town.sends("escalate")[0]["text"]


async def test_numbers_are_whole_and_phones_are_hidden_in_what_leaves(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "13873123456 3栋路灯坏了")
    town.say("09:00", "R-2", "r2", "我们二网格二栋这边的楼道灯坏了联系电话13873123456")
    town.say("09:05", "R-1", "u-1", "吹哨")
    town.say("09:05", "R-2", "u-2", "吹哨")
    town.say("09:06", "R-B", "u-b", "接单 1001")
    await town.play()
    for send in town.sends():
        assert "3123" not in send["text"]
        assert all(number in send["text"] for number in send["tickets"]), send


async def test_a_group_that_is_let_go_in_a_replay_is_silent_from_then_on(town: Town) -> None:
    town.say("09:00", "R-1", "u-1", "解绑 M1")
    town.say("09:01", "R-1", "r1", "3栋2单元门口的路灯坏了，晚上看不见路")
    await town.play()
    assert [s["text"][:4] for s in town.sends()] == ["解绑了，"]
    assert town.events() == []
    assert town.complaints == []
