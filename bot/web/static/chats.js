// What was said, by conversation: a group's id, or "@" and a person's id for direct messages.

import { byTime } from "./time.js";

export const direct = (person) => `@${person}`;

function keyOf(item) {
  if (item.room) return item.room;
  return direct(item.from === "bot" ? item.to : item.sender);
}

export class Chats {
  constructor() {
    this.items = new Map();
    this.withdrawn = new Set();
    this.lists = new Map();
    this.unread = new Map();
  }

  of(key) {
    return this.lists.get(key) ?? [];
  }

  // Take items, new or seen before; return key -> {added, redraw} for what changed.
  take(items, isOpen, countsAsNew) {
    const changed = new Map();
    for (const item of [...items].sort(byTime)) {
      const known = this.items.has(item.id);
      if (known) continue;
      this.items.set(item.id, item);
      const key = keyOf(item);
      const change = changed.get(key) ?? { added: [], redraw: false };
      changed.set(key, change);
      if (item.kind === "recalled") {
        this.withdrawn.add(item.quote);
        change.redraw = true;
        continue;
      }
      const list = this.of(key);
      this.lists.set(key, list);
      const late = list.length > 0 && byTime(list.at(-1), item) > 0;
      list.push(item);
      if (late) {
        list.sort(byTime);
        change.redraw = true;
      }
      change.added.push(item);
      const heard = item.from === "bot" || !key.startsWith("@");
      if (countsAsNew && heard && !isOpen(key)) this.unread.set(key, this.news(key) + 1);
    }
    return changed;
  }

  news(key) {
    return this.unread.get(key) ?? 0;
  }

  read(key) {
    return this.unread.delete(key);
  }
}
