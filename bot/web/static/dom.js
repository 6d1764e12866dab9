// Small helpers over the DOM. Text always goes in as text, never as markup.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

export const byId = (id) => document.getElementById(id);

const HUES = [12, 32, 95, 150, 188, 212, 248, 282, 325];

export function avatar(id, name, staff) {
  const letters = [...name.replace(/^\d+\s*(栋|幢|号|单元|组|室)*/u, "")];
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  const face = el("span", { class: staff ? "face staff" : "face", "aria-hidden": "true" });
  face.append(letters[0] ?? "?");
  face.style.setProperty("--hue", HUES[sum % HUES.length]);
  return face;
}

let hiding = 0;
export function toast(words) {
  const box = byId("toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 6000);
}
