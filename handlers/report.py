"""A resident's words: a new ticket, more on one, or a neighbour with the same problem. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.models import (
    NOTHING,
    Command,
    Decision,
    Event,
    Grid,
    Happened,
    Kind,
    Level,
    Place,
    Reason,
    Send,
    State,
    Ticket,
    Urgency,
    Watcher,
)
from handlers import people, replies
from handlers.masking import mask
from handlers.scene import Scene, answer, say, to_room
from handlers.take import act
from handlers.triage.place import find_place
from handlers.workflow import history_line

STORY = timedelta(minutes=10)
"""How long a report may go on in further messages."""
_ECHO = timedelta(hours=1)
QUIET = timedelta(minutes=30)
"""Neighbours who join are answered at most this often."""
AREA = frozenset({"停电", "停水", "停气", "断网"})
"""Matters that come to many homes at once, wherever each of them is."""
SEEN_BY_MANY = frozenset({"起火", "燃气泄漏", "电梯困人", "电线掉落", "水灾"})
"""Emergencies that several neighbours tell of; of sudden illness each is somebody else's."""
_AREA_SPAN = timedelta(hours=12)
_VAGUE_SPAN = timedelta(hours=2)
_PLACE_SPAN = timedelta(days=7)
_EMERGENCY_SPAN = timedelta(minutes=30)
_ALIKE = 0.5

SHOWN = frozenset({Kind.IMAGE, Kind.FILE})
"""What goes along when a ticket is forwarded."""
SPOKEN = frozenset({Kind.VOICE, Kind.VIDEO})
"""What the bot can't understand."""

_WAITING = frozenset({State.OPEN, State.CLAIMED, State.SUSPENDED})
_SHOWN = {Kind.IMAGE: "［图片］", Kind.FILE: "［文件］", Kind.VOICE: "［语音］",
          Kind.VIDEO: "［视频］", Kind.LOCATION: "［位置］"}  # fmt: skip


def report(scene: Scene, command: Command) -> Decision:
    """下单 …: always a ticket, or a part of one that is there already."""
    del command
    if scene.lister:
        return _picked(scene)
    if scene.grid is None:
        return say(scene, replies.DIRECT_REPORT)
    if not scene.text.strip():
        return say(scene, replies.REPORT_WHAT)
    return _known(scene, asked=True) or open_ticket(scene)


def _picked(scene: Scene) -> Decision:
    """立单 1: a resident's words that a leader takes for a problem; he is answered apart."""
    decision = NOTHING
    text = replies.NO_DOUBT
    if scene.grid is not None:
        decision = _known(scene, asked=True) or open_ticket(scene)
        text = replies.doubt_taken(decision.tickets[0].number)
    told = Send(Reason.ANSWER, text, to=scene.lister)
    return replace(decision, sends=(*decision.sends, told))


def hear(scene: Scene) -> Decision:
    """Free words in a room: most of them are none of the bot's business."""
    understanding = scene.understanding
    called = "@bot" in scene.message.mentions
    if scene.grid is None:
        wants = understanding.decision in {"ticket", "ask"}
        return say(scene, replies.DIRECT_REPORT) if wants else NOTHING
    if scene.grid.level is not Level.MICROGRID and not called:
        return NOTHING
    known = _known(scene, asked=called)
    if known:
        return known
    if understanding.decision == "ticket":
        return open_ticket(scene)
    if scene.message.kind in SPOKEN:
        return unheard(scene)
    return say(scene, replies.HELLO) if called else NOTHING


def unheard(scene: Scene) -> Decision:
    """A voice or video message that belongs to no ticket: the leader is asked to listen, in a
    direct message and once in a while, since the bot can't."""
    lately = scene.told_at and scene.now - scene.told_at < QUIET
    if lately or scene.roles or scene.grid is None:
        return NOTHING
    takers = people.takers(scene.grid.code, scene.roster)
    leader = next((r.person for r in takers if r.person), "")
    if not leader:
        return NOTHING
    what = "视频" if scene.message.kind is Kind.VIDEO else "语音"
    text = replies.unheard(scene.grid.name, scene.speaker, what)
    return Decision(sends=(Send(Reason.NOTICE, mask(text), to=leader, in_hours=True),))


def _known(scene: Scene, asked: bool) -> Decision | None:
    """Return what the words do to a ticket that is there, or None."""
    own = _own_story(scene) or _answered_to(scene)
    if own and not _turned_grave(scene, own):
        return add(scene, own) if scene.reporter in own.audience else join(scene, own, asked)
    same = next((t for t in reversed(scene.tickets) if same_problem(t, scene)), None)
    if same is None and scene.understanding.follows == "same":
        told = _just_told(scene)
        same = told if told and not _turned_grave(scene, told) else None
    if same is None:
        return None
    if scene.reporter in same.audience:
        return add(scene, same)
    return join(scene, same, asked)


