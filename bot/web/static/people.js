// The list to pick a person from, by role.

import { avatar, byId, el } from "./dom.js";

const ORDER = [
  "居民", "微网格长", "支部书记", "社区书记", "村书记", "村（社区）书记", "村(社区)干部", "村（社区）干部",
  "街道干部", "市级", "督导", "副手", "党员", "管理员",
];
const place = (group) => (ORDER.includes(group) ? ORDER.indexOf(group) : ORDER.length);

export class People {
  constructor(people, onPick) {
    this.rows = new Map();
    this.boxes = [];
    this.find = byId("find");
    const groups = grouped(people);
    const names = [...groups.keys()].sort((a, b) => place(a) - place(b));
    byId("groups").replaceChildren(
      ...names.map((name, i) => this.group(name, groups.get(name), i === 0, onPick)),
    );
    this.find.addEventListener("input", () => this.filter());
  }

  group(name, people, open, onPick) {
    const dot = el("i", { class: "dot", hidden: true });
    const count = el("span", { class: "count" }, String(people.length));
    const box = el("details", { name: "people", open }, el("summary", {}, name, count, dot));
    for (const person of people) {
      const row = el(
        "button",
        {
          type: "button", class: "pick", "aria-pressed": "false", "data-testid": `person-${person.id}`,
          title: person.title,
          onclick: () => onPick(person),
        },
        avatar(person.id, person.name, person.group !== "居民"),
        el("span", { class: "who" }, el("b", {}, person.name), el("small", {}, person.title)),
        el("i", { class: "dot", hidden: true, title: "有新私信" }),
      );
      this.rows.set(person.id, { row, person, box });
      box.append(row);
    }
    this.boxes.push({ box, dot, people });
    return box;
  }

  filter() {
    const words = this.find.value.trim();
    byId("groups").classList.toggle("searching", Boolean(words));
    for (const { row, person } of this.rows.values()) {
      row.hidden = Boolean(words) && !`${person.name}${person.title}${person.group}`.includes(words);
    }
    for (const { box, people } of this.boxes) {
      box.hidden = people.every((person) => this.rows.get(person.id).row.hidden);
      // While searching, every group that has somebody is open; otherwise one at a time.
      if (words) box.removeAttribute("name");
      else box.setAttribute("name", "people");
      if (words) box.open = !box.hidden;
    }
    if (!words) this.boxes.forEach(({ box }, i) => { box.open = i === this.openGroup(); });
  }

  openGroup() {
    const at = this.boxes.findIndex(({ people }) => people.includes(this.picked));
    return Math.max(at, 0);
  }

  pick(person) {
    this.picked = person;
    for (const { row, person: one } of this.rows.values()) {
      row.setAttribute("aria-pressed", String(one === person));
    }
    if (!this.find.value.trim()) this.rows.get(person.id).box.open = true;
    this.rows.get(person.id).row.scrollIntoView({ block: "nearest" });
  }

  // Dots at whoever has direct messages to read.
  mark(hasNews) {
    for (const { row, person } of this.rows.values()) {
      row.querySelector(".dot").hidden = !hasNews(person);
    }
    for (const { dot, people } of this.boxes) dot.hidden = !people.some(hasNews);
  }
}

function grouped(people) {
  const groups = new Map();
  for (const person of people) {
    groups.set(person.group, [...(groups.get(person.group) ?? []), person]);
  }
  return groups;
}
