"""The whole product on one screen: what can be said, and the function that decides on it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models import NOTHING, Command, Decision, Question
from handlers import ask, bind, climb, finish, report, take, tidy
from handlers.scene import Scene, answered

COMMANDS: dict[str, Callable[[Scene, Command], Decision]] = {
    "report": report.report,  # 下单
    "claim": take.claim,  # 接单
    "progress": take.progress,  # 进展
    "transfer": take.transfer,  # 转给
    "suspend": take.suspend,  # 挂起
    "resume": take.resume,  # 恢复
    "escalate": climb.escalate,  # 吹哨、上报
    "return": climb.send_back,  # 退回
    "resolve": finish.resolve,  # 办结
    "confirm": finish.confirm,  # 满意
    "reopen": finish.reopen,  # 没解决
    "cancel": finish.cancel,  # 撤销
    "reject": finish.reject,  # 不受理
    "rate": finish.rate,  # 评价
    "merge": tidy.merge,  # 合并
    "reclassify": tidy.reclassify,  # 改类
    "nudge": tidy.nudge,  # 催办
    "query": ask.query,  # 查询、我的待办
    "help": ask.help_,  # 帮助
    "bind": bind.bind,  # 绑定、认证、解绑
}

PATIENCE = timedelta(minutes=10)
"""How long the bot waits for the answer to "which one?"."""

_BARE = re.compile(r"\s*[#＃]?\s*(\d{1,8})\s*号?[。.!！]?\s*")


def bare_number(text: str) -> str:
    """Return the number if a text is nothing but a ticket number, else an empty text."""
    found = _BARE.fullmatch(text)
    return str(int(found[1])) if found else ""


def completed(question: Question | None, text: str, now: datetime) -> Command | None:
    """Return the command that a bare number completes, or None."""
    number = bare_number(text)
    if question is None or not number or int(number) not in question.choices:
        return None
    if now - question.asked_at > PATIENCE:
        return None
    args = {**question.command.args, "ticket": number}
    return Command(question.command.name, args)


def decide(scene: Scene) -> Decision:
    """Return what a message leads to."""
    command = scene.understanding.command
    if command is None:
        return report.hear(scene)
    decision = COMMANDS[command.name](scene, command)
    if decision is NOTHING and scene.plain:
        # "又停电了" may answer a 办结, or be a new plea: what is no answer is heard as words
        return report.hear(replace(scene, understanding=scene.plain))
    return answered(decision)
