"""What leaders and residents say in their own words: what moves a ticket, and what disturbs nobody."""

from __future__ import annotations

import pytest

from tests.conftest import Town

LAMP = "3栋的路灯坏了"


async def test_a_ticket_goes_its_way_without_a_word_of_the_menu(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    await town.play("+0 09:01")
    asked = town.sends("ack")[0]["id"]
    town.say("09:05", "R-1", "u-1", "这单我包了，下班过去弄", quote=asked)
    town.say("10:00", "R-1", "u-1", "灯亮堂了，线头重新接过", quote=asked)
    await town.play("+0 10:01")
    assert town.story() == ["created", "claimed", "resolved"]


async def test_what_is_handed_to_nobody_on_the_roster_is_progress(town: Town) -> None:
    town.say("09:00", "R-1", "r1", LAMP)
    town.say("09:05", "R-1", "u-1", "接单")
    await town.play("+0 09:06")
    town.say("09:10", "R-1", "u-1", "已转给路灯所的师傅处理", quote=town.sends("ack")[0]["id"])
    await town.play("+0 09:11")
    assert town.story() == ["created", "claimed", "progress"]
    assert not any("没有" in s["text"] for s in town.sends("answer", room="R-1"))


@pytest.mark.parametrize("words", ["那边怎么样了", "搞快点咯", "到哪一步了", "人咧"])
async def test_where_nothing_is_open_a_leaders_talk_is_not_answered(town: Town, words: str) -> None:
    town.say("09:00", "R-1", "u-1", words)
    await town.play("+0 09:01")
    assert town.sends(room="R-1") == []
