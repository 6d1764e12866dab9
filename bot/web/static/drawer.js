// Direct messages between the picked person and the bot.

import { direct } from "./chats.js";
import { byId, el } from "./dom.js";
import { Talk } from "./talk.js";

export class Drawer {
  constructor(chats, people, onChange) {
    this.node = byId("drawer");
    this.chats = chats;
    this.onChange = onChange;
    this.title = el("h2", {});
    const close = el(
      "button",
      { type: "button", class: "close", "aria-label": "关上私信", "data-testid": "dm-close",
        onclick: () => this.toggle(false) },
      "×",
    );
    this.node.append(el("header", {}, this.title, close));
    this.talk = new Talk(this.node, "direct", chats, people);
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.toggle(false);
    });
  }

  get key() {
    return this.me ? direct(this.me.id) : null;
  }

  isOpen(key) {
    return !this.node.hidden && key === this.key;
  }

  toggle(open = this.node.hidden) {
    this.node.hidden = !open;
    this.show(this.me);
    this.onChange();
  }

  show(me) {
    this.me = me;
    if (this.node.hidden || !me) return;
    this.chats.read(this.key);
    this.title.textContent = `${me.name}的私信`;
    this.talk.show({ key: this.key, room: null, title: "私信", me, canSay: true });
  }
}
