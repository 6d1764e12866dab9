"""The officers' page: what is open, a ticket's story with its pictures, and /healthz. It changes
nothing, and has no login: it listens on this machine only unless the configuration says otherwise.
"""

from __future__ import annotations

from datetime import timedelta
from html import escape
from urllib.parse import quote

from aiohttp import web

from bot.app import App
from bot.auditor import AUDITED, MISSED
from bot.models import Aged, Event, Kind, Ticket
from bot.ticker import HEARTBEAT
from handlers.categories import category_name
from handlers.masking import mask
from handlers.replies import EVENTS, STATES, shorten
from schedules.audit import silent
from storage.base import Attachment, Session
from storage.rows import moment

_SHOWN = 200
_SILENT = timedelta(seconds=60)
"""How long the heart may not have beaten before /healthz says so."""
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
             ".webp": "image/webp"}  # fmt: skip
_PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body{{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3rem .6rem;
border-bottom:1px solid #ddd;vertical-align:top}}img{{max-width:20rem;max-height:20rem}}
.late{{color:#b00020}}small{{color:#666}}</style><h1>{title}</h1>{body}</html>"""


class Console:
    """Serves the pages of a running program."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._since = app.clock()

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the pages' addresses."""
        return [
            web.get("/", self._open),
            web.get("/tickets/{number}", self._ticket),
            web.get("/attachments/{message}", self._attachment),
            web.get("/healthz", self._health),
        ]

    async def _open(self, _: web.Request) -> web.Response:
        now = self._app.clock()
        live = await self._app.store.read(lambda s: s.aging(now))
        rows = "".join(self._row(ticket) for ticket in live[:_SHOWN])
        more = f"<p>还有{len(live) - _SHOWN}单。</p>" if len(live) > _SHOWN else ""
        table = (
            f"<table><tr><th>编号<th>网格<th>事<th>等了{rows}</table>"
            if live
            else "<p>没有在办的单。</p>"
        )
        return _page(f"在办 {len(live)} 单", table + more)

    def _row(self, ticket: Aged) -> str:
        grid = self._app.roster.grid(ticket.home)
        late = ' class="late"' if ticket.overdue else ""
        return (
            f'<tr><td><a href="/tickets/{ticket.number}">{ticket.number}</a>'
            f"<td>{escape(grid.name if grid else ticket.home)}"
            f"<td>{escape(shorten(ticket.text, 60))}<td{late}>{ticket.hours:.0f}小时"
        )

    async def _ticket(self, request: web.Request) -> web.Response:
        text = request.match_info["number"]
        if not text.isdecimal() or len(text) > 9:
            raise web.HTTPNotFound
        ticket, events, files = await self._app.store.read(lambda s: _story(s, int(text)))
        if ticket is None:
            raise web.HTTPNotFound
        lines = "".join(self._line(event) for event in events)
        about = f"{category_name(ticket.category)} · {STATES[ticket.state]}"
        body = (
            f"<p>{escape(mask(ticket.text))}<p><small>{about}</small>"
            f"<table>{lines}</table>{''.join(map(_file, files))}"
        )
        return _page(f"{ticket.number}号", body)

    def _line(self, event: Event) -> str:
        at = self._app.local(event.at)
        return (
            f"<tr><td>{at:%m-%d %H:%M}<td>{EVENTS[event.kind]}"
            f"<td>{escape(mask(event.actor_name))}<td>{escape(mask(event.text))}"
        )

    async def _attachment(self, request: web.Request) -> web.Response:
        file = await self._app.cabinet.take_out(request.match_info["message"])
        if file is None:
            raise web.HTTPNotFound
        ending = file.name[file.name.rfind(".") :].lower()
        kind = _PICTURES.get(ending, "application/octet-stream")
        # a stranger's file is shown as a picture or not at all, never run by the browser
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        if kind == "application/octet-stream":
            headers["Content-Disposition"] = (
                f"attachment; filename*=UTF-8''{quote(mask(file.name))}"
            )
        return web.Response(body=file.data, content_type=kind, headers=headers)

    async def _health(self, _: web.Request) -> web.Response:
        now = self._app.clock()
        beat, audit = await self._app.store.read(
            lambda s: (moment(s.setting(HEARTBEAT)), moment(s.setting(AUDITED)))
        )
        beating = beat is not None and now - beat < _SILENT
        unseen = silent(audit, self._since, now, MISSED * self._app.auditor.every)
        states = [s for s in self._app.channel.states() if self._app.duty.has(s.name)]
        good = beating and not unseen and all(state.working for state in states)
        accounts = [
            {"name": s.name, "working": s.working, "why": s.why, "rooms": s.rooms} for s in states
        ]
        waiting = await self._app.store.read(lambda s: len(s.stuck(now)))
        audited = round((now - audit).total_seconds()) if audit else None
        answer = {
            "ok": good, "beating": beating, "audited": audited, "accounts": accounts,
            "rooms_waiting": waiting,
        }  # fmt: skip
        return web.json_response(answer, status=200 if good else 503)


def _story(session: Session, number: int) -> tuple[Ticket | None, list[Event], list[Attachment]]:
    return session.ticket(number), session.history(number), session.attachments_of(number)


def _file(attachment: Attachment) -> str:
    if attachment.state != "kept":
        what = "图片" if attachment.kind is Kind.IMAGE else "文件"
        return f"<p><small>［{what}］{escape(mask(attachment.why) or '还没收到')}</small>"
    address = f"/attachments/{quote(attachment.message, safe='')}"
    if attachment.kind is Kind.IMAGE:
        return f'<p><a href="{address}"><img src="{address}" alt="图片"></a>'
    return f'<p><a href="{address}">{escape(mask(attachment.name))}</a>'


def _page(title: str, body: str) -> web.Response:
    text = _PAGE.format(title=title, body=body)
    headers = {"Content-Security-Policy": "default-src 'self'; style-src 'unsafe-inline'"}
    return web.Response(text=text, content_type="text/html", headers=headers)
