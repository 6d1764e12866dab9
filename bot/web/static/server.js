// What the page asks of the server, and the stream that it listens to.

export class Refused extends Error {}

async function post(path, data) {
  let response;
  let answer = {};
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(data),
    });
    answer = await response.json();
  } catch (error) {
    if (!response) throw new Refused("连不上服务，稍等再试一次");
  }
  if (!response.ok) throw new Refused(answer.error ?? `服务没有接受（${response.status}）`);
  return answer;
}

export const say = (message) => post("/api/say", message);
export const moveClock = (move) => post("/api/clock", move);

export async function world() {
  const response = await fetch("/api/world", { cache: "no-store" });
  if (!response.ok) throw new Refused(`服务没有准备好（${response.status}）`);
  return response.json();
}

export const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// Listen for ever; after each break try again, later each time.
export function listen({ onItems, onClock, onState }) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  let wait = 0.5;
  const open = () => {
    const socket = new WebSocket(`${scheme}://${location.host}/api/stream`);
    let first = true;
    socket.onopen = () => {
      wait = 0.5;
      onState("open");
    };
    socket.onmessage = (event) => {
      const data = JSON.parse(event.data);
      if (data.type === "items") onItems(data.items, first);
      if (data.type === "clock") onClock(data.now);
      first = false;
    };
    socket.onclose = () => {
      onState("lost");
      setTimeout(open, wait * 1000);
      wait = Math.min(wait * 2, 10);
    };
  };
  open();
}