def _turned_grave(scene: Scene, ticket: Ticket) -> bool:
    """Return whether the words tell of an emergency that the ticket isn't: it gets its own."""
    new = scene.understanding
    cries = new.decision in {"ticket", "command"} and new.urgency is Urgency.EMERGENCY
    return cries and ticket.urgency is not Urgency.EMERGENCY


def _own_story(scene: Scene) -> Ticket | None:
    """Return the speaker's report of the last minutes that these words belong to."""
    understanding = scene.understanding
    recent = [
        t for t in scene.tickets
        if t.reporter == scene.reporter and t.room == scene.message.room
        and scene.now - t.created_at <= STORY and t.state in _WAITING
    ]  # fmt: skip
    if not recent:
        return None
    last = recent[-1]
    tells = understanding.decision in {"ticket", "command"}  # 下单 tells too
    another = tells and bool(
        understanding.topic and last.topic and understanding.topic != last.topic
    )
    if scene.message.kind is not Kind.TEXT or (understanding.follows and not another):
        return last
    about = understanding.topic == last.topic and understanding.category == last.category
    return last if tells and about else None


def _answered_to(scene: Scene) -> Ticket | None:
    """Return the ticket of the message that these words reply to: more from who waits for it, or
    a neighbour's assent."""
    live = [t for t in scene.quoted if t.room == scene.message.room and t.state in _WAITING]
    if len(live) != 1:
        return None
    waits = scene.reporter in live[0].audience
    return live[0] if waits or scene.understanding.follows == "same" else None


def _just_told(scene: Scene) -> Ticket | None:
    """Return the problem a neighbour told last, if that was minutes ago; or an hour, when the
    assent itself tells of trouble ("是的，臭得很")."""
    span = _ECHO if scene.understanding.topic else STORY
    told = [
        t for t in scene.tickets
        if t.room == scene.message.room and t.state in _WAITING
        and scene.now - t.touched_at <= span
    ]  # fmt: skip
    return max(told, key=lambda t: t.touched_at, default=None)


def same_problem(ticket: Ticket, scene: Scene) -> bool:
    """Return whether a message tells of the problem that a ticket is about.

    The same matter, at no other place, and near enough in time: for a power cut half a day, at a
    place both name a week, else two hours or words much alike.
    """
    new = scene.understanding
    if new.decision == "ignore" or ticket.state not in _WAITING:
        return False
    # "我们这栋全黑了" is of lights, and still of the power cut
    same_matter = new.category == ticket.category or new.topic in AREA & {ticket.topic}
    if ticket.room != scene.message.room or not same_matter:
        return False
    if not new.topic or new.topic != ticket.topic:
        return alike(scene.text, ticket.text) >= _ALIKE and not differs(new.place, ticket.place)
    age = scene.now - ticket.created_at
    if Urgency.EMERGENCY in {new.urgency, ticket.urgency}:
        one = new.topic in SEEN_BY_MANY or alike(scene.text, ticket.text) >= _ALIKE
        same = one and not differs(new.place, ticket.place)
        return same and new.urgency == ticket.urgency and age <= _EMERGENCY_SPAN
    if new.topic in AREA:
        return age <= _AREA_SPAN
    if differs(new.place, ticket.place):
        return False
    if shares(new.place, ticket.place) or alike(scene.text, ticket.text) >= _ALIKE:
        return age <= _PLACE_SPAN
    return age <= _VAGUE_SPAN


def _parts(place: Place) -> dict[str, str]:
    return {
        "building": place.building, "unit": place.unit, "room": place.room, "road": place.road,
        "group": place.group,
    }  # fmt: skip


def differs(one: Place, other: Place) -> bool:
    """Return whether two places name different parts: another building, another road."""
    a, b = _parts(one), _parts(other)
    return any(a[part] and b[part] and a[part] != b[part] for part in a)


def shares(one: Place, other: Place) -> bool:
    """Return whether two places have a part in common."""
    a, b = _parts(one), _parts(other)
    return any(a[part] and a[part] == b[part] for part in a)


def alike(one: str, other: str) -> float:
    """Return how much two texts share, 0 to 1, by their pairs of characters."""
    a, b = _pairs(one[:200]), _pairs(other[:200])
    return len(a & b) / len(a | b) if a and b else 0.0


