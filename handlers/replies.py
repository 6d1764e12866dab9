"""All that the bot says in chat, in one place. Pure; short, warm, exact.

Texts carry no "@": a channel writes the names of those mentioned itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models import Deadline, Happened, Level, State, Ticket, Urgency
from handlers.categories import category_name
from handlers.masking import mask

LEVELS = {
    Level.MICROGRID: "微网格", Level.BRANCH: "支部", Level.VILLAGE: "村（社区）",
    Level.TOWNSHIP: "乡镇（街道）", Level.CITY: "市",
}  # fmt: skip
STATES = {
    State.OPEN: "待接单", State.CLAIMED: "处理中", State.SUSPENDED: "已挂起",
    State.RESOLVED: "等居民确认", State.CLOSED: "已办结", State.CANCELLED: "已撤销",
    State.REJECTED: "不受理", State.MERGED: "已合并",
}  # fmt: skip
EVENTS = {
    Happened.CREATED: "下单", Happened.ADDED: "补充", Happened.JOINED: "邻居也有",
    Happened.CLAIMED: "接单", Happened.PROGRESS: "进展", Happened.ESCALATED: "上报",
    Happened.RETURNED: "退回", Happened.TRANSFERRED: "转给", Happened.SUSPENDED: "挂起",
    Happened.RESUMED: "恢复", Happened.RESOLVED: "办结", Happened.CONFIRMED: "满意",
    Happened.REOPENED: "没解决", Happened.CANCELLED: "撤销", Happened.REJECTED: "不受理",
    Happened.MERGED: "合并", Happened.RECLASSIFIED: "改类", Happened.CLOSED: "结单",
}  # fmt: skip
_VERBS = {
    "claim": "接", "progress": "记进展", "resolve": "办结", "escalate": "上报", "return": "退回",
    "transfer": "转", "suspend": "挂起", "resume": "恢复", "cancel": "撤销", "reject": "不受理",
    "merge": "合并", "reclassify": "改类", "nudge": "催", "confirm": "确认", "reopen": "重办",
    "rate": "评价", "query": "查",
}  # fmt: skip

HELP = """直接在群里说事就行，比如“3栋的路灯坏了”，我会登记、找人、催办，办好了告诉您。
居民：下单 …｜查询｜催办｜满意｜没解决｜撤销｜评价 5星
接单人：接单｜进展 …｜办结 …｜吹哨｜退回 原因｜转给 某某｜挂起 到周五 原因｜不受理 原因｜改类 …｜合并 1002 到 1001｜我的待办
有几单时带上编号，或者回复我那条消息。"""


def shorten(text: str, length: int = 24) -> str:
    """Return people's words as one line of at most ``length`` characters.

    Numbers are masked before the cut, lest half a phone number be none that the mask knows.
    """
    line = mask(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def category_word(code: str) -> str:
    """Return the short word for a category that people would use in a sentence."""
    return category_name(code)[:2]


def brief(ticket: Ticket) -> str:
    """Name a ticket: its number and its first words."""
    return f"{ticket.number}（{shorten(ticket.text)}）"


def span(length: timedelta) -> str:
    """Say a length of time in its largest unit."""
    minutes = int(length.total_seconds() // 60)
    if minutes >= 48 * 60:
        return f"{minutes // 1440}天"
    if minutes >= 60:
        return f"{minutes // 60}小时"
    return f"{max(minutes, 1)}分钟"


def clock(moment: datetime, now: datetime) -> str:
    """Say a moment as people do: today's without the date."""
    local = moment.astimezone(now.tzinfo)
    if local.date() == now.date():
        return local.strftime("今天%H:%M")
    return f"{local.month}月{local.day}日{local:%H:%M}"


# reporting


def ack(ticket: Ticket, taker: str) -> str:
    """Answer a report: number, category, who will take it."""
    who = f"请{taker}来接" if taker else "正在找人来接"
    if ticket.urgency is Urgency.EMERGENCY:
        return (
            f"{ticket.number}号紧急单已发出（{category_name(ticket.category)}），{who}。"
            "有人受伤请先打120，起火打119，打架、走失打110。"
        )
    return f"记下了，{ticket.number}号（{category_name(ticket.category)}），{who}。办好了在这里告诉您。"


