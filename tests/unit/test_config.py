from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import promises_of, schedule_of, sqlite_path
from bot.config import Config, ConfigError, load

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def keys(config: Any, where: str = "") -> set[str]:
    found = set()
    for f in fields(config):
        value = getattr(config, f.name)
        inner = is_dataclass(value)
        found |= keys(value, f"{where}{f.name}.") if inner else {f"{where}{f.name}"}
    return found


def flat(table: dict[str, Any], where: str = "") -> set[str]:
    found = set()
    for key, value in table.items():
        inner = isinstance(value, dict)
        found |= flat(value, f"{where}{key}.") if inner else {f"{where}{key}"}
    return found


def test_the_example_has_every_key_with_its_default() -> None:
    assert load(EXAMPLE) == Config()
    assert flat(tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))) == keys(Config())


def test_the_readme_names_every_section() -> None:
    readme = (EXAMPLE.parent / "README.md").read_text(encoding="utf-8")
    for f in fields(Config):
        assert f.name in readme, f.name


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[polcy]", "没有 polcy 这一项，是不是想写 policy"),
        ("[policy.normal]\nclaim_wihin = '2h'", "没有 policy.normal.claim_wihin 这一项，是不是想写 claim_within"),
        ("[policy.normal]\nclaim_within = '2 hours'", "policy.normal.claim_within：“2 hours”不是时长，写成 90s、30m、2h 或 3d"),
        ("[policy.normal]\nclaim_within = 2", "不是时长"),
        ("[policy.normal]\nnudges = '2'", "应当是不带引号的整数"),
        ("[policy.normal]\nnudges = -1", "应当是不带引号的整数"),
        ("[policy.normal]\nworking_hours = 1", "应当是true 或 false"),
        ("policy = 3", "应当是一节 [policy]"),
        ("[calendar", "不合 TOML"),
        ("[zzz]", "可以写的有"),
    ],
)  # fmt: skip
def test_bad_settings_are_named(tmp_path: Path, toml: str, says: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="读不了"):
        load(tmp_path / "none.toml")
    path = tmp_path / "gbk.toml"
    path.write_bytes('channel = "模拟器"'.encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(path)


@pytest.mark.parametrize(
    ("toml", "where"),
    [
        ("[calendar]\nhours = '9-5'", "[calendar]"), ("[calendar]\ntimezone = 'Mars'", "[calendar]"),
        ("[calendar]\nrest_days = 'never'", "[calendar]"), ("[digest]\ndaily = '25:00'", "[digest]"),
    ],
)  # fmt: skip
def test_a_calendar_that_makes_no_sense(tmp_path: Path, toml: str, where: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        _built(path)
    assert str(caught.value).startswith(where)


def _built(path: Path) -> None:
    promises_of(load(path))
    schedule_of(load(path))


def test_units() -> None:
    policy = load(EXAMPLE).policy.emergency
    assert policy.claim_within == timedelta(minutes=10)
    assert policy.resolve_within == timedelta(hours=4)


@pytest.mark.parametrize("url", ["mysql://x", "sqlite:///", "data.db"])
def test_a_storage_url_that_nobody_reads(url: str) -> None:
    with pytest.raises(ConfigError, match=r"storage\.url"):
        sqlite_path(url)
