"""Leaders' corrections, from the groups to a model that decides otherwise."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import triage_of
from bot.config import load
from bot.models import Label
from handlers.triage import Triage
from handlers.triage.lessons import held_back, is_worse, learn, marks, ours
from handlers.triage.taught import Taught, TaughtError, load_taught
from tests.conftest import Town
from tests.postgres import fresh_database

DRUMS = [
    f"{place}{what}"
    for place in ("祠堂", "戏台", "老屋", "坪里", "桥头", "庙前", "河边", "村口")
    for what in (
        "打腰鼓吵死了", "腰鼓队吵得睡不着", "的腰鼓声音太大了", "腰鼓半夜还在响，太吵", "腰鼓队又在扰民",
    )
]  # fmt: skip
"""A village's own matter: a club that everybody likes, and triage takes for noise."""


async def taught_by_a_town(town: Town, url: str) -> None:
    for at, words in enumerate(DRUMS):
        hour, minute = 8 + at * 10 // 60, at * 10 % 60
        id_ = town.say(f"{hour:02}:{minute:02}", "R-1", f"r{at}", f"下单 {words}")
        town.say(f"{hour:02}:{minute + 1:02}", "R-1", "u-1", "不是诉求", quote=id_)
    await town.play("20:00", url=url)


def config_of(tmp_path: Path, url: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[storage]\nurl = "{url}"\n[triage]\ntaught = "{tmp_path}/taught.json"\n', encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_what_leaders_correct_is_learned(
    town: Town, tmp_path: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/kept.db" if engine == "sqlite" else fresh_database()
    await taught_by_a_town(town, url)
    config = config_of(tmp_path, url)
    assert await asyncio.to_thread(main, ["train", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert f"改正一共{len(DRUMS)}条" in told
    assert "taught.json" in told
    kept = [words for words in DRUMS if held_back(words)]
    untaught, taught = Triage(), triage_of(load(config))
    loud = [words for words in kept if untaught.judge(words).decision == "ticket"]
    assert loud, "without teaching some of them open tickets"
    assert all(taught.judge(words).decision != "ticket" for words in kept)
    assert taught.judge("3栋的路灯坏了").decision == "ticket"


async def test_a_few_corrections_change_nothing(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    town.say("09:00", "R-1", "r1", "3栋的路灯坏了")
    town.say("09:10", "R-1", "u-1", "不是诉求 1001")
    await town.play("10:00", url=url)
    assert await asyncio.to_thread(main, ["train", "--config", str(config_of(tmp_path, url))]) == 0
    assert "改正还只有1条" in capsys.readouterr().out
    assert not (tmp_path / "taught.json").exists()


async def test_what_cannot_be_written_is_one_clear_line(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/kept.db"
    await taught_by_a_town(town, url)
    config = config_of(tmp_path, url)
    (tmp_path / "taught.json").mkdir()  # a folder stands in the way
    assert await asyncio.to_thread(main, ["train", "--config", str(config)]) == 2
    assert "[triage] taught：写不了" in capsys.readouterr().err


def test_a_damaged_file_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "taught.json"
    path.write_text('{"problem": [', encoding="utf-8")
    with pytest.raises(TaughtError, match=r"taught\.json 读不了"):
        load_taught(path)
    triage = triage_of(load(config_of(tmp_path, "sqlite:///x.db")))
    assert triage.judge("3栋的路灯坏了").decision == "ticket"
    assert "taught.json 读不了" in caplog.text


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    taught = Taught({"腰鼓": -1.5}, {"noise": {"排练": 0.25}})
    taught.save(tmp_path / "taught.json")
    assert load_taught(tmp_path / "taught.json") == taught


def test_numbers_and_words_of_one_message_are_not_kept() -> None:
    labels = [Label(f"腰鼓队排练找{name}13{n:09}", False, "") for n, name in
              enumerate(("周某甲", "吴某乙", "郑某丙"), 1)]  # fmt: skip
    taught = learn(Triage(), labels)
    assert "腰鼓" in taught.problem
    assert not [
        p for p in taught.problem if any(c.isdigit() for c in p) or ("某" in p and len(p) > 1)
    ]


def test_a_category_is_learned() -> None:
    lessons = [Label(f"{n}组的{what}", True, "farming") for n in range(1, 9) for what in
               ("烤烟房塌了", "烤烟棚漏雨", "烤烟没人收购")]  # fmt: skip
    before, after = Triage(), Triage(taught=learn(Triage(), lessons))
    asked = "我家烤烟房漏了"
    assert before.judge(asked).category != "farming"
    assert after.judge(asked).category == "farming"


def test_what_makes_it_worse_is_not_kept() -> None:
    triage, (_, examples) = Triage(), ours()
    wrong = [Label(label.text, not label.problem, "") for label in examples]
    spoiled = Triage(taught=learn(triage, wrong))
    fine, bad = marks(triage, examples), marks(spoiled, examples)
    assert fine.right >= 0.9 * len(examples)
    assert is_worse(fine, fine, (fine, bad))
    assert is_worse(fine, bad, (fine, fine))
    assert not is_worse(fine, fine, (fine, fine))


def test_near_duplicates_are_held_back_together() -> None:
    for words in DRUMS:
        assert held_back(f"3栋2单元{words}！") == held_back(f"12栋五单元{words}")
    assert {held_back(words) for words in DRUMS} == {True, False}