def ack_own(ticket: Ticket) -> str:
    """Answer a leader who reports where he is the one to take it."""
    what = f"{ticket.number}号（{category_name(ticket.category)}）"
    return f"记下了，{what}。自己办请回“接单”，要上级来办请回“吹哨”。"


def alert(ticket: Ticket, grid: str, who: str) -> str:
    """Raise an emergency."""
    return f"【紧急】{ticket.number}号，{grid}，{who}说：{shorten(ticket.text, 80)}\n请马上过去，并回复“接单 {ticket.number}”。"


def joined(ticket: Ticket) -> str:
    """Answer a neighbour who has the same problem."""
    return f"您家的也记到{brief(ticket)}里了，有结果一并告诉您。"


def more_shown(ticket: Ticket) -> str:
    """Go with a picture that came after its ticket was forwarded."""
    return f"{brief(ticket)}又补了图片："


def withdrawn(ticket: Ticket) -> str:
    """Say that a ticket ended with its message."""
    return f"消息撤回了，{ticket.number}号一并撤销。"


def unheard(grid: str, who: str, what: str) -> str:
    """Ask a leader to listen to what the bot can't."""
    return f"{grid}的{who}发了{what}，我听不懂，请您听一下；要是报事，回复那条消息写“下单 …”就行。"


def doubts(heard: Sequence[tuple[str, str]], count: int) -> str:
    """List for a leader who said what that may be a problem."""
    lines = [f"{n}. {mask(who)}：{shorten(text, 40)}" for n, (who, text) in enumerate(heard, 1)]
    more = f"\n（一共{count}句，列了最像的{len(heard)}句）" if count > len(heard) else ""
    return (
        f"今天群里有{count}句话，我拿不准是不是诉求，没立单：\n" + "\n".join(lines) + more
        + "\n要立单的，回复“立单”加前面的数字，比如“立单 1”；不是就不用管。"
    )  # fmt: skip


def doubt_taken(number: int) -> str:
    """Tell the leader that a doubtful message has its ticket."""
    return f"立好了，{number}号，群里也说了。"


NO_DOUBT = "那张单子上没有这一句，或者已经立过单了。"
REPORT_WHAT = "要报什么事？写在“下单”后面就行，比如：下单 3栋2单元路灯不亮。"
DIRECT_REPORT = "请把这件事发到您家的联户群里，我在群里登记，网格长也能马上看到。"
HELLO = "我在。有事直接说，比如“3栋的路灯坏了”；想看用法回复“帮助”。"


# commands


def claimed(ticket: Ticket, who: str) -> str:
    """Say who has taken a ticket."""
    return f"{brief(ticket)}由{who}接单了。"


def taken(ticket: Ticket) -> str:
    """Say who was faster."""
    return f"{brief(ticket)}已经由{ticket.handler_name}接了。"


def progress_noted(ticket: Ticket) -> str:
    """Answer an explicit progress command in the household room."""
    return f"{ticket.number}号的进展记下了。"


def progress_told(ticket: Ticket, who: str, text: str) -> str:
    """Bring progress from above to the household."""
    return f"{brief(ticket)}有进展：{shorten(text, 120)}（{who}）"


def claimed_above(ticket: Ticket, grid: str, who: str) -> str:
    """Tell the household that someone above took the ticket."""
    return f"{brief(ticket)}，{f'{grid}的' if grid else ''}{who}接单了。"


def confirm(ticket: Ticket, who: str, text: str) -> str:
    """Ask the resident whether it is done."""
    how = f"：{shorten(text, 120)}" if text else ""
    return f"{brief(ticket)}，{who}说办好了{how}。您看行不行？回“满意”或“没解决”；一直没回音就算办好了。"


def resolved_noted(ticket: Ticket) -> str:
    """Tell a handler in a higher room that the resident is being asked."""
    return f"{ticket.number}号已请居民确认。"


def confirmed(ticket: Ticket) -> str:
    """Close with thanks."""
    return f"好的，{ticket.number}号办结，谢谢您回话。"


def confirmed_above(ticket: Ticket) -> str:
    """Tell the handler's room how it ended."""
    return f"{brief(ticket)}居民满意，已办结。"


def reopened(ticket: Ticket, taker: str, again: str) -> str:
    """Say that a ticket is open again; ``again`` names the grid it went up to, if it did."""
    up = f"，并上报到{again}" if again else ""
    who = f"，请{taker}再看看" if taker and not again else ""
    return f"{ticket.number}号重新打开{up}{who}。"


