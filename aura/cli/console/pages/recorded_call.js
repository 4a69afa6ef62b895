/** A recorded call: its timeline, words and audio; comparison, `--decide` and export. */

import { Conversation } from "./conversation.js";
import { EventList, details, steps, timeline, words, zoom } from "./call_parts.js";
import { ask, count, day, el, ms, plural, set, since } from "./dom.js";
import { seconds } from "./timeline.js";

export function recorded(root, { live, query, problem }, session) {
  root.append(el("h2", { class: "id", text: session }), el("p", { class: "fine", text: "Reading it …" }));
  let closed = false, shown = { close() {} };
  ask(`api/calls/${encodeURIComponent(session)}`).then(
    (told) => {
      if (!closed) shown = draw(root, told, live, Number(query.get("turn")));
    },
    (error) => {
      root.lastChild.replaceWith(el("p", {}, el("a", { href: "#/calls", text: "All calls" })));
      problem(error);
    },
  );
  return { close: () => ((closed = true), shown.close()) };
}

/** Return a call's numbers as text. */
export const facts = (row) => [
  `${row.user || "somebody"} · ${row.tenant}`, row.agent, row.protocol, day(row.started_at_ms), row.duration_ms < 6e4 ? seconds(row.duration_ms, 1) : since(0, row.duration_ms), plural(row.turns, "turn"),
  row.interrupted ? `${count(row.interrupted)} interrupted` : "", row.errors ? plural(row.errors, "error") : "",
  row.slowest_ms == null ? "" : `slowest answer ${ms(row.slowest_ms)}`, row.replay_of ? `replay of ${row.replay_of}` : "",
  row.ended ? { caller_left: "the caller left", end_call: "it was ended", drained: "its edge left", failed: "it failed", forsaken: "nobody went on with it" }[row.ended] ?? row.ended : "not ended: it goes on, or its edge died",
].filter(Boolean).join("  ·  ");

/** Return the timeline's data of a call. */
export function picture(told) {
  const peaks = Object.fromEntries(Object.entries(told.peaks ?? {}).map(([lane, text]) => [lane, Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]));
  const end = Math.max(1000, told.row.duration_ms, ...told.moments.slice(-5).map((one) => one[0]));
  return { data: { ...told, peaks }, all: [-0.01 * end - 100, end * 1.01 + 200] };
}

function draw(root, told, live, turn) {
  const { row, moments, waits } = told, { data, all } = picture(told), map = timeline("recorded", "wide");
  const list = el("ol", { id: "words", "aria-label": "Conversation", tabindex: 0 }), said = new Conversation();
  const pane = el("div", { class: "details" }), detail = el("div", { class: "details" }, el("p", { class: "fine", text: "Choose an event, in the picture or in the list." }));
  const events = new EventList(choose), cursor = el("div", { class: "cursor", hidden: true });
  const path = `api/calls/${encodeURIComponent(row.session)}`;
  Object.assign(map, { data, all, view: all.slice(), chosen: -1, choose });
  moments.forEach(([, , name, , fields]) => said.take({ name, data: fields }));

  const base = map.constructor.prototype.draw;
  map.draw = () => {
    base.call(map);
    events.show(moments, map.view, map.chosen);
    sound.place();
  };
  const chips = waits.map(([from, to, number]) =>
    el("button", { type: "button", class: to - from >= (row.slowest_ms ?? Infinity) - 1 && waits.length > 1 ? "plain small late" : "plain small", text: `turn ${number}: ${ms(to - from)}`, title: "Look at this turn", onclick: () => look(from, to, number) }));
  const sound = player(told, path, map, cursor);
  root.replaceChildren(
    el("div", { class: "title" }, el("h2", { class: "id", text: row.session }), el("span", { class: "pill", text: row.ended ? "Over" : "Not ended" })),
    el("p", { class: "facts", text: facts(row) }), actions(row, path, live, told.sound), sound.part,
    el("div", { class: "tools" }, ...zoom(map), el("div", { class: "chips", role: "group", "aria-label": "Turns" }, ...chips)), el("div", { class: "picture" }, map.svg, cursor),
    el("div", { class: "columns call" },
      el("section", {}, el("h2", { text: "What was said" }), live.may.words ? list : el("p", { class: "fine", text: "Words are hidden here." })),
      el("section", {}, pane, el("h2", { text: "Events in view" }), events.list, detail)));
  if (live.may.words) words(list, said.shown);
  list.scrollTop = 0;
  map.svg.ondblclick = () => map.look(...all);
  const wanted = waits.find((one) => one[2] === turn);
  wanted ? look(...wanted) : map.look(...all);
  measured(turn || (waits[0]?.[2] ?? moments.find(([, , name]) => name === "turn.measured")?.[4].turn)); // typed turns have no wait

  function look(from, to, number) {
    map.look(from - 2500, to + 3000);
    measured(number);
  }
  function measured(number) {
    const found = moments.find(([, , name, , fields]) => name === "turn.measured" && fields.turn === number);
    if (found) steps(pane, found[4]);
  }
  function choose(index) {
    map.chosen = index;
    details(detail, moments[index]);
    const [at, , , , fields] = moments[index];
    if (fields.turn) measured(fields.turn);
    if (at < map.view[0] || at > map.view[1]) map.shift(at - (map.view[0] + map.view[1]) / 2);
    map.draw();
  }
  return {
    close() {
      sound.close();
      map.draw = base;
      map.svg.ondblclick = null;
    },
  };
}

