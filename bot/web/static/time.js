// Moments as the city's clock shows them: read from the ISO text, never in the browser's zone.

const WEEKDAYS = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];

export const dayOf = (iso) => iso.slice(0, 10);
export const minuteOf = (iso) => iso.slice(11, 16);

export function dayWords(iso) {
  const [year, month, day] = dayOf(iso).split("-").map(Number);
  const weekday = WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  return `${month}月${day}日 ${weekday}`;
}

// Milliseconds that the city's wall clock shows; only differences mean anything.
function wall(iso) {
  return Date.parse(`${iso.slice(0, 19)}Z`);
}

export function share(start, end, now) {
  return Math.min(1, Math.max(0, (wall(now) - start) / (end - start || 1)));
}

export function course(now, { minutes, to }) {
  const start = wall(now);
  if (minutes) return { start, end: start + minutes * 60000 };
  let end = Date.parse(`${dayOf(now)}T${to}:00Z`);
  if (end <= start) end += 86400000;
  return { start, end };
}

// Oldest first; at one moment people speak before the bot answers.
export function byTime(a, b) {
  return (
    Date.parse(a.at) - Date.parse(b.at) ||
    Number(a.from === "bot") - Number(b.from === "bot") ||
    a.seq - b.seq
  );
}
