// The simulator: four tiers of groups, a person to speak as, a clock to move.

import { Chats, direct } from "./chats.js";
import { columnsOf } from "./columns.js";
import { avatar, byId, el, toast } from "./dom.js";
import { Drawer } from "./drawer.js";
import { hints } from "./hints.js";
import { People } from "./people.js";
import { Refused, listen, moveClock, pause, world } from "./server.js";
import { course, dayWords, minuteOf, share } from "./time.js";

const PICKED = "jiedan-picked";
const LINK = { open: "已连接", lost: "断开了，正在重连…", wait: "正在连接…" };

class Simulator {
  constructor(data) {
    this.known = JSON.stringify([data.rooms, data.people]);
    this.chats = new Chats();
    this.people = new Map(data.people.map((person) => [person.id, person]));
    this.me = null;
    this.move = null;
    const shared = { chats: this.chats, people: this.people, onRoom: (column) => this.openRoom(column) };
    this.columns = columnsOf(data.rooms, shared);
    byId("columns").append(...this.columns.map((column) => column.node));
    this.drawer = new Drawer(this.chats, this.people, () => this.mark());
    this.picker = new People(data.people, (person) => this.pick(person));
    const township = data.rooms.find((room) => room.level === "township");
    byId("place").textContent = `${township?.name ?? ""}模拟器`;
    this.setClock(data.now);
    this.listenToClock();
    this.listenToMenu();
    hints((resident, words) => this.example(resident, words));
    this.columns.forEach((column) => column.show(null));
    const before = this.people.get(sessionStorage.getItem(PICKED));
    if (before) this.pick(before);
  }

  // Who speaks.

  pick(person) {
    this.me = person;
    sessionStorage.setItem(PICKED, person.id);
    this.picker.pick(person);
    this.drawer.show(person);
    for (const column of this.columns) {
      column.goTo(person);
      column.show(person);
    }
    this.showMe();
    this.mark();
    this.shutMenu();
    const lowest = this.columns.findLast((column) => column.node.classList.contains("mine"));
    lowest?.node.scrollIntoView({ block: "nearest", inline: "center" });
  }

  showMe() {
    const { me } = this;
    const count = el("span", { class: "badge", "data-testid": "dm-count" });
    const button = el(
      "button",
      { type: "button", class: "dm", "data-testid": "dm-button", onclick: () => this.drawer.toggle() },
      "私信", count,
    );
    byId("me").replaceChildren(
      avatar(me.id, me.name, me.group !== "居民"),
      el("p", { class: "who" }, el("b", { "data-testid": "me-name" }, me.name), el("small", {}, me.title)),
      button,
    );
    byId("menu").textContent = me.name;
  }

  openRoom(column) {
    column.show(this.me);
    this.mark();
  }

  // Put an example's words in the box of somebody who could say them, in the group on show.
  example(resident, words) {
    const column = this.columns.at(-1);
    const room = column.active.id;
    const fits = (person) =>
      person.rooms.includes(room) && (person.group === "居民") === resident &&
      (resident || person.group === "微网格长");
    const spoke = this.chats.of(room).findLast((item) => this.people.has(item.sender)
      && fits(this.people.get(item.sender)));
    const person = this.me && fits(this.me) && !spoke
      ? this.me
      : this.people.get(spoke?.sender) ?? [...this.people.values()].find(fits);
    if (!person) {
      toast(`${column.active.name}里没有${resident ? "居民" : "网格长"}可选`);
      return;
    }
    if (person !== this.me) this.pick(person);
    column.talk.fill(words);
  }

  // What is said.

  take(items, first) {
    const isOpen = (key) =>
      this.columns.some((column) => column.active.id === key) || this.drawer.isOpen(key);
    const changed = this.chats.take(items, isOpen, !first || this.started);
    this.started = true;
    for (const talk of [...this.columns.map((column) => column.talk), this.drawer.talk]) {
      const change = changed.get(talk.key);
      if (change) talk.take(change);
    }
    this.mark();
  }

  mark() {
    this.columns.forEach((column) => column.mark(this.me));
    this.picker.mark((person) => this.chats.news(direct(person.id)) > 0);
    const count = document.querySelector("#me .badge");
    if (!count) return;
    const news = this.chats.news(direct(this.me.id));
    count.textContent = news ? String(news) : "";
    count.hidden = !news;
  }

  // The clock.

  setClock(now) {
    this.now = now;
    byId("now").replaceChildren(dayWords(now), " ", el("b", {}, minuteOf(now)));
    byId("now").dateTime = now;
    if (this.move) byId("moving").value = share(this.move.start, this.move.end, now);
  }

  listenToClock() {
    const buttons = [...byId("moves").querySelectorAll("button")];
    const run = async ({ minutes, to }) => {
      const move = minutes ? { minutes: Number(minutes) } : { to };
      this.move = course(this.now, move);
      byId("moving").value = 0;
      byId("moving").hidden = false;
      buttons.forEach((button) => { button.disabled = true; });
      try {
        this.setClock((await moveClock(move)).now);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        toast(error.message);
      } finally {
        this.move = null;
        byId("moving").hidden = true;
        buttons.forEach((button) => { button.disabled = false; });
      }
    };
    buttons.forEach((button) => button.addEventListener("click", () => run(button.dataset)));
  }

  // On a narrow screen the people are behind a button.

  listenToMenu() {
    byId("menu").addEventListener("click", () => {
      const open = byId("people").classList.toggle("open");
      byId("menu").ariaExpanded = String(open);
    });
  }

  shutMenu() {
    byId("people").classList.remove("open");
    byId("menu").ariaExpanded = "false";
  }
}

function showLink(state) {
  byId("link").dataset.state = state;
  byId("link").textContent = LINK[state];
}

async function firstWorld() {
  for (let wait = 0.5; ; wait = Math.min(wait * 2, 10)) {
    try {
      return await world();
    } catch {
      showLink("lost");
      await pause(wait);
    }
  }
}

const simulator = new Simulator(await firstWorld());
let opened = false;
listen({
  onItems: (items, first) => simulator.take(items, first),
  onClock: (now) => simulator.setClock(now),
  onState: async (state) => {
    showLink(state);
    if (state !== "open") return;
    // After a break the server may serve another roster; then everything is drawn anew.
    if (opened) {
      const data = await world().catch(() => null);
      if (data && JSON.stringify([data.rooms, data.people]) !== simulator.known) location.reload();
    }
    opened = true;
  },
});
