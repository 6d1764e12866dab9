// The four tiers side by side, each with its groups as tabs, or as a list when there are many.

import { el } from "./dom.js";
import { Talk } from "./talk.js";

const TIERS = [
  ["township", "联络群", "乡镇、街道"],
  ["village", "骨干群", "村、社区"],
  ["branch", "联片群", "支部"],
  ["microgrid", "联户群", "微网格"],
];
const MOST_TABS = 6;

export class Column {
  constructor(level, tier, about, rooms, { chats, people, onRoom }) {
    this.level = level;
    this.rooms = rooms;
    this.chats = chats;
    this.active = rooms[0];
    this.onRoom = onRoom;
    this.name = el("b", {});
    this.tabs = el("div", { class: "tabs", role: "group", "aria-label": `${tier}的群` });
    this.node = el(
      "section",
      { class: "column", "aria-label": tier, "data-testid": `column-${level}` },
      el("h2", {}, tier, el("small", {}, about)),
      this.tabs,
    );
    this.talk = new Talk(this.node, level, chats, people);
    this.fillTabs();
  }

  fillTabs() {
    if (this.rooms.length > MOST_TABS) {
      this.select = el("select", { "aria-label": "选一个群", "data-testid": `rooms-${this.level}` });
      for (const room of this.rooms) this.select.append(el("option", { value: room.id }, room.name));
      this.select.addEventListener("change", () => {
        this.open(this.rooms.find((room) => room.id === this.select.value));
      });
      this.tabs.append(this.select);
      return;
    }
    for (const room of this.rooms) {
      const tab = el(
        "button",
        { type: "button", class: "tab", "data-testid": `tab-${room.id}`, onclick: () => this.open(room) },
        room.name, el("i", { class: "dot", hidden: true }),
      );
      this.tabs.append(tab);
    }
  }

  open(room) {
    this.active = room;
    this.onRoom(this);
  }

  has(key) {
    return this.rooms.some((room) => room.id === key);
  }

  show(me) {
    const room = this.active;
    this.chats.read(room.id);
    const canSay = Boolean(me?.rooms.includes(room.id));
    const why = me ? `${me.name}不在这个群里` : "";
    this.node.classList.toggle("mine", canSay);
    this.talk.show({ key: room.id, room: room.id, title: room.name, me, canSay, why });
    this.mark(me);
  }

  mark(me) {
    this.rooms.forEach((room, i) => {
      const news = this.chats.news(room.id);
      const mine = Boolean(me?.rooms.includes(room.id));
      if (this.select) {
        this.select.options[i].textContent = `${news ? "● " : ""}${room.name}${mine ? " ✓" : ""}`;
        this.select.options[i].selected = room === this.active;
        return;
      }
      const tab = this.tabs.children[i];
      tab.setAttribute("aria-pressed", String(room === this.active));
      tab.classList.toggle("mine", mine);
      tab.title = news ? `${room.name}，${news} 条新消息` : room.name;
      tab.lastChild.hidden = !news;
    });
  }

  // Go to a group of this person's, unless one is on show already.
  goTo(me) {
    if (me.rooms.includes(this.active.id)) return;
    this.active = this.rooms.find((room) => me.rooms.includes(room.id)) ?? this.active;
  }
}

export function columnsOf(rooms, shared) {
  return TIERS.map(([level, tier, about]) => {
    const here = rooms.filter((room) => room.level === level);
    return here.length ? new Column(level, tier, about, here, shared) : null;
  }).filter(Boolean);
}
