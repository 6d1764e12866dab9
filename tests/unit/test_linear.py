"""The models that ship: how they are read, and what may not be in them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files

import pytest

from handlers.categories import categories
from handlers.triage import Triage
from handlers.triage.linear import NAMES, Model, best, join, load, pack, pieces, shipped, unpack
from handlers.triage.staff import STAFF


def small() -> Model:
    """Two labels, two pieces: 水 speaks for wet, 火 for hot."""
    rows = bytes([128 + 100, 128, 1, 128, 128 + 100, 1])
    head = {"labels": ["wet", "hot"], "longest": 2, "scale": 0.01, "rarity": 1.0,
            "bias": [0.0, 0.25], "more": {"ticket": 0.5}}  # fmt: skip
    return unpack(pack(["水", "火"], rows, head))


def test_what_is_packed_is_read_back() -> None:
    model = small()
    assert (model.labels, model.more["ticket"]) == (("wet", "hot"), 0.5)
    assert (model.weight("水", 0), model.weight("水", 1), model.weight("土", 0)) == (100, 0, 0)


@pytest.mark.parametrize(
    ("text", "wet", "hot"),
    [
        ("水", 1.0, 0.25),
        ("火", 0.0, 1.25),
        ("水火", 0.707, 0.957),
        ("", 0.0, 0.25),
        ("土木", 0.0, 0.25),
    ],
)
def test_weights_add_up_over_the_length_of_what_is_known(text: str, wet: float, hot: float) -> None:
    assert small().scores(text) == pytest.approx([wet, hot], abs=0.001)


def test_joined_models_say_what_each_says_alone() -> None:
    alone = {"small": small(), "danger": load("danger"), "category": load("category")}
    joined = join(alone)
    for line in ("水", "火", "", "3栋电梯困人了", "停水" * 400):
        sums = joined["small"].sums(line)
        for name, model in alone.items():
            assert joined[name].scores(line, sums) == model.scores(line)
    assert joined["danger"].weight("救", 0) == alone["danger"].weight("救", 0) != 0
    assert joined["small"].weight("救", 0) == 0


def test_said_a_hundred_times_it_is_no_surer_by_much() -> None:
    once, often = small().scores("水火")[0], small().scores("水火" * 400)[0]
    assert once < often < 3 * once


def test_pieces_are_all_runs_with_the_ends_marked() -> None:
    assert pieces("停电", 3) == ["^", "停", "电", "$", "^停", "停电", "电$", "^停电", "停电$"]


def test_the_best_label_and_how_far_it_is_ahead() -> None:
    told = best([0.1, 0.7, 0.4], ["a", "b", "c"])
    assert (told.label, round(told.margin, 3)) == ("b", 0.3)


@pytest.mark.parametrize("name", NAMES)
def test_no_number_and_no_latin_letter_is_in_a_vocabulary(name: str) -> None:
    found = load(name).rows
    assert len(found) > 1000
    assert not [piece for piece in found if re.search(r"[0-9A-Za-z]", piece) or len(piece) > 3]


def test_the_files_are_small() -> None:
    sizes = [len((files("handlers.triage") / f"{name}.model.gz").read_bytes()) for name in NAMES]
    assert sum(sizes) < 5_000_000


def test_the_labels_are_those_of_the_tables() -> None:
    assert set(shipped()["category"].labels) <= set(categories())
    assert set(shipped()["domain"].labels) <= {row.domain for row in categories().values()}


def test_understanding_needs_no_training_library() -> None:
    code = (
        "import sys; from handlers.triage import Triage; Triage().understand('路灯坏了');"
        "sys.exit(bool({'sklearn', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TRIAGE = Triage()


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("请村里协调一下，我们组的水渠塌了，自己修不好", True), ("麻烦供电所来看看，三组还是没电", True),
        ("报上去半个月了，那段塌方还没人来看，请交通局给句话", True),
        ("请大家把车挪一下，消防通道被堵了", False), ("3栋的路灯已经报修了", False), ("路灯坏了", False),
        ("各位居民，明天停水", False), ("楼上漏水归物业管，你打他们电话", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("role", sorted(STAFF))
def test_a_leaders_post_is_a_request_only_by_its_own_words(
    text: str, asks: bool, role: str
) -> None:
    assert (TRIAGE.judge(text, role=role).decision == "ticket") is asks
