"""The tables, in the order they came to be. A migration that has been released is never edited.

The scripts are SQLite's; storage.postgres says them in PostgreSQL's words."""

from __future__ import annotations

# Times are UTC text of one width, so that they sort; see sqlite.stamp.
_FIRST = """
create table grids (code text primary key, name text, level text, parent text, room text);
create index grids_room on grids (room);
create table roles (id integer primary key, person text, name text, kind text, grid text,
                    phone text);
create table inbox (seq integer primary key, id text not null unique, at text, room text,
                    sender text, name text, kind text, text text, mentions text, quote text,
                    decision text, score real, ticket integer, note text);
create index inbox_asks on inbox (at) where decision = 'ask';
create index inbox_failed on inbox (at) where decision = 'failed';
create table tickets (
    number integer primary key, state text, level text, grid text, home text, room text,
    category text, kind text, domain text, urgency text, size text, text text, place text,
    topic text, reporter text, reporter_name text, created_at text, level_since text,
    touched_at text, path text, source text, handler text, handler_name text, outcome text,
    claimed_at text, resolved_at text, ended_at text, suspended_until text, nudged_at text,
    reopened integer, stars integer);
create index tickets_live_grid on tickets (grid) where ended_at is null;
create index tickets_live_home on tickets (home) where ended_at is null;
create index tickets_live_handler on tickets (handler) where ended_at is null and handler != '';
create index tickets_reporter on tickets (reporter, ended_at);
create index tickets_ended on tickets (ended_at) where ended_at is not null;
create index tickets_source on tickets (source);
create table watchers (ticket integer, person text, name text, primary key (ticket, person))
    without rowid;
create index watchers_person on watchers (person);
create table deadlines (ticket integer primary key, kind text, due text, nudges integer);
create index deadlines_due on deadlines (due);
create table events (seq integer primary key, ticket integer, at text, event text, state text,
                     level text, grid text, category text, urgency text, actor text,
                     actor_name text, text text, message text);
create index events_ticket on events (ticket, seq);
create index events_at on events (at);
create index events_message on events (message) where message != '';
create table outbox (id integer primary key, at text, reason text, room text, person text,
                     text text, mentions text, tickets text, urgent integer, chart text,
                     in_hours integer,
                     state text, not_before text, leased_until text, attempts integer,
                     error text, sent_id text, sent_at text);
create index outbox_waiting on outbox (urgent desc, id) where state = 'waiting';
create index outbox_sent on outbox (sent_id) where sent_id is not null;
create table questions (room text, person text, command text, choices text, asked_at text,
                        primary key (room, person)) without rowid;
create table jobs (name text primary key, fired_at text);
create table settings (key text primary key, value text);
"""

_LIVE = """
alter table outbox add column account text not null default '';
alter table outbox add column files text not null default '[]';
create index outbox_sent_at on outbox (sent_at) where sent_at is not null;
create index inbox_room on inbox (room, at);
create index inbox_direct on inbox (sender) where room is null;
create index outbox_room on outbox (room, id) where state = 'sent';
create index inbox_ticket on inbox (ticket) where ticket is not null;
create table attachments (message text primary key, room text, kind text, state text, name text,
                          path text, size integer, tries integer, again text, why text);
create index attachments_wanted on attachments (again) where state = 'wanted';
"""

# `grids` and `roles` hold what the files said last; the views, what counts. A room or an id given
# in the chat counts before the file's, whatever the file repeats: see storage.bindings.
_BINDINGS = """
create table codes (digest text primary key, kind text, grid text, name text, created_at text,
                    expires_at text, used_by text, used_at text) without rowid;
create table bound_rooms (grid text primary key, room text, by text, at text) without rowid;
create index bound_rooms_room on bound_rooms (room);
create table bound_people (grid text, name text, was text, person text, by text, at text,
                           primary key (grid, name, was)) without rowid;
create index roles_grid on roles (grid);
create view grids_now as
    select g.rowid as place, g.code, g.name, g.level, g.parent,
        case when b.grid is not null then b.room
             when g.room in (select room from bound_rooms) then ''
             else g.room end as room
    from grids g left join bound_rooms b on b.grid = g.code;
create view roles_now as
    select r.id, r.name, r.kind, r.grid, r.phone, r.person as filed,
        coalesce((select b.person from bound_people b
                  where b.grid = r.grid and b.name = r.name and r.person in (b.was, '')
                  order by b.at desc limit 1), r.person) as person
    from roles r;
"""

# What a worker has in hand: deadlines that it claimed, messages on their way, and (`leases`) the
# accounts that it serves. A claim or a lease ends by itself when its worker is gone.
_WORKERS = """
create table leases (name text primary key, holder text, until text) without rowid;
alter table deadlines add column claim text not null default '';
alter table deadlines add column claimed_until text;
create index deadlines_claimed on deadlines (claimed_until) where claimed_until is not null;
alter table outbox add column worker text not null default '';
create index outbox_heads on outbox (room, person, id, urgent, in_hours, reason)
    where state = 'waiting';
create index outbox_leased on outbox (leased_until)
    where state = 'waiting' and leased_until is not null;
"""

# Tombstones: what was erased of whom is gone; that it was, when and why, is kept.
_ERASURES = """
create table erasures (id integer primary key, at text, ticket integer, why text, what text);
create index erasures_ticket on erasures (ticket);
"""

# The first who joined takes a report over from whoever takes it back.
_ORDER_OF_JOINING = """
alter table watchers add column place integer not null default 0;
"""

SCRIPTS: tuple[tuple[str, str], ...] = (
    ("first_tables", _FIRST),  # roster, inbox, tickets with history and deadlines, outbox
    ("live_groups", _LIVE),  # which account said what, pictures and files, words for quotes
    ("bindings", _BINDINGS),  # one-time codes, and what was bound from inside the chat
    ("workers", _WORKERS),  # who has what in hand, where several workers share a database
    ("erasures", _ERASURES),  # tombstones of what was erased
    ("order_of_joining", _ORDER_OF_JOINING),  # of those who joined a ticket
)
"""Name and statements of each migration; both engines run them."""