def escalated(ticket: Ticket, origin: str, had: str, since: str, words: str) -> str:
    """Forward a ticket one level up: what is known, who has had it, for how long."""
    lines = [f"{ticket.number}号从{origin}报上来：{shorten(ticket.text, 100)}"]
    lines.append(f"类别{category_name(ticket.category)}，下单{since}，{had}。")
    if len(ticket.audience) > 1:
        lines.append(f"共{len(ticket.audience)}户在等。")
    if words:
        lines.append(f"情况：{shorten(words, 100)}")
    lines.append(f"能办的请回复“接单 {ticket.number}”。")
    return "\n".join(lines)


def gone_up(tickets: Sequence[Ticket], grid: str, home: bool = True) -> str:
    """Say where tickets went; at ``home``, the household group, also that the outcome comes."""
    names = "、".join(brief(t) for t in tickets)
    return f"{names}已上报到{grid}{'，有结果在这里说' if home else ''}。"


def returned(ticket: Ticket, grid: str, why: str) -> str:
    """Tell a lower room that a ticket is back."""
    return f"{brief(ticket)}由{grid}退回：{shorten(why, 80)}。"


def no_level_above(ticket: Ticket) -> str:
    """There is nobody further up."""
    return f"{ticket.number}号已经在最上面一级了，没法再往上报。"


def no_level_below(ticket: Ticket) -> str:
    """There is nobody further down."""
    return f"{ticket.number}号就在它自己的网格，没法再往下退。"


def transferred(ticket: Ticket, who: str) -> str:
    """Say who has it now."""
    return f"{brief(ticket)}转给{who}了。"


def no_such_person(name: str, grid: str) -> str:
    """The person to transfer to isn't known here."""
    return f"{grid}的名册里认不准“{name}”，写全名或者@他。" if name else "转给谁？写上姓名或者@他。"


def suspended(ticket: Ticket, until: str, why: str) -> str:
    """Say until when a ticket rests."""
    because = f"，{shorten(why, 60)}" if why else ""
    return f"{brief(ticket)}挂起到{until}{because}，到时候我来提醒。"


def resumed(ticket: Ticket) -> str:
    """Say that a ticket is at work again."""
    return f"{ticket.number}号恢复办理。"


def cancelled(ticket: Ticket) -> str:
    """Answer the resident who withdrew."""
    return f"好的，{ticket.number}号撤销了。"


def left(ticket: Ticket) -> str:
    """Answer a resident who withdraws what neighbours still wait for."""
    return f"好的，{ticket.number}号您的撤了，邻居还在等，这单接着办。"


def cancelled_above(ticket: Ticket) -> str:
    """Tell the handler's room."""
    return f"{brief(ticket)}居民撤销了，不用再办。"


def rejected(ticket: Ticket, who: str, why: str) -> str:
    """Bring a refusal with its reason."""
    return f"{brief(ticket)}不受理：{shorten(why, 100)}（{who}）"


def no_plea(ticket: Ticket) -> str:
    """Take back a ticket that was only talk, without a word of reproach."""
    return f"{ticket.number}号不用办，撤下了。有事随时在群里说。"


def merged(ticket: Ticket, into: Ticket) -> str:
    """Say where a ticket went."""
    return f"{ticket.number}号并入{brief(into)}，有结果一起告诉大家。"


def reclassified(ticket: Ticket) -> str:
    """Say the new category."""
    return f"{ticket.number}号改为{category_name(ticket.category)}。"


def no_such_category(words: str) -> str:
    """The category isn't known, or several fit."""
    return f"没有“{shorten(words, 12)}”这一类，换个说法，比如：改类 1001 路灯照明。"


def rated(ticket: Ticket) -> str:
    """Thank for stars."""
    return f"谢谢，{ticket.number}号记了{ticket.stars}星。"


MERGE_WHERE = "只能合并同一个群里的单，这样结果大家才都听得到。"
RATE_HOW = "几颗星？比如：评价 5星 很及时。"


def need_reason(name: str, ticket: Ticket) -> str:
    """A command that must say why didn't."""
    verb = {"return": "退回", "reject": "不受理"}[name]
    return f"请写上原因，比如：{verb} {ticket.number} 不归我们管，应找某某。"