def _pairs(text: str) -> set[str]:
    letters = "".join(c for c in text if c.isalnum())
    return {letters[i : i + 2] for i in range(len(letters) - 1)}


def _words(scene: Scene) -> str:
    mark = _SHOWN.get(scene.message.kind, "")
    return f"{mark}{scene.text}".strip()


def add(scene: Scene, ticket: Ticket) -> Decision:
    """More words or a picture from someone who already waits for this ticket; nobody is answered,
    but a picture follows a ticket that was forwarded."""
    place = _filled(ticket.place, scene.understanding.place)
    after, event = act(scene, ticket, Happened.ADDED, _words(scene), place=place)
    holder = scene.roster.grid(ticket.grid)
    if holder is None or holder.room == ticket.room or scene.message.kind not in SHOWN:
        return Decision((after,), (event,))
    sends = to_room(holder.room, Reason.ANSWER, replies.more_shown(ticket), ticket.number)
    return Decision((after,), (event,), tuple(replace(s, files=(scene.message.id,)) for s in sends))


def _filled(old: Place, new: Place) -> Place:
    return Place(
        old.estate or new.estate, old.building or new.building, old.unit or new.unit,
        old.room or new.room, old.road or new.road, old.group or new.group,
    )  # fmt: skip


def join(scene: Scene, ticket: Ticket, asked: bool) -> Decision:
    """A neighbour with the same problem waits for the same outcome."""
    watcher = Watcher(scene.reporter, scene.reporter_name)
    answered_lately = ticket.joined and scene.now - ticket.touched_at < QUIET
    after, event = act(
        scene, ticket, Happened.JOINED, _words(scene), joined=(*ticket.joined, watcher)
    )
    if answered_lately and not asked:
        return Decision((after,), (event,))
    line = answer(scene, replies.joined(ticket), ticket.number, reason=Reason.ANSWER, mention=True)
    return Decision((after,), (event,), (line,))


def open_ticket(scene: Scene) -> Decision:
    """Open a ticket; the room hears the number, the category and who will take it."""
    grid = scene.grid
    if grid is None:
        return NOTHING
    ticket = _new(scene, grid)
    message = scene.message
    event: Event = history_line(
        ticket, Happened.CREATED, scene.now, scene.reporter, scene.reporter_name, scene.text,
        message.id,
    )  # fmt: skip
    called = people.takers(grid.code, scene.roster)
    takers = tuple(role for role in called if not role.person or role.person != scene.reporter)
    alone = called and not takers and ticket.urgency is not Urgency.EMERGENCY
    text = replies.ack_own(ticket) if alone else replies.ack(ticket, people.names(takers[:2]))
    sends: tuple[Send, ...] = to_room(
        message.room or "", Reason.ACK, text, ticket.number,
        mentions=people.mentions(takers), urgent=ticket.urgency is Urgency.EMERGENCY,
    )  # fmt: skip
    return Decision((ticket,), (event,), sends + _alerts(scene, ticket))


def _new(scene: Scene, grid: Grid) -> Ticket:
    new = scene.understanding
    return Ticket(
        number=scene.next_number, state=State.OPEN, level=grid.level, grid=grid.code,
        home=grid.code, room=scene.message.room or "", category=new.category, kind=new.kind,
        domain=new.domain, urgency=new.urgency, size=new.size, text=scene.text,
        place=_at_home(new.place, grid),
        topic=new.topic, reporter=scene.reporter, reporter_name=scene.reporter_name,
        created_at=scene.now, level_since=scene.now, touched_at=scene.now,
        path=scene.roster.path(grid.code), source=scene.source,
    )  # fmt: skip


def _at_home(place: Place, grid: Grid) -> Place:
    """Return a place with the estate that the group is of, where the words name none."""
    if place.estate or place.road:
        return place
    return replace(place, estate=find_place(grid.name).estate)


def _alerts(scene: Scene, ticket: Ticket) -> tuple[Send, ...]:
    """Return an emergency's alert to its own room and to the room of the level above."""
    if ticket.urgency is not Urgency.EMERGENCY:
        return ()
    sends: tuple[Send, ...] = ()
    home = scene.roster.grid(ticket.home)
    name = home.name if home else ticket.home
    text = replies.alert(ticket, name, ticket.reporter_name or "居民")
    for grid in scene.roster.chain(ticket.grid)[:2]:
        called = people.mentions(people.takers(grid.code, scene.roster))
        sends += to_room(grid.room, Reason.ALERT, text, ticket.number, mentions=called, urgent=True)
    return sends
