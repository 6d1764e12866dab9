// One conversation on show: its messages and, for whoever is in it, the box to speak.

import { brief, bubble, dayLine } from "./bubbles.js";
import { byId, el, toast } from "./dom.js";
import { Refused, say } from "./server.js";
import { dayOf } from "./time.js";

const SHOWN = 400;
const NEAR = 60;

export class Talk {
  constructor(host, name, chats, people) {
    host.append(byId("talk").content.cloneNode(true));
    const find = (what) => host.querySelector(what);
    this.chats = chats;
    this.people = people;
    this.list = find(".messages");
    this.fresh = find(".fresh");
    this.form = find(".say");
    this.box = find("textarea");
    this.at = find(".at");
    this.quoting = find(".quoting");
    this.shut = find(".shut");
    this.drafts = new Map();
    this.key = null;
    this.room = null;
    this.me = null;
    this.quote = null;
    this.lastDay = "";
    this.lastTop = 0;
    this.list.dataset.testid = `messages-${name}`;
    this.box.dataset.testid = `input-${name}`;
    find(".send").dataset.testid = `send-${name}`;
    this.at.dataset.testid = `at-${name}`;
    find(".picture").dataset.testid = `picture-${name}`;
    this.listen(find);
  }

  listen(find) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.speak();
    });
    this.box.addEventListener("keydown", (event) => {
      // Enter that picks a word in an input method is not yet the end of a sentence.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.speak();
    });
    this.box.addEventListener("input", () => this.fit());
    this.at.addEventListener("click", () => this.mention(this.at.ariaPressed !== "true"));
    find(".picture").addEventListener("click", () => this.send({ kind: "image", text: "" }));
    find(".quoting button").addEventListener("click", () => this.reply(null));
    this.fresh.addEventListener("click", () => this.toEnd());
    this.list.addEventListener("scroll", () => {
      if (this.atEnd()) this.fresh.hidden = true;
    });
    // A picture that arrives late must not push the newest message out of sight.
    this.list.addEventListener("load", () => this.atEnd() && this.toEnd(), true);
    let height = 0;
    new ResizeObserver(() => {
      const grown = this.list.clientHeight - height;
      height += grown;
      if (grown < 0 && this.list.scrollTop === this.lastTop) this.toEnd();
    }).observe(this.list);
  }

  // What is shown, and who speaks.

  show({ key, room, title, me, canSay, why }) {
    const moved = key !== this.key;
    if (moved) {
      this.drafts.set(this.key, this.box.value);
      this.box.value = this.drafts.get(key) ?? "";
      this.reply(null);
    }
    Object.assign(this, { key, room, me, canSay });
    if (!canSay) this.reply(null);
    this.form.hidden = !canSay;
    this.shut.hidden = canSay;
    this.shut.textContent = why ?? "";
    this.list.setAttribute("aria-label", `${title}的消息`);
    this.box.setAttribute("aria-label", `在${title}说话`);
    this.box.placeholder = me ? `${me.name}：说点什么…` : "";
    this.fit();
    this.redraw(moved);
  }

  // Messages.

  redraw(toEnd) {
    const stay = !toEnd && !this.atEnd();
    const top = this.list.scrollTop;
    this.list.replaceChildren();
    this.lastDay = "";
    const items = this.chats.of(this.key);
    if (!items.length) this.list.append(el("p", { class: "empty" }, "还没有人说话"));
    if (items.length > SHOWN) {
      this.list.append(el("p", { class: "empty" }, `只列出最近 ${SHOWN} 条`));
    }
    this.append(items.slice(-SHOWN));
    if (stay) this.list.scrollTop = top;
    else this.toEnd();
  }

  take({ added, redraw }) {
    if (redraw || this.list.childElementCount > SHOWN * 2) return this.redraw(false);
    const follow = this.atEnd() || added.some((item) => item.sender && item.sender === this.me?.id);
    this.append(added);
    if (follow) this.toEnd();
    else if (added.length) this.fresh.hidden = false;
  }

  append(items) {
    if (items.length) this.list.querySelector(".empty:only-child")?.remove();
    const seen = {
      me: this.me, people: this.people, items: this.chats.items, withdrawn: this.chats.withdrawn,
      canSay: this.canSay, onQuote: (item) => this.reply(item), onWithdraw: (item) => this.withdraw(item),
    };
    for (const item of items) {
      if (dayOf(item.at) !== this.lastDay) this.list.append(dayLine(item.at));
      this.lastDay = dayOf(item.at);
      this.list.append(bubble(item, seen));
    }
  }

  // Whether the newest is in sight: near the bottom, or left where toEnd put it.
  atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    return scrollTop === this.lastTop || scrollHeight - scrollTop - clientHeight < NEAR;
  }

  // Show the newest message; one that is longer than the window from its first line.
  toEnd() {
    const { list } = this;
    const last = list.lastElementChild;
    const long = last && last.offsetHeight > list.clientHeight;
    list.scrollTop = long ? last.offsetTop - list.offsetTop - 10 : list.scrollHeight;
    this.lastTop = list.scrollTop;
    this.fresh.hidden = true;
  }

  // Speaking.

  fill(words) {
    this.box.value = words;
    this.fit();
    this.box.focus();
  }

  reply(item) {
    this.quote = item;
    this.quoting.hidden = !item;
    this.quoting.firstChild.textContent = item ? `回复 ${brief(item)}` : "";
    if (item) this.box.focus();
  }

  mention(on) {
    this.at.ariaPressed = String(on);
    this.box.focus();
  }

  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 96)}px`;
  }

  async speak() {
    const text = this.box.value.trim();
    if (!text && this.at.ariaPressed !== "true") return;
    const key = this.key;
    if (!(await this.send({ kind: "text", text, quote: this.quote?.id ?? null }))) return;
    this.drafts.delete(key);
    if (key !== this.key) return;
    if (this.box.value.trim() === text) this.box.value = "";
    this.at.ariaPressed = "false";
    this.reply(null);
    this.fit();
  }

  withdraw(item) {
    return this.send({ kind: "recalled", text: "", quote: item.id });
  }

  // Return whether the server took it; what was typed stays until it did.
  async send({ kind, text, quote = null }) {
    if (this.sending || !this.me) return false;
    this.sending = true;
    this.form.classList.add("busy");
    const mentions = kind !== "recalled" && this.at.ariaPressed === "true" ? ["@bot"] : [];
    try {
      await say({ room: this.room, sender: this.me.id, text, kind, quote, mentions });
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
      return false;
    } finally {
      this.sending = false;
      this.form.classList.remove("busy");
    }
  }
}