def nudged_by(ticket: Ticket, who: str) -> str:
    """Pass a resident's reminder on."""
    return f"{who}催问{brief(ticket)}，请回个话。"


def nudge_passed(ticket: Ticket) -> str:
    """Answer whoever reminded."""
    return f"{ticket.number}号已帮您催了。"


def just_nudged(ticket: Ticket) -> str:
    """Answer a reminder too soon after the last."""
    return f"{ticket.number}号刚催过，再等等，有消息就告诉您。"


def no_such(number: str) -> str:
    """The number isn't a ticket's."""
    return f"没有{number}号这一单，看看编号对不对。"


def none_here(name: str) -> str:
    """Nothing for this command to be about."""
    return f"眼下没有能{_VERBS.get(name, '办')}的单。"


def not_yours(ticket: Ticket, what: Happened, holder: str) -> str:
    """Refuse politely, saying whose it is."""
    if what in {Happened.CONFIRMED, Happened.REOPENED, Happened.CANCELLED}:
        return f"{ticket.number}号要由下单的居民自己来说。"
    if what is Happened.CLAIMED:
        return f"谢谢热心！{ticket.number}号由{holder}的人来接。"
    hands = ticket.handler_name or f"{holder}的人"
    return f"{ticket.number}号由{hands}办着，这一步要他们来。"


def too_late(ticket: Ticket) -> str:
    """Say how a ticket stands when a command doesn't fit it."""
    who = f"，{ticket.handler_name}接的" if ticket.state is State.CLAIMED else ""
    return f"{brief(ticket)}现在是“{STATES[ticket.state]}”{who}。"


def which(name: str, tickets: Sequence[Ticket], count: int) -> str:
    """Ask which of several is meant."""
    lines = [f"{_VERBS.get(name, '指')}哪一单？回编号就行："]
    lines += [f"{t.number} {shorten(t.text)}" for t in tickets]
    if count > len(tickets):
        lines.append(f"……共{count}单，带上编号再说一次也行。")
    return "\n".join(lines)


# queries


def status(ticket: Ticket, grid: str, now: datetime) -> str:
    """Say how a ticket stands."""
    who = f"，{ticket.handler_name}" if ticket.handler_name else ""
    lines = [
        f"{brief(ticket)}：{STATES[ticket.state]}（{grid}{who}），{clock(ticket.created_at, now)}下的单。"
    ]
    if ticket.outcome and ticket.state in {State.RESOLVED, State.CLOSED, State.REJECTED}:
        lines.append(f"结果：{shorten(ticket.outcome, 80)}")
    return "\n".join(lines)


def todo(tickets: Sequence[Ticket], now: datetime) -> str:
    """List what a leader has to do, the most pressing first."""
    if not tickets:
        return "手上没有待办，歇口气。"
    lines = [f"{len(tickets)}单待办："]
    for t in tickets[:15]:
        lines.append(f"{t.number} {shorten(t.text, 18)}｜{STATES[t.state]}{_left(t.deadline, now)}")
    if len(tickets) > 15:
        lines.append(f"……还有{len(tickets) - 15}单")
    return "\n".join(lines)


def _left(deadline: Deadline | None, now: datetime) -> str:
    if deadline is None:
        return ""
    return f"，{clock(deadline.due, now)}到时限" if deadline.due > now else "，已过时限"


NO_TICKETS = "您在这里没有在办的单。"


# the timer


def nudge(tickets: Sequence[Ticket], now: datetime) -> str:
    """Remind a room of what it holds."""
    if len(tickets) == 1:
        return f"{brief(tickets[0])}{_state_since(tickets[0], now)}。"
    lines = [f"这{len(tickets)}单要看一看："]
    lines += [f"{t.number} {shorten(t.text, 18)}｜{_state_since(t, now)}" for t in tickets]
    return "\n".join(lines)


def _state_since(ticket: Ticket, now: datetime) -> str:
    if ticket.state is State.OPEN:
        return f"还没人接，已等{span(now - ticket.level_since)}，请接单"
    if ticket.state is State.SUSPENDED:
        return "挂起到期了，请接着办"
    since = ticket.claimed_at or ticket.level_since
    return f"{ticket.handler_name}接单{span(now - since)}了，请报个进展，或办结、吹哨"
