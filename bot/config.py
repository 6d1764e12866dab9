"""The settings: every key with its type and default, read from TOML.

Errors name the file, the key and what to do; an unknown key is answered with the nearest one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from bot.models import Urgency
from schedules.policy import DEFAULTS, Policy


class ConfigError(Exception):
    """A setting is wrong; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class StorageConfig:
    """Where the program remembers."""

    url: str = "sqlite:///data/jiedan.db"


@dataclass(frozen=True, slots=True)
class CalendarConfig:
    """When the bot may speak of its own accord, and when promises run."""

    timezone: str = "Asia/Shanghai"
    hours: str = "08:00-21:00"
    rest_days: str = "official"


@dataclass(frozen=True, slots=True)
class DigestConfig:
    """When supervisors get their digests; an empty text switches one off."""

    daily: str = "18:00"
    weekly: str = "mon 09:00"
    monthly: str = "1 09:00"


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """The promises of the three urgencies."""

    normal: Policy = DEFAULTS[Urgency.NORMAL]
    urgent: Policy = DEFAULTS[Urgency.URGENT]
    emergency: Policy = DEFAULTS[Urgency.EMERGENCY]

    def by_urgency(self) -> Mapping[Urgency, Policy]:
        """Return the table."""
        return {
            Urgency.NORMAL: self.normal,
            Urgency.URGENT: self.urgent,
            Urgency.EMERGENCY: self.emergency,
        }


@dataclass(frozen=True, slots=True)
class RatesConfig:
    """How much an account, and the bot in one group, may say; 0: no limit."""

    account_per_minute: int = 12
    room_per_minute: int = 4
    account_per_day: int = 500
    """Emergencies are said beyond it."""
    pause: timedelta = timedelta(seconds=3)
    """Between two messages of an account at least; up to two thirds more by chance."""


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """The simulator's page."""

    host: str = "127.0.0.1"
    port: int = 8734


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """A WeChat account and the gateway that serves it."""

    name: str = ""
    endpoint: str = ""
    """host:port"""
    token: str = ""
    tls: bool = False
    ca: str = ""
    """A PEM file of whoever signed the gateway's certificate; empty: the machine's authorities."""
    server_name: str = ""
    """The name in the certificate, if it isn't the host's; the gateway's own says `insecure`."""


@dataclass(frozen=True, slots=True)
class WechatyConfig:
    """The accounts of `channel = "wechaty"`."""

    account: tuple[AccountConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class RobotConfig:
    """A WeCom group robot, spoken to as ``wecom:<name>``."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class WecomConfig:
    """Group robots beside the channel."""

    robot: tuple[RobotConfig, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertsConfig:
    """Who hears that an account is down, beside the administrators on the roster."""

    to: tuple[str, ...] = ()
    """Chat user ids, or robots as ``wecom:<name>``."""
    after: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class AttachmentsConfig:
    """Pictures and files that belong to tickets."""

    folder: str = "data/attachments"
    largest_mb: int = 10


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """Who looks after the scheduler."""

    every: timedelta = timedelta(minutes=3)
    """A second at least."""


@dataclass(frozen=True, slots=True)
class PrivacyConfig:
    """What is forgotten, and when."""

    keep: timedelta = timedelta(days=180)
    """How long contact data stays after a ticket's end, and chatter after it was said; a day at
    least."""


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """The page for officers, and /healthz."""

    host: str = "127.0.0.1"
    port: int = 8735


@dataclass(frozen=True, slots=True)
class TriageConfig:
    """Understanding."""

    words: str = ""
    """A file of local words, one a line: estates, nicknames of places, roads, village groups."""
    taught: str = "data/taught.json"
    """Where `jiedan train` keeps what leaders' corrections taught; empty: nothing is learned."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    channel: str = "simulator"
    storage: StorageConfig = field(default_factory=StorageConfig)
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    calendar: CalendarConfig = field(default_factory=CalendarConfig)
    digest: DigestConfig = field(default_factory=DigestConfig)
    rates: RatesConfig = field(default_factory=RatesConfig)
    triage: TriageConfig = field(default_factory=TriageConfig)
    wechaty: WechatyConfig = field(default_factory=WechatyConfig)
    wecom: WecomConfig = field(default_factory=WecomConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    attachments: AttachmentsConfig = field(default_factory=AttachmentsConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    console: ConsoleConfig = field(default_factory=ConsoleConfig)
    simulator: SimulatorConfig = field(default_factory=SimulatorConfig)


_DURATION = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Read ``90s``, ``30m``, ``2h`` or ``3d``. Raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise ValueError(f"“{text}”不是时长，写成 90s、30m、2h 或 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def load(path: Path | None) -> Config:
    """Read a file; None gives the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"读不了配置文件 {path}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"配置文件 {path} 不是 UTF-8 编码，请另存为 UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"配置文件 {path} 写得不合 TOML：{error}") from error
    try:
        config: Config = _build(Config(), table, "")
    except ValueError as error:
        raise ConfigError(f"配置文件 {path}：{error}") from error
    return config


def _build(default: Any, table: Mapping[str, Any], where: str) -> Any:
    """Return ``default`` with the table's values; ``where`` is the dotted key so far."""
    hints = get_type_hints(type(default))
    known = {f.name for f in fields(default)}
    values = {f.name: getattr(default, f.name) for f in fields(default)}
    for key, value in table.items():
        if key not in known:
            raise ValueError(_unknown(f"{where}{key}", key, known))
        values[key] = _value(values[key], value, hints[key], f"{where}{key}")
    return type(default)(**values)


def _unknown(dotted: str, key: str, known: set[str]) -> str:
    near = difflib.get_close_matches(key, sorted(known), 1, 0.5)
    hint = f"，是不是想写 {near[0]}" if near else f"，这里可以写的有 {'、'.join(sorted(known))}"
    return f"没有 {dotted} 这一项{hint}"


def _value(default: Any, value: Any, hint: Any, dotted: str) -> Any:
    if is_dataclass(default):
        if not isinstance(value, dict):
            raise ValueError(f"{dotted} 应当是一节 [{dotted}]")
        return _build(default, value, f"{dotted}.")
    if hint is timedelta:
        return _duration(value, dotted)
    if get_origin(hint) is tuple:
        return _list(value, get_args(hint)[0], dotted)
    wanted = {bool: "true 或 false", int: "不带引号的整数", str: "带引号的文字"}[hint]
    if type(value) is not hint or (hint is int and value < 0):
        raise ValueError(f"{dotted} = {value!r} 不对，应当是{wanted}")
    return value


def _list(value: Any, hint: Any, dotted: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        shape = f"若干节 [[{dotted}]]" if is_dataclass(hint) else "方括号里的一列文字"
        raise ValueError(f"{dotted} 应当是{shape}")
    default = hint()
    return tuple(_value(default, v, hint, f"{dotted}[{i}]") for i, v in enumerate(value, 1))


def _duration(value: Any, dotted: str) -> timedelta:
    try:
        return duration(value if isinstance(value, str) else str(value))
    except ValueError as error:
        raise ValueError(f"{dotted}：{error}") from error
