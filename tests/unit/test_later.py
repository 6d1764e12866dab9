"""What is said later and no rule hears: the model's part, and what keeps it from harm."""

from __future__ import annotations

import pytest

from bot.models import Command
from handlers.triage import Triage
from handlers.triage.later import HAND_WORDS, HOUSEHOLD_WORDS, later, telling
from handlers.triage.linear import shipped


@pytest.fixture(scope="module")
def triage() -> Triage:
    return Triage()


def heard(triage: Triage, text: str, role: str, quoted: bool = True) -> Command | None:
    return triage.understand(text, role=role, quoted=quoted).command


@pytest.mark.parametrize(
    ("text", "role", "name"),
    [
        ("这单我包了，下班过去弄", "leader", "claim"),
        ("三户的下水都捅开了，水走得很顺", "deputy", "resolve"),
        ("供电所答应后天派车来立杆", "leader", "progress"),
        ("这事网格里啃不动，得社区牵头", "leader", "escalate"),
        ("材料不齐，先退给你们组上补", "officer", "return"),
        ("灯又黑了，跟没修一样", "reporter", "reopen"),
        ("水清亮了，蛮好", "reporter", "confirm"),
        ("不麻烦了，我崽回来弄好哒", "reporter", "cancel"),
        ("还要等到几时咯，抓紧点撒", "reporter", "nudge"),
        ("那个下水的事到哪一步了", "reporter", "query"),
    ],
)
def test_more_ways_of_saying_it_are_heard(triage: Triage, text: str, role: str, name: str) -> None:
    command = heard(triage, text, role)
    assert command is not None
    assert command.name == name
    assert not command.explicit


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("等修好了再说", "leader"),
        ("谁去接一下这单", "leader"),
        ("小罗你去看一下", "leader"),
        ("感冒好了没", "leader"),
        ("不是说修好了吗", "reporter"),
        ("修好了喊我一声", "reporter"),
        ("要是能修好就好了", "reporter"),
    ],
)
@pytest.mark.parametrize("quoted", [True, False])
def test_nothing_is_claimed_or_closed(triage: Triage, text: str, role: str, quoted: bool) -> None:
    command = heard(triage, text, role, quoted)
    assert command is None or command.name not in {
        "claim",
        "resolve",
        "confirm",
        "cancel",
        "reject",
    }


def test_neighbours_who_answer_nothing_are_left_to_the_rules(triage: Triage) -> None:
    assert heard(triage, "水清亮了，蛮好", "neighbour", quoted=False) is None
    assert later("修好了", "neighbour", False, None, shipped()) is None


def test_what_the_menu_says_is_not_weighed(triage: Triage) -> None:
    command = heard(triage, "办结 等修好了再说", "leader")
    assert command is None or command.explicit


def test_a_hand_over_needs_a_name_and_a_merger_a_number(triage: Triage) -> None:
    command = heard(triage, "这单转给罗师傅去办", "leader")
    assert command is not None
    assert (command.name, command.args["person"]) == ("transfer", "罗师傅")
    command = heard(triage, "和1005是同一件事，并过去", "leader")
    assert command is not None
    assert (command.name, command.args["into"]) == ("merge", "1005")


def test_a_line_as_the_model_reads_it_tells_rules_reply_and_letters() -> None:
    told = {
        telling("通了", name, quoted, unsure)
        for name in (*HAND_WORDS, *HOUSEHOLD_WORDS)
        for quoted in (True, False)
        for unsure in (True, False)
    }
    assert len(told) == 4 * len({*HAND_WORDS, *HOUSEHOLD_WORDS})
    assert telling("通了", "none", True, False) != telling("漏了", "none", True, False)


def test_stars_are_given_by_a_number(triage: Triage) -> None:
    command = heard(triage, "办得蛮快，打四颗星吧", "reporter")
    assert command is None or command.args.get("stars") == "4"
