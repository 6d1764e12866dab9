"""The commands as an operator runs them, on real files, in real processes."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

SAMPLE = Path(__file__).parents[2] / "bot" / "sample"
ROSTER = ["--grids", str(SAMPLE / "grids.csv"), "--people", str(SAMPLE / "people.csv")]


def jiedan(*arguments: str, text: str = "", cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], input=text, capture_output=True, text=True,
        cwd=cwd, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nurl = "sqlite:///{tmp_path / "city.db"}"\n', encoding="utf-8")
    return str(path)


def line(text: str, at: str = "2026-11-24T09:00:00+08:00", **more: object) -> str:
    people = (SAMPLE / "residents.csv").read_text(encoding="utf-8").splitlines()
    room = next(csv.DictReader(people))["room"]
    return json.dumps({"id": at, "at": at, "room": room, "sender": "r", "text": text, **more})


def test_import_doctor_and_export(tmp_path: Path, config: str) -> None:
    empty = jiedan("doctor", "--config", config, cwd=tmp_path)
    assert (empty.returncode, "数据库" in empty.stdout) == (1, True)
    done = jiedan("import", "--config", config, *ROSTER, cwd=tmp_path)
    assert (done.returncode, "导入好了" in done.stdout) == (0, True), done.stderr
    url = f"sqlite:///{tmp_path / 'city.db'}"
    chat = line("3栋的路灯坏了，电话13812345678")
    replayed = jiedan("replay", "-", *ROSTER, "--database", url, text=chat, cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stderr
    sheet = jiedan("export", "--config", config, "out.xlsx", cwd=tmp_path)
    assert sheet.returncode == 0, sheet.stderr
    book = openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    assert len(rows) == 2
    assert "138****5678" in str(rows[1])
    table = jiedan("export", "--config", config, "out.csv", cwd=tmp_path)
    assert table.returncode == 0
    assert "138****5678" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert (tmp_path / "out.history.csv").exists()


def test_the_doctor_tells_of_a_damaged_file(tmp_path: Path, config: str) -> None:
    assert jiedan("import", "--config", config, *ROSTER, cwd=tmp_path).returncode == 0
    with closing(sqlite3.connect(tmp_path / "city.db")) as db:
        db.execute(
            "update grids set level = 'micsogrid' where code = (select min(code) from grids)"
        )
        db.commit()
    done = jiedan("doctor", "--config", config, cwd=tmp_path)
    assert done.returncode == 1
    assert "自检不通过（grids" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_bad_roster_names_each_row_and_keeps_the_old_one(tmp_path: Path, config: str) -> None:
    assert jiedan("import", "--config", config, *ROSTER, cwd=tmp_path).returncode == 0
    bad = tmp_path / "grids.csv"
    bad.write_text(
        "code,name,level,parent,room\nA,市,市,,\nB,街道,街道,X,\nA,又一个,市,,\n", "utf-8"
    )
    done = jiedan("import", "--config", config, "--grids", str(bad), *ROSTER[2:], cwd=tmp_path)
    assert done.returncode == 2
    assert "第 3 行" in done.stderr
    assert "第 4 行" in done.stderr
    assert "Traceback" not in done.stderr
    healthy = jiedan("doctor", "--config", config, cwd=tmp_path)
    assert "名册是空的" not in healthy.stdout


def test_replay_reads_standard_input_and_gives_the_same_bytes(tmp_path: Path) -> None:
    chat = "\n".join([line("3栋的路灯坏了"), "{bad", line("吃饭了没", "2026-11-24T09:01:00+08:00")])
    runs = [
        jiedan(
            "replay", "-", *ROSTER, "--until", "2026-11-25T19:00:00+08:00", text=chat, cwd=tmp_path
        )
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].returncode == 0
    assert "第 2 行" in runs[0].stderr
    last = json.loads(runs[0].stdout.splitlines()[-1])
    assert (last["messages"], last["skipped"], last["tickets"]) == (2, 1, 1)
    strict = jiedan("replay", "-", *ROSTER, "--strict", text=chat, cwd=tmp_path)
    assert strict.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["replay", "none.jsonl", *ROSTER], "none.jsonl"),
        (["replay", "-", "--grids", "none.csv", *ROSTER[2:]], "none.csv"),
        (["replay", "-", *ROSTER, "--config", "none.toml"], "none.toml"),
        (["replay", "-", *ROSTER, "--database", "mysql://x"], "mysql://x"),
        (["run", "--config", "none.toml"], "none.toml"),
        (["export", "out.pdf"], "out.pdf"),
        (["bind-code", "--grid", "A", "--hours", "0"], "--hours 0"),
    ],
)
def test_what_can_not_be_read_is_one_line_and_exit_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = jiedan(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_run_wants_a_roster_and_a_channel_it_knows(tmp_path: Path, config: str) -> None:
    done = jiedan("run", "--config", config, cwd=tmp_path)
    assert (done.returncode, "名册是空的" in done.stderr) == (2, True)
    Path(config).write_text('channel = "qq"\n', encoding="utf-8")
    done = jiedan("run", "--config", config, cwd=tmp_path)
    assert (done.returncode, "simulator" in done.stderr) == (2, True)


def test_triage_answers_line_by_line(tmp_path: Path) -> None:
    asked = "\n".join(['{"text": "3栋路灯坏了", "id": "a"}', "nonsense", '{"text": ""}', "[]"])
    done = jiedan("triage", text=asked, cwd=tmp_path)
    answers = [json.loads(a) for a in done.stdout.splitlines()]
    assert [a.get("decision", "error") for a in answers] == ["ticket", "error", "ignore", "error"]
    assert answers[0]["id"] == "a"
    assert answers[0]["place"]["building"] == "3栋"
    assert "Traceback" not in done.stderr


def test_codes_are_given_out_and_grids_and_people_unbound(tmp_path: Path, config: str) -> None:
    assert jiedan("import", "--config", config, *ROSTER, cwd=tmp_path).returncode == 0
    room = jiedan("bind-code", "--config", config, "--grid", "SAMPLE-YB", cwd=tmp_path)
    assert room.returncode == 0, room.stderr
    code, where = room.stdout.splitlines()
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", code)
    assert where == f"在群里发：绑定 SAMPLE-YB {code}（72小时内有效，只能用一次）"
    person = ["--grid", "SAMPLE-YB", "--person", "罗建国"]
    told = jiedan("bind-code", "--config", config, *person, "--hours", "5", cwd=tmp_path)
    assert "认证 " in told.stdout.splitlines()[1]
    assert "5小时内有效" in told.stdout
    for arguments, says in ((person[:2], "的群解绑了"), (person, "罗建国解绑了")):
        done = jiedan("unbind", "--config", config, *arguments, cwd=tmp_path)
        assert (done.returncode, says in done.stdout) == (0, True), done.stderr
    again = jiedan("import", "--config", config, *ROSTER, cwd=tmp_path)
    assert "1 个网格长或书记没有微信号" in again.stderr, "what the operator said stays"


@pytest.mark.parametrize("command", ["bind-code", "unbind"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--grid", "SAMPLE-Y"], "相近的有 SAMPLE-YB"),
        (["--grid", "SAMPLE-YB", "--person", "罗建"], "没有角色，那里有罗建国"),
    ],
)
def test_whom_the_roster_does_not_know_is_one_line_and_exit_2(
    tmp_path: Path, config: str, command: str, arguments: list[str], says: str
) -> None:
    assert jiedan("import", "--config", config, *ROSTER, cwd=tmp_path).returncode == 0
    done = jiedan(command, "--config", config, *arguments, cwd=tmp_path)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
