"""From a configuration to the channel it names. A network is imported only when it is chosen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot.channels.base import Channel
from bot.clock import Clock
from bot.config import AccountConfig, Config, ConfigError

if TYPE_CHECKING:
    from bot.channels.wechaty.channel import Doors, Wechaty
    from bot.channels.wechaty.wire import Endpoint

NAMES = ("simulator", "wechaty")
_TOKEN = re.compile(r"[A-Za-z0-9._-]{6,128}")
_ENDPOINT = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(\d{1,5})")


def check(config: Config) -> None:
    """Raise ConfigError for a channel nobody knows, and for accounts that can't be spoken to."""
    if config.channel not in NAMES:
        known = "、".join(NAMES)
        raise ConfigError(f"channel = “{config.channel}”不认识，可以写的有 {known}")
    if config.channel == "wechaty":
        if not config.wechaty.account:
            raise ConfigError("channel = “wechaty”要至少一节 [[wechaty.account]]")
        _unlike("wechaty.account", [a.name for a in config.wechaty.account])
        for account in config.wechaty.account:
            _check_account(account)
    _unlike("wecom.robot", [r.name for r in config.wecom.robot])


def _unlike(what: str, names: list[str]) -> None:
    for name in names:
        if not name or names.count(name) > 1:
            raise ConfigError(f"[[{what}]] 每节都要有 name，而且不能重名（“{name}”）")


def _check_account(account: AccountConfig) -> None:
    where = f"[[wechaty.account]] {account.name}"
    port = _ENDPOINT.fullmatch(account.endpoint)
    if not port or not 0 < int(port[1]) < 65536:
        raise ConfigError(
            f"{where}：endpoint = “{account.endpoint}”不对，写成 主机:端口，不带 http://"
        )
    if not _TOKEN.fullmatch(account.token):
        raise ConfigError(
            f"{where}：token 的样子不对，应当是6到128个字母、数字、点、横线，不带空格和引号"
        )


def endpoint_of(account: AccountConfig) -> Endpoint:
    """Return where an account's gateway is. Raises ConfigError."""
    from bot.channels.wechaty.wire import Endpoint  # noqa: PLC0415 - only where it is chosen

    ca = b""
    if account.ca:
        try:
            ca = Path(account.ca).read_bytes()
        except OSError as error:
            raise ConfigError(
                f"[[wechaty.account]] {account.name}：读不了 ca 文件 {account.ca}：{error.strerror}"
            ) from error
        if b"-----BEGIN CERTIFICATE-----" not in ca:
            raise ConfigError(
                f"[[wechaty.account]] {account.name}：ca 文件 {account.ca} 不是 PEM 证书"
            )
    return Endpoint(account.endpoint, account.token, account.tls, ca, account.server_name)


def wechat(config: Config, doors: Doors, clock: Clock) -> Wechaty:
    """Return WeChat by the accounts of a configuration. Raises ConfigError."""
    from bot.channels.wechaty.channel import Wechaty  # noqa: PLC0415

    endpoints = [(account.name, endpoint_of(account)) for account in config.wechaty.account]
    return Wechaty(endpoints, doors, clock)


def with_robots(config: Config, main: Channel) -> Channel:
    """Return the channel with the group robots of a configuration beside it."""
    if not config.wecom.robot:
        return main
    from bot.channels.switchboard import Switchboard  # noqa: PLC0415
    from bot.channels.wecom import Robot, Wecom  # noqa: PLC0415

    try:
        robots = [Robot(robot.name, robot.url) for robot in config.wecom.robot]
    except ValueError as error:
        raise ConfigError(f"[[wecom.robot]]：{error}") from error
    return Switchboard(main, {"wecom": Wecom(robots)})
