// One message as a bubble, and the line between two days.

import { avatar, el } from "./dom.js";
import { dayWords, minuteOf } from "./time.js";

const REASONS = {
  ack: "登记", answer: "答复", nudge: "催办", escalate: "上报", outcome: "结果",
  confirm: "请确认", digest: "日报", notice: "消息", alert: "紧急", error: "出错",
};
const KINDS = { file: "文件", voice: "语音", video: "视频", location: "位置" };
const SHORT = 36;

export const dayLine = (iso) => el("p", { class: "day" }, dayWords(iso));

export function brief(item) {
  const words = item.text || (item.kind === "image" ? "［图片］" : `［${KINDS[item.kind] ?? "消息"}］`);
  const line = words.replace(/\s+/gu, " ");
  return `${item.name}：${line.length > SHORT ? `${line.slice(0, SHORT)}…` : line}`;
}

// `seen` is what the viewer brings: the picked person, and what the other messages are.
export function bubble(item, seen) {
  if (seen.withdrawn.has(item.id)) {
    return el("p", { class: "gone", "data-id": item.id }, `${item.name}的一条消息已撤回`);
  }
  const bot = item.from === "bot";
  const own = !bot && item.sender === seen.me?.id;
  const row = el("article", {
    class: ["row", bot ? "bot" : "person", own ? "own" : "", item.reason].join(" ").trim(),
    "data-id": item.id,
    "data-from": item.from,
    "data-reason": item.reason || null,
    "data-testid": "message",
  });
  const person = seen.people.get(item.sender);
  const staff = Boolean(person) && person.group !== "居民";
  const face = bot ? botFace() : avatar(item.sender, item.name, staff);
  row.append(face, el("div", { class: "body" }, head(item, bot, staff && person), content(item, seen)));
  if (seen.canSay) row.lastChild.append(deeds(item, own, seen));
  return row;
}

const botFace = () => el("span", { class: "face robot", "aria-hidden": "true" }, "接");

function head(item, bot, person) {
  const line = el("p", { class: "head" }, el("b", {}, item.name));
  if (bot) {
    const word = REASONS[item.reason];
    if (word) line.append(el("span", { class: `tag ${item.reason}` }, word));
  } else if (person) {
    line.append(el("span", { class: "role" }, person.group));
  }
  line.append(el("time", { datetime: item.at }, minuteOf(item.at)));
  return line;
}

function content(item, seen) {
  const box = el("div", { class: "bubble" });
  const quoted = item.quote ? seen.items.get(item.quote) : null;
  if (quoted) {
    const words = seen.withdrawn.has(quoted.id) ? "引用的消息已撤回" : brief(quoted);
    box.append(el("blockquote", {}, words));
  }
  const text = el("p", { class: "text" });
  for (const name of item.mentions ?? []) {
    const called = name === seen.me?.name ? "mention called" : "mention";
    text.append(el("span", { class: called }, `@${name === "@bot" ? "接单" : name} `));
  }
  text.append(item.text ?? "");
  if (item.kind === "image") box.append(el("p", { class: "photo" }, "图片"));
  else if (KINDS[item.kind]) box.append(el("p", { class: "photo" }, KINDS[item.kind]));
  if (text.textContent) box.append(text);
  if (item.picture?.startsWith("/")) box.append(chart(item));
  if (seen.canSay) {
    box.addEventListener("click", () => {
      if (getSelection().isCollapsed) seen.onQuote(item);
    });
  }
  return box;
}

function chart(item) {
  const image = el("img", { src: item.picture, alt: "日报的图", loading: "lazy" });
  const link = el("a", { class: "chart", href: item.picture, target: "_blank", rel: "noopener" }, image);
  link.addEventListener("click", (event) => event.stopPropagation());
  return link;
}

function deeds(item, own, seen) {
  const line = el("p", { class: "deeds" });
  line.append(el("button", { type: "button", onclick: () => seen.onQuote(item) }, "回复"));
  if (own) {
    line.append(el("button", { type: "button", onclick: () => seen.onWithdraw(item) }, "撤回"));
  }
  return line;
}
