"""`jiedan run` and `jiedan doctor --online` as processes, against a real gateway."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from bot.app import open_store, save_roster
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES
from tests.gateway.conftest import WORLD
from tests.gateway.driver import BOT, TOKEN, MockGateway, free_port

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"


def written(folder: Path, endpoint: str, token: str = TOKEN, more: str = "") -> Path:
    path = folder / "config.toml"
    path.write_text(f"""channel = "wechaty"
[storage]
url = "sqlite:///{folder / "city.db"}"
[console]
port = {free_port()}
[attachments]
folder = "{folder / "attachments"}"
[rates]
pause = "0s"
[[wechaty.account]]
name = "one"
endpoint = "{endpoint}"
token = "{token}"
{more}
""", encoding="utf-8")  # fmt: skip
    return path


async def jiedan(*arguments: str) -> tuple[int, str, str]:
    """Run a command to its end; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def roster_in(folder: Path) -> None:
    store = open_store(f"sqlite:///{folder / 'city.db'}")
    await store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "test"))
    await store.close()


async def test_run_serves_until_told_to_stop_and_doctor_sees_it(tmp_path: Path) -> None:
    await roster_in(tmp_path)
    gateway = MockGateway(tmp_path, WORLD)
    await gateway.start()
    config = written(tmp_path, gateway.address)
    code, out, _ = await jiedan("doctor", "--online", "--config", str(config))
    assert "程序没在跑" in out
    assert code == 1
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--config", str(config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout
    assert "账号 one 开始值守" in (await running.stdout.readline()).decode()
    async with asyncio.timeout(30):
        while not (await gateway.order("say", from_="r2", room="R-1", text="早"))["heard"]:
            await asyncio.sleep(0.1)
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    _, out, _ = await jiedan("doctor", "--online", "--config", str(config))
    assert "账号one" not in out
    assert "程序没在跑" not in out
    await gateway.order("out")
    await asyncio.sleep(0.5)
    _, out, _ = await jiedan("doctor", "--online", "--config", str(config))
    assert "账号one没在值守：账号从微信退出了" in out
    running.send_signal(signal.SIGTERM)
    _, err = await running.communicate()
    assert running.returncode == 0
    assert "Traceback" not in err.decode()
    await gateway.kill()


@pytest.mark.parametrize(
    ("endpoint", "token", "more", "says"),
    [
        ("http://x:1", TOKEN, "", "endpoint = “http://x:1”不对，写成 主机:端口"),
        ("127.0.0.1", TOKEN, "", "写成 主机:端口"),
        ("127.0.0.1:99999", TOKEN, "", "写成 主机:端口"),
        ("127.0.0.1:8788", "with a space", "", "token 的样子不对"),
        ("127.0.0.1:8788", "", "", "token 的样子不对"),
        ("127.0.0.1:8788", TOKEN, 'ca = "/nowhere/ca.pem"', "读不了 ca 文件"),
        ("127.0.0.1:8788", TOKEN, 'ca = "config.example.toml"', "不是 PEM 证书"),
        ("127.0.0.1:8788", TOKEN, '[[wechaty.account]]\nname = "one"\nendpoint = "h:1"', "不能重名"),
        ("127.0.0.1:8788", TOKEN, '[[wecom.robot]]\nname = "r"\nurl = "ftp://x"', "机器人“r”的地址不对"),
        ("127.0.0.1:8788", TOKEN, "[wecom]\nrobot = 3", "应当是若干节 [[wecom.robot]]"),
    ],
)  # fmt: skip
async def test_bad_settings_are_one_clear_line(
    tmp_path: Path, endpoint: str, token: str, more: str, says: str
) -> None:
    await roster_in(tmp_path)
    config = written(tmp_path, endpoint, token, more)
    code, _, err = await jiedan("run", "--config", str(config))
    assert (code, len(err.strip().splitlines())) == (2, 1), err
    assert says in err


async def test_an_unknown_channel_and_one_without_accounts(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    for toml, says in (
        ('channel = "telegram"', "channel = “telegram”不认识，可以写的有 simulator、wechaty"),
        ('channel = "wechaty"', "要至少一节 [[wechaty.account]]"),
    ):
        config.write_text(toml, encoding="utf-8")
        code, _, err = await jiedan("run", "--config", str(config))
        assert (code, err.strip().count("\n")) == (2, 0)
        assert says in err


async def test_doctor_names_what_is_wrong_with_each_gateway(tmp_path: Path) -> None:
    await roster_in(tmp_path)
    gateway = MockGateway(tmp_path, WORLD, BOT)
    await gateway.start()
    config = written(tmp_path, gateway.address, "a_wrong_token")
    _, out, _ = await jiedan("doctor", "--online", "--config", str(config))
    assert "账号one：网关" in out
    assert "不认这个口令" in out
    await gateway.kill()
    config = written(tmp_path, gateway.address)
    _, out, _ = await jiedan("doctor", "--online", "--config", str(config))
    assert "上没有网关在跑" in out
