// A first story to click through: words for whoever would say them, put in the right box.

import { byId, el } from "./dom.js";

const SHUT = "jiedan-hints-shut";
const EXAMPLES = [
  { who: "居民", words: "3栋的路灯坏了" },
  { who: "网格长", words: "接单" },
  { who: "网格长", words: "办结 换了新灯泡" },
  { who: "居民", words: "满意" },
];

export function hints(pickFor) {
  const bar = byId("hints");
  bar.hidden = localStorage.getItem(SHUT) === "1";
  byId("hints-close").addEventListener("click", () => {
    bar.hidden = true;
    localStorage.setItem(SHUT, "1");
  });
  EXAMPLES.forEach(({ who, words }, i) => {
    const chip = el(
      "button",
      { type: "button", "data-testid": `example-${i + 1}`, onclick: () => pickFor(who === "居民", words) },
      el("small", {}, who), words,
    );
    byId("examples").append(chip);
  });
}