/** The player of the recorded audio, with a cursor on the timeline. */
function player(told, path, map, cursor) {
  if (!told.sound) {
    return { part: el("p", { class: "fine", text: "No audio was recorded, or it is hidden here." }), place() {}, close() {} };
  }
  const offset = told.sound.offset_ms, audio = el("audio", { controls: true, preload: "metadata", src: `${path}/sound.wav` });
  let running = 0;
  const at = () => audio.currentTime * 1000 + offset;
  function place() {
    const x = map.x(at());
    cursor.hidden = (audio.paused && !audio.currentTime) || x < map.left || x > map.left + map.width;
    cursor.style.left = `${x}px`;
  }
  function run() {
    const [from, to] = map.view, now = at();
    if (now > to || now < from) map.look(now - (to - from) * 0.05, now + (to - from) * 0.95);
    place();
    running = audio.paused ? 0 : requestAnimationFrame(run);
  }
  audio.addEventListener("play", () => (running ||= requestAnimationFrame(run)));
  audio.addEventListener("seeked", place);
  const seek = (event) => {
    if (event.target.closest?.(".mark") || event.offsetX < map.left || moved) return;
    const [from, to] = map.view;
    audio.currentTime = Math.max(0, (from + ((event.offsetX - map.left) / map.width) * (to - from) - offset) / 1000);
  };
  let down = 0, moved = false;
  map.svg.onpointerdown = (event) => ((down = event.clientX), (moved = false));
  map.svg.onpointerup = (event) => (moved = Math.abs(event.clientX - down) > 3);
  map.svg.onclick = seek;
  return {
    part: el("div", { class: "sound" }, audio, el("span", { class: "fine", text: "Caller left, Aura right. Click the picture to hear it from there." })),
    place,
    close() {
      audio.pause();
      cancelAnimationFrame(running);
      map.svg.onpointerdown = map.svg.onpointerup = map.svg.onclick = null;
    },
  };
}

/** The buttons that compare, decide again and export the call. */
function actions(row, path, live, sound) {
  const out = el("div", { class: "verdict", role: "status" }), other = el("input", { placeholder: "with this call", "aria-label": "Id of another call", spellcheck: "false", value: row.replay_of });
  const eagerness = el("select", { "aria-label": "Eagerness to decide it with" }, ...[["", "as it was set"], ["low", "eagerness low"], ["auto", "eagerness auto"], ["high", "eagerness high"]].map(([value, text]) => el("option", { value, text })));
  const form = el("form", { class: "row" }, el("button", { class: "plain", type: "submit", text: "Compare" }), other);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = other.value.trim() ? `#/compare/${row.session}/${encodeURIComponent(other.value.trim())}` : `#/calls?with=${row.session}`;
  });
  const again = el("button", { class: "plain", type: "button", text: "Decide again", onclick: async () => {
    set(out, "Deciding …");
    try {
      verdict(out, await ask(`${path}/decide?eagerness=${eagerness.value}`), row);
    } catch (error) {
      set(out, error.message);
    }
  } });
  const links = [el("a", { class: "button", href: `${path}/export.aura`, download: true, text: "Session file" })];
  if (sound) links.push(el("a", { class: "button", href: `${path}/sound.wav`, download: `${row.session}.wav`, text: "Sound" }));
  const hidden = !live.may.words;
  return el("div", { class: "actions" }, el("div", { class: "row" }, form, ...(hidden ? [] : [el("div", { class: "row" }, again, eagerness), el("div", { class: "row" }, ...links)])), out);
}

function verdict(out, told, row) {
  if (told.differences === null) return set(out, `It cannot be decided again: ${told.why}.`);
  const same = `${plural(told.decisions, "decision")} in ${told.took_ms} ms`;
  const drive = el("p", { class: "fine" }, "Through today's workers: ", el("code", { text: `aura replay ${row.session} --drive` }));
  if (!told.differences.length) return out.replaceChildren(el("p", { text: `${same}: all as they were.` }), drive);
  const rows = told.differences.map((one) => el("tr", {}, el("td", { class: "number", text: `${one.at_s} s` }), el("td", { text: one.recorded || "–" }), el("td", { text: one.now || "–" })));
  out.replaceChildren(el("p", { text: `${same}; ${plural(told.differences.length, "difference")}${told.unnoticed ? " that no caller would notice" : ""}:` }),
    el("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "Differences" }, el("table", {}, el("thead", {}, el("tr", {}, ...["At", "Recorded", "Now"].map((text) => el("th", { scope: "col", text })))), el("tbody", {}, ...rows))), drive);
}
