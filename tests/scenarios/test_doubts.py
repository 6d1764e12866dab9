"""What may be a problem disturbs nobody: the leader gets a list in the evening."""

from __future__ import annotations

from tests.conftest import Town

DOUBTFUL, ANOTHER = "这个路灯是不是有问题", "下水道是不是有点味道"


async def test_a_doubtful_word_is_listed_in_the_evening_and_made_a_ticket(town: Town) -> None:
    town.say("10:00", "R-1", "r1", DOUBTFUL, name="老张")
    town.say("11:00", "R-1", "r2", ANOTHER, name="李姐")
    town.say("18:10", None, "u-1", "立单 2")
    await town.play("+1 18:30")
    assert town.sends(room="R-1")[0]["at"] > "2026-11-24T18:10", "nobody was disturbed"
    (listed,) = [s for s in town.sends("notice") if s["to"] == "u-1"]
    assert f"1. 老张：{DOUBTFUL}" in listed["text"]
    assert f"2. 李姐：{ANOTHER}" in listed["text"]
    (created,) = town.events("created")
    assert (created["actor"], created["text"]) == ("r2", ANOTHER)
    (ack,) = town.sends("ack")
    assert ack["room"] == "R-1"
    assert "1001号" in ack["text"]
    (told,) = [s for s in town.sends("answer") if s["to"] == "u-1"]
    assert "1001号" in told["text"]


async def test_a_number_that_is_not_on_the_list_makes_no_ticket(town: Town) -> None:
    town.say("10:00", "R-1", "r1", DOUBTFUL)
    town.say("18:10", None, "u-1", "立单 2")
    town.say("18:11", None, "u-1", "立单 1")
    town.say("18:12", None, "u-1", "立单 1")
    await town.play("+0 19:00")
    answers = [s["text"] for s in town.sends("answer") if s["to"] == "u-1"]
    assert ["没有这一句" in text for text in answers] == [True, False, True]
    assert len(town.events("created")) == 1


async def test_what_became_a_ticket_or_was_taken_back_is_not_listed(town: Town) -> None:
    first = town.say("10:00", "R-1", "r1", DOUBTFUL)
    town.say("10:05", "R-1", "u-1", "下单", quote=first)
    second = town.say("11:00", "R-1", "r2", ANOTHER)
    town.say("11:01", "R-1", "r2", kind="recalled", quote=second)
    await town.play("+1 18:30")
    assert not [s for s in town.sends("notice") if s["to"] == "u-1"]


async def test_who_has_no_list_is_shown_the_way(town: Town) -> None:
    town.say("10:00", None, "r1", "立单 1")
    await town.play("19:00")
    (answer,) = town.sends("answer")
    assert "联户群" in answer["text"]
