/** The page of `aura show --html`: timeline, audio, list of events, and the chosen event. */

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent), row = data.row;
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const end = Math.max(1000, row.duration_ms, ...data.moments.slice(-5).map((m) => m[0])), all = [-0.01 * end - 100, end * 1.01 + 200];

$("title").textContent = row.session;
$("facts").textContent = [
  `${row.tenant} / ${row.user}`, row.protocol, row.agent,
  new Date(row.started_at_ms).toISOString().replace("T", " ").slice(0, 19) + " UTC", clock(row.duration_ms, 1000),
  `${row.turns} turn${row.turns === 1 ? "" : "s"}`, `${row.interrupted} interrupted`, `${row.errors} error${row.errors === 1 ? "" : "s"}`,
  row.slowest_ms == null ? "" : `slowest answer ${Math.round(row.slowest_ms)} ms`,
  row.replay_of ? `replay of ${row.replay_of}` : "",
].filter(Boolean).join("  ·  ");
data.peaks = Object.fromEntries(Object.entries(data.peaks).map(([lane, text]) => [lane, bytes(text)]));
const turns = new Map(data.moments.flatMap((m, index) => (m[2] === "turn.measured" ? [[m[4].turn, index]] : [])));
const picture = new Timeline($("picture"), data, all, choose), list = $("list");

// ---------------------------------------------------------------- events

list.append(...data.moments.map(([at, lane, name, text, fields], index) => {
  const line = document.createElement("div"), when = document.createElement("span"), what = document.createElement("b");
  when.textContent = (at / 1000).toFixed(3);
  what.textContent = name;
  what.style.color = bad(name, fields) ? "var(--bad)" : colour(lane);
  line.setAttribute("role", "option");
  line.append(when, what, ` ${text}`);
  line.onclick = () => choose(index, { from: "list" });
  return line;
}));
list.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], next = picture.chosen + by;
  if (!by || !data.moments[next]) return;
  event.preventDefault();
  choose(next, { from: "list" });
  list.children[next].scrollIntoView({ block: "nearest" });
});

/** Show the event at *index*, and the waterfall of its turn. */
function choose(index, { from = "picture" } = {}) {
  const before = list.children[picture.chosen], line = list.children[index];
  before?.classList.remove("on");
  before?.removeAttribute("aria-selected");
  picture.chosen = index;
  const [at, lane, name, , fields] = data.moments[index];
  line.classList.add("on");
  line.setAttribute("aria-selected", "true");
  $("side").hidden = false;
  $("below").classList.add("both");
  if (from !== "list") list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 2;
  $("name").textContent = name;
  $("name").style.color = bad(name, fields) ? "var(--bad)" : colour(lane);
  const table = $("event").tBodies[0];
  table.replaceChildren();
  const shown = Object.entries({ at: seconds(at, 3), by: NAMES[lane], ...fields });
  for (const [key, value] of shown) {
    if (name === "turn.measured" && key.endsWith("_ms") && key !== "stt_ms") continue; // shown in the waterfall
    const cells = table.insertRow();
    cells.insertCell().textContent = key;
    cells.insertCell().textContent = typeof value === "object" ? JSON.stringify(value, null, 1) : value;
  }
  showTurn(fields.turn);
  if (from === "list" && (at < picture.view[0] || at > picture.view[1])) picture.shift(at - (picture.view[0] + picture.view[1]) / 2);
  picture.draw();
}

/** Show the waterfall of *turn*, if it was measured. */
function showTurn(turn) {
  const steps = data.moments[turns.get(turn)]?.[4], section = $("turn");
  section.hidden = !steps;
  for (const [of, button] of buttons) button.classList.toggle("on", of === turn);
  buttons.get(turn)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!steps) return;
  const felt = steps.first_sent_ms;
  section.firstChild.textContent = `Turn ${turn}: ${felt == null ? "no answer was heard" : `${Math.round(felt)} ms from the end of speech`}`;
  waterfall(section.querySelector("tbody"), steps);
}

// ---------------------------------------------------------------- turns

const buttons = new Map();
picture.turned = (turn) => turns.has(turn) && choose(turns.get(turn));
data.waits.forEach(([from, to, turn], k) => {
  const button = document.createElement("button");
  button.textContent = `turn ${turn}: ${Math.round(to - from)} ms`;
  if (row.slowest_ms && to - from >= row.slowest_ms - 1 && data.waits.length > 1) button.className = "slowest";
  button.title = "Look at this turn";
  button.onclick = () => {
    const next = data.waits[k + 1]?.[0] ?? Infinity;
    picture.view = [from - 2500, Math.min(to + 5000, Math.max(to + 1500, next))];
    picture.turned(turn);
  };
  buttons.set(turn, button);
  $("tools").append(button);
});
$("all").onclick = () => picture.look(...all);
$("out").onclick = () => picture.zoom(1.6);
$("in").onclick = () => picture.zoom(0.6);
picture.svg.addEventListener("dblclick", () => picture.look(...all));

// ---------------------------------------------------------------- sound

const player = $("sound");
if (data.sound) {
  player.src = URL.createObjectURL(new Blob([bytes(data.sound.data)], { type: data.sound.kind }));
  player.hidden = false;
  delete data.sound;
  let frame = 0;
  const follow = () => {
    const at = player.currentTime * 1000, [from, to] = picture.view;
    if (at > to && !player.paused) picture.look(at, at + (to - from));
    else if (picture.waiting) picture.cursor = at;
    else picture.point(at);
    frame = player.paused ? 0 : requestAnimationFrame(follow);
  };
  for (const one of ["play", "seeked", "pause"]) player.addEventListener(one, () => (frame ||= requestAnimationFrame(follow)));
  picture.pointed = (ms) => (player.currentTime = Math.max(0, ms / 1000));
  addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.closest("button, audio")) return;
    event.preventDefault();
    if (player.paused) player.play();
    else player.pause();
  });
}

// ---------------------------------------------------------------- legend

function sample(name, attributes, words) {
  const one = document.createElement("span"), room = add(one, "svg", { "aria-hidden": "true" });
  add(room, name, attributes);
  one.append(` ${words}`);
  $("legend").append(one);
}
sample("circle", { cx: 13, cy: 6, r: 4.5, fill: "var(--stt)" }, "an event");
sample("circle", { cx: 13, cy: 6, r: 4.5, fill: "var(--bad)" }, "an error, or an answer cut short");
sample("rect", { x: 1, y: 0, width: 24, height: 12, rx: 3, fill: "var(--llm)", opacity: 0.55 }, "busy");
sample("rect", { x: 1, y: 0, width: 24, height: 12, rx: 3, fill: "var(--stt)", opacity: 0.3 }, "a guess, or listening to silence");
if (Object.keys(data.peaks).length) sample("path", { d: "M4 4v4M8 1v10M12 3v6M16 0v12M20 4v4", stroke: "var(--caller)", "stroke-width": 2 }, "sound as recorded");
sample("rect", { x: 1, y: 0, width: 24, height: 12, fill: "var(--wait)", opacity: 0.4 }, "the caller waits for an answer");
$("legend").append(`Wheel: zoom. Drag: move. Double click: all of it.${player.hidden ? "" : " Click: play from there. Space: play, pause."}`);
picture.draw();
const [slowest] = data.waits.slice().sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
if (slowest) picture.turned(slowest[2]);
