"""The replay contract, line by line."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Town, clock

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


async def test_the_example_nudged_at_eleven_and_twelve_forwarded_at_one(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    await town.play("16:30")
    nudges = town.sends("nudge", "R-1")
    assert [clock(n) for n in nudges] == ["24 11:00", "24 12:00"]
    ups = town.events("escalated")
    assert [(clock(e), e["level"], e["grid"], e["state"]) for e in ups] == [
        ("24 13:00", "branch", "B", "open")
    ]
    assert ups[0]["actor"] == "system"
    (forward,) = town.sends("escalate")
    assert (forward["room"], clock(forward), forward["tickets"]) == ("R-B", "24 13:00", ["1001"])
    # at the branch the same policy starts again
    assert [clock(n) for n in town.sends("nudge", "R-B")] == ["24 15:00", "24 16:00"]


async def test_a_report_is_acknowledged_at_once_with_number_and_leader(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP, name="老张")
    await town.play()
    (created,) = town.events("created")
    assert created["text"] == LAMP
    assert (created["state"], created["level"], created["grid"]) == ("open", "microgrid", "M1")
    assert (created["category"], created["urgency"], created["actor"]) == (
        "lighting", "normal", "r1")  # fmt: skip
    (ack,) = town.sends()
    assert (ack["reason"], ack["room"], ack["at"]) == ("ack", "R-1", created["at"])
    assert created["ticket"] in ack["text"]
    assert ack["mentions"] == ["u-1"]
    end = town.out[-1]
    assert {k: end[k] for k in ("kind", "messages", "skipped", "tickets", "sent")} == {
        "kind": "end", "messages": 1, "skipped": 0, "tickets": 1, "sent": 1}  # fmt: skip


async def test_the_same_id_again_is_handled_once(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP, id="x")
    town.say("09:00", "R-1", "r1", LAMP, id="x")
    await town.play()
    assert len(town.events("created")) == 1
    assert len(town.sends()) == 1
    assert town.out[-1]["messages"] == 2


async def test_due_at_closing_time_is_due_at_the_next_opening(town: Town) -> None:
    town.say("19:00", "R-1", "r1", LAMP)
    await town.play("+1 12:00")
    assert [clock(n) for n in town.sends("nudge", "R-1")] == ["25 08:00", "25 09:00"]
    assert [clock(e) for e in town.events("escalated")] == ["25 10:00"]


async def test_a_report_at_night_is_answered_at_night_and_counted_from_morning(
    town: Town,
) -> None:
    town.say("23:30", "R-1", "r1", LAMP)
    await town.play("+1 11:00")
    assert clock(town.sends("ack")[0]) == "24 23:30"
    assert [clock(n) for n in town.sends("nudge")] == ["25 10:00", "25 11:00"]


async def test_public_holidays_rest_and_make_up_days_work(town: Town) -> None:
    # National Day 2026: 1 to 7 October off, Saturday the 10th worked.
    town.say("2026-09-30T20:30:00+08:00", "R-1", "r1", LAMP)
    await town.play("2026-10-08T12:00:00+08:00")
    assert [clock(n) for n in town.sends("nudge")] == ["08 09:30", "08 10:30"]
    town.configure('[calendar]\nrest_days = "none"')
    await town.play("2026-10-01T10:00:00+08:00")
    assert [clock(n) for n in town.sends("nudge")] == ["01 09:30"]


async def test_nudges_due_in_one_room_at_one_moment_are_one_send(town: Town) -> None:
    town.say("08:00", "R-1", "r1", LAMP)
    town.say("08:00", "R-1", "r2", "5栋门口的垃圾堆成山没人清")
    town.say("08:00", "R-2", "r3", "8栋楼道里的灯坏了")
    await town.play("10:00")
    nudges = town.sends("nudge")
    assert sorted((n["room"], tuple(n["tickets"])) for n in nudges) == [
        ("R-1", ("1001", "1002")), ("R-2", ("1003",))]  # fmt: skip


async def test_claimed_but_not_resolved_is_nudged_then_forwarded(town: Town) -> None:
    town.configure('[policy.normal]\nresolve_within = "3h"\nnudge_every = "1h"\nnudges = 1')
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("10:00", "R-1", "u-1", "接单")
    town.say("11:30", "R-1", "u-1", "进展：配件在路上")  # a comment doesn't restart the clock
    await town.play("14:30")
    assert [clock(n) for n in town.sends("nudge", "R-1")] == ["24 13:00"]
    (up,) = town.events("escalated")
    assert (clock(up), up["state"], up["level"]) == ("24 14:00", "open", "branch")
    text = town.sends("escalate")[0]["text"]
    assert "u-1" in text  # who has had it
    assert "4小时" in text  # and for how long


async def test_a_whistle_forwards_at_once_and_the_answer_comes_back_down(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "吹哨")
    town.say("09:30", "R-B", "u-b", "接单", name="鲍书记")
    town.say("10:00", "R-B", "u-b", "退回 1001 换个灯泡的事，网格自己办")
    await town.play()
    assert town.story() == ["created", "escalated", "claimed", "returned"]
    assert town.state() == ("open", "microgrid")
    for at in ("24 09:30", "24 10:00"):
        told = [s for s in town.sends(room="R-1") if clock(s) == at]
        assert told, at
        assert told[0]["tickets"] == ["1001"]
    assert "鲍书记" in next(s["text"] for s in town.sends(room="R-1") if clock(s) == "24 09:30")
    assert "换个灯泡" in town.sends(room="R-1")[-1]["text"]


async def test_resolved_above_the_household_hears_at_that_moment(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "上报")
    town.say("09:30", "R-B", "u-b", "接单")
    town.say("11:00", "R-B", "u-b", "办结，换了新灯泡")
    await town.play()
    (ask,) = town.sends("confirm")
    assert (ask["room"], clock(ask), ask["mentions"]) == ("R-1", "24 11:00", ["r1"])
    assert "换了新灯泡" in ask["text"]


async def test_silence_closes_after_confirm_within_and_contentment_at_once(town: Town) -> None:
    town.configure('[policy.normal]\nconfirm_within = "5h"')
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "接单")
    town.say("09:10", "R-1", "u-1", "办结")
    town.say("09:12", "R-2", "r2", "8栋下水道堵了，污水漫出来了")
    town.say("09:13", "R-2", "u-2", "办结")
    town.say("09:20", "R-2", "r2", "满意，谢谢")
    await town.play("20:00")
    (closed,) = town.events("closed")
    assert (closed["ticket"], clock(closed), closed["actor"]) == ("1001", "24 14:10", "system")
    (confirmed,) = town.events("confirmed")
    assert (confirmed["ticket"], confirmed["state"], clock(confirmed)) == (
        "1002", "closed", "24 09:20")  # fmt: skip


async def test_confirm_mentions_reporter_and_joined_and_only_they_can_answer(
    town: Town,
) -> None:
    town.say("09:00", "R-1", "r1", "3栋停电了")
    town.say("09:02", "R-1", "r2", "我家也是")
    town.say("09:05", "R-1", "u-1", "办结")
    town.say("09:06", "R-1", "r3", "满意 1001")
    town.say("09:07", "R-1", "u-1d", "满意 1001")
    town.say("09:08", "R-1", "r2", "满意")
    await town.play()
    (ask,) = town.sends("confirm")
    assert ask["mentions"] == ["r1", "r2"]
    (confirmed,) = town.events("confirmed")
    assert confirmed["actor"] == "r2"


async def test_unsolved_reopens_and_the_second_time_also_forwards(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "办结")
    town.say("09:10", "R-1", "r1", "没解决")
    town.say("09:15", "R-1", "u-1", "办结")
    town.say("09:20", "R-1", "r1", "还是没解决")
    await town.play()
    assert town.story() == [
        "created", "resolved", "reopened", "resolved", "reopened", "escalated"]  # fmt: skip
    assert town.state() == ("open", "branch")
    assert clock(town.sends("escalate")[0]) == "24 09:20"


async def test_an_emergency_alerts_two_levels_at_any_hour(town: Town) -> None:
    text = "快来人啊，楼上老人摔倒了起不来"
    town.say("23:10", "R-1", "r1", text)
    await town.play("23:55")
    (created,) = town.events("created")
    assert created["urgency"] == "emergency"
    assert sorted(a["room"] for a in town.sends("alert")) == ["R-1", "R-B"]
    assert {a["at"] for a in town.sends("alert")} == {created["at"]}
    assert town.events("escalated"), "an emergency's clock runs at night"


async def test_digests_go_to_supervisors_alone(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    await town.play("+1 19:00")
    digests = town.sends("digest")
    assert [(d["to"], d["room"], clock(d)) for d in digests] == [
        ("u-c", None, "24 18:00"), ("u-vs", None, "24 18:00"),
        ("u-c", None, "25 18:00"), ("u-vs", None, "25 18:00"),
    ]  # fmt: skip


async def test_what_leaves_the_household_is_masked(town: Town) -> None:
    text = "3栋下水道堵了，污水漫出来了，请联系13812345678或者身份证430181199001011234"
    town.say("09:00", "R-1", "r1", text, name="老张13812345678")
    town.say("09:05", "R-1", "u-1", "吹哨")
    await town.play("+1 19:00")
    assert town.events("created")[0]["text"] == text
    for send in town.sends():
        if send["room"] != "R-1":
            assert "13812345678" not in send["text"]
            assert "430181199001011234" not in send["text"]
    assert "138****5678" in town.sends("escalate")[0]["text"]


async def test_bad_lines_are_reported_with_their_number_and_skipped(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.lines += [
        "{",
        '{"id": "a"}',
        json.dumps({"id": "b", "at": "2026-11-24T09:10:00", "room": "R-1", "sender": "x"}),
        json.dumps({"id": "c", "at": "2026-11-24T08:00:00+08:00", "room": "R-1", "sender": "x"}),
        json.dumps({"id": "d", "at": "2026-11-24T10:00:00+08:00", "room": "R-9", "sender": "x"}),
        "[]",
    ]
    town.say("09:30", "R-1", "r2", "你好")
    assert await town.play() is True
    assert [c.split("：")[0] for c in town.complaints] == [f"第 {n} 行" for n in range(2, 8)]
    assert town.out[-1]["skipped"] == 6
    assert town.out[-1]["messages"] == 2
    assert await town.play(strict=True) is False
    assert len(town.complaints) == 1


async def test_output_is_in_order_of_time_and_the_same_each_time(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:10", "R-2", "r2", "8栋下水道堵了，污水漫出来了")
    town.say("09:20", "R-2", "u-2", "收到马上过去")
    await town.play("+3 19:00")
    first = town.out
    assert [o["at"] for o in first] == sorted(o["at"] for o in first)
    await town.play("+3 19:00")
    assert town.out == first


@pytest.mark.parametrize("quote", [True, False])
async def test_quoting_the_bot_tells_which_ticket(town: Town, quote: bool) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:00", "R-1", "r2", "5栋门口的垃圾堆成山没人清")
    await town.play()
    ack = next(s for s in town.sends("ack") if s["tickets"] == ["1002"])
    town.say("09:40", "R-1", "u-1", "接单", quote=ack["id"] if quote else None)
    await town.play()
    claims = [e["ticket"] for e in town.events("claimed")]
    assert claims == (["1002"] if quote else [])
    if not quote:
        asked = town.sends("answer")[-1]
        assert asked["tickets"] == ["1001", "1002"]
        assert asked["mentions"] == ["u-1"]


async def test_broken_characters_are_kept_as_well_as_can_be(town: Town) -> None:
    town.say("09:00", "R-1", "r1", "3栋路灯坏了\ud800", name="老\udfff张")
    town.say("09:05", "R-1", "r2", "\x00 \ufeff停电了")
    await town.play()
    assert len(town.events("created")) == 2
    assert "3栋路灯坏了?" in town.events("created")[0]["text"]
