/** Draws a session's timeline: lanes, moments, spans and waits, for `aura show --html`,
 * the console and the talk page. The wheel zooms, dragging moves.
 */

export const NAMES = {
  caller: "Caller", edge: "Turn-taking", stt: "Speech to text", llm: "Language model", tool: "Tools",
  tts: "Voice", client: "Caller hears",
};
const SHORT = { caller: "Caller", edge: "Turns", stt: "Words", llm: "Model", tool: "Tools", tts: "Voice", client: "Heard" };
const NS = "http://www.w3.org/2000/svg";
const TOP = 44;
/** px of a lane, of the marks above its spans, and of a span. */
const SIZES = { wide: [60, 20, 32], close: [42, 15, 20] };
const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 18e5];

export const seconds = (ms, digits) => (ms / 1000).toFixed(digits) + " s";
export const colour = (lane) => `var(--${lane})`;

/** Return whether an event is an error, or a response that the caller did not hear to its end. */
export const bad = (name, fields) =>
  ["trouble.told", "job.failed", "tool.failed"].includes(name) ||
  (name === "response.cancelled" && !["hung_up", "retracted"].includes(fields.reason) && !fields.to_the_end);

/** Return the label of a time on an axis with marks *step* ms apart: `0.25 s`, `12 s`, `1:05`, `1:02:05`. */
export function clock(ms, step) {
  if (ms < 6e4 || step < 1000) return seconds(ms, step < 10 ? 3 : step < 100 ? 2 : step < 1000 ? 1 : 0);
  const s = Math.round(ms / 1000), two = (n) => String(n).padStart(2, "0"), h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

const LABEL_PX = 12, FONT = `${LABEL_PX}px system-ui, sans-serif`;
const pen = document.createElement("canvas").getContext("2d");
const known = new Map();

/** Return the width of *text* as a label, px. */
function measured(text) {
  if (!known.has(text)) {
    if (known.size > 800) known.clear(); // partial transcripts have many lengths
    pen.font = FONT;
    known.set(text, pen.measureText(text).width);
  }
  return known.get(text);
}

/** Return the part of *text* that fits into *wide* px; empty if it is too short. */
function fitted(text, wide) {
  if (measured(text) <= wide) return text;
  if (wide < 26) return "";
  const share = Math.floor((wide - measured("…")) / (measured(text) / text.length));
  for (let size = Math.min(share + 3, text.length); size > 1; size--) {
    const cut = `${text.slice(0, size).trimEnd()}…`;
    if (measured(cut) <= wide) return cut;
  }
  return "";
}

/** Return the index of the first of *rows*, sorted by time, that is *from* or later. */
function first(rows, from) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][0] < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Add an SVG element to *into*. */
export function add(into, name, attributes, text) {
  const one = document.createElementNS(NS, name);
  for (const key in attributes) one.setAttribute(key, attributes[key]);
  if (text != null) one.textContent = text;
  into.appendChild(one);
  return one;
}

/** `data` has `lanes`, `moments` [ms, lane, name, text, fields] in order of time, `spans` [from, to,
 * lane, name, text, index of a moment], `waits` [from, to, turn] and, if audio was recorded, `peaks`
 * by lane. On a click `choose` gets the index of a moment, `turned` a turn, `pointed` the ms of an
 * empty place. `cursor` is the place of playback, in ms.
 */
export class Timeline {
  constructor(svg, data, view, choose = () => {}) {
    this.svg = svg;
    this.data = data;
    this.all = view;
    this.view = view.slice();
    this.choose = choose;
    this.chosen = -1;
    this.moved = this.turned = this.pointed = () => {};
    this.cursor = null;
    this.waiting = 0;
    /** The width of the picture, px. */
    this.across = svg.clientWidth;
    [this.lane, this.box, this.high] = SIZES[svg.dataset.lanes ?? "wide"];
    svg.classList.add("timeline");
    this.#listen();
  }

  get narrow() { return this.across < 620; }

  /** The width of the lanes' names, px. */
  get left() { return this.narrow ? 66 : 128; }

  get width() { return Math.max(1, this.across - this.left - 10); }

  get bottom() { return TOP + this.lane * this.data.lanes.length; }

  x(ms) { return this.left + ((ms - this.view[0]) / (this.view[1] - this.view[0])) * this.width; }

  y(lane) { return TOP + this.data.lanes.indexOf(lane) * this.lane; }

  look(from, to) {
    this.view = [from, to];
    this.draw();
  }

  /** Show *by* times as much time around the same middle. */
  zoom(by) {
    const middle = (this.view[0] + this.view[1]) / 2, half = ((this.view[1] - this.view[0]) / 2) * by;
    this.look(middle - half, middle + half);
  }

  shift(ms) {
    this.view = [this.view[0] + ms, this.view[1] + ms];
  }

  /** Draw at the next frame, once for all requests before it. */
  later() {
    this.waiting ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { svg, data } = this;
    cancelAnimationFrame(this.waiting);
    this.waiting = 0;
    this.across = svg.clientWidth; // read once, since reading it between changes forces a layout
    svg.replaceChildren();
    svg.setAttribute("height", this.bottom + 8);
    this.#axis();
    const free = { x: this.left };
    const bands = add(svg, "g", {}), waited = add(svg, "g", {}); // numbers above all bands
    data.waits.forEach((one) => this.#band(one, bands, waited, free));
    for (const lane of data.lanes) {
      const low = this.y(lane) + this.lane - 1;
      add(svg, "line", { x1: 0, x2: this.across, y1: low, y2: low, stroke: "currentColor", opacity: 0.14 });
      this.#wave(lane);
    }
    const room = add(svg, "g", {}), labels = add(svg, "g", {}), ends = {}, drawn = {};
    for (const one of data.spans) this.#span(one, room, labels, ends, drawn);
    this.#moments(room);
    this.#names();
    this.needle = add(svg, "line", { y1: 18, y2: this.bottom, class: "needle" });
    this.point(this.cursor);
  }

  /** Move the cursor to *ms*; null hides it. */
  point(ms) {
    this.cursor = ms;
    const seen = ms !== null && ms >= this.view[0] && ms <= this.view[1];
    this.needle.setAttribute("visibility", seen ? "visible" : "hidden");
    if (seen) for (const end of ["x1", "x2"]) this.needle.setAttribute(end, this.x(ms));
  }

  #axis() {
    const [from, to] = this.view, long = to - from;
    const step = STEPS_MS.find((s) => (s / long) * this.width > 70) || 36e5;
    let free = this.left;
    for (let t = Math.max(0, Math.ceil(from / step) * step); t < to; t += step) {
      add(this.svg, "line", { x1: this.x(t), x2: this.x(t), y1: 18, y2: this.bottom, stroke: "currentColor", opacity: 0.1 });
      const label = clock(t, step), x = this.x(t) + 3;
      if (x < free || x + measured(label) > this.left + this.width + 8) continue;
      add(this.svg, "text", { x, y: 14, class: "dim label" }, label);
      free = x + measured(label) + 8;
    }
  }

  #wave(lane) {
    const loud = this.data.peaks?.[lane];
    if (!loud) return;
    const middle = this.y(lane) + this.box + this.high / 2, points = [], a_ms = this.data.peaks_per_second / 1000, [a, b] = this.view;
    const from = Math.max(0, Math.floor(a * a_ms)), to = Math.min(loud.length, Math.ceil(b * a_ms));
    const step = Math.max(1, Math.floor((to - from) / this.width));
    for (let k = from; k < to; k += step) {
      let top = 0;
      for (let j = k; j < Math.min(k + step, to); j++) top = Math.max(top, loud[j]);
      const half = (Math.sqrt(top / 255) * this.high) / 2; // so that soft sounds are visible
      if (half > 0.8) points.push(`M${this.x(k / a_ms).toFixed(1)} ${(middle - half).toFixed(1)}v${(2 * half).toFixed(1)}`);
    }
    const thick = Math.min(4, Math.max(1, (this.width / Math.max(1, to - from)) * 0.8));
    add(this.svg, "path", { class: "wave", d: points.join(""), stroke: colour(lane), "stroke-width": thick, opacity: 0.5, fill: "none" });
  }

  #band([from, to, turn], bands, waited, free) {
    if (to < this.view[0] || from > this.view[1]) return;
    const left = Math.max(this.x(from), this.left), wide = Math.max(2, this.x(to) - left), ms = `${Math.round(to - from)} ms`;
    const box = add(bands, "rect", { class: "wait", x: left, y: 22, width: wide, height: this.bottom - 22, fill: "var(--wait)", opacity: 0.13 });
    add(box, "title", {}, `turn ${turn}: the caller waited ${ms}`);
    box.onclick = () => this.turned(turn);
    if (left + 3 < free.x || left + 3 + measured(ms) > this.across) return;
    add(waited, "text", { class: "said label", x: left + 3, y: 34 }, ms);
    free.x = left + 3 + measured(ms) + 8;
  }

  #span([from, to, lane, name, text, index], room, labels, ends, drawn) {
    if (to < this.view[0] || from > this.view[1]) return;
    const left = Math.max(this.x(from), this.left), wide = Math.max(1.5, this.x(to) - left);
    if (wide < 2 && index !== this.chosen) {
      if (Math.abs(left - (drawn[lane] ?? -9)) < 1.5) return; // one a pixel is enough
      drawn[lane] = left;
    }
    const light = this.data.peaks?.[lane] ? 0.22 : name === "wait" || name === "transcript.guess" ? 0.3 : 0.55;
    const box = add(room, "rect", {
      class: "span", x: left, y: this.y(lane) + this.box, width: wide, height: this.high, "data-name": name,
      fill: name === "cut" ? "var(--bad)" : colour(lane), opacity: index === this.chosen ? 0.8 : light,
    });
    add(box, "title", {}, `${name}: ${seconds(from, 3)} to ${seconds(to, 3)} (${Math.round(to - from)} ms)\n${text}`);
    box.onclick = () => this.choose(index);
    const x = Math.max(left + 5, (ends[lane] ?? 0) + 6); // spans may overlap, labels may not
    const label = fitted(name === "wait" ? `${Math.round(to - from)} ms` : text, left + wide - 4 - x);
    if (!label) return;
    add(labels, "text", { x, y: this.y(lane) + this.box + this.high / 2 + 4, class: "said label" }, label);
    ends[lane] = x + measured(label);
  }

  #moments(room) {
    const last = {}, { moments } = this.data, [from, to] = this.view;
    for (let index = first(moments, from); index < moments.length && moments[index][0] <= to; index++) {
      const [at, lane, name, text, fields] = moments[index];
      const wrong = bad(name, fields), chosen = index === this.chosen;
      if (!wrong && !chosen && this.x(at) - (last[lane] ?? -9) < 2) continue; // one mark a pixel is enough
      last[lane] = this.x(at);
      const mark = add(room, "circle", {
        class: "mark", cx: this.x(at), cy: this.y(lane) + this.box / 2, r: chosen ? 7 : 4.5, "data-index": index,
        fill: wrong ? "var(--bad)" : colour(lane), stroke: chosen ? "currentColor" : "none",
      });
      add(mark, "title", {}, `${name} at ${seconds(at, 3)}\n${text}`);
      mark.onclick = () => this.choose(index);
    }
  }

  #names() {
    const { svg, data, left } = this, names = this.narrow ? SHORT : NAMES;
    add(svg, "rect", { x: 0, y: 0, width: left - 6, height: this.bottom, fill: "var(--back)" });
    for (const lane of data.lanes) {
      add(svg, "rect", { x: 0, y: this.y(lane) + 6, width: 4, height: this.lane - 12, fill: colour(lane) });
      add(svg, "text", { x: 12, y: this.y(lane) + this.lane / 2 + 5, "font-weight": 600 }, names[lane] ?? lane);
    }
    add(svg, "text", { x: 12, y: 34, class: "dim" }, "waited");
  }

  /** Return the time at the pointer, ms. */
  #at(event) {
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    return this.view[0] + ((x - this.left) / this.width) * (this.view[1] - this.view[0]);
  }

  #listen() {
    const { svg } = this;
    let held = null, dragged = false;
    svg.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey && svg.dataset.wheel === "modified") return; // the page scrolls
      e.preventDefault();
      const [from, to] = this.view, at = this.#at(e);
      const by = Math.exp(e.deltaY * 0.0015), long = (to - from) * by;
      if (long < 20 || long > 4 * (this.all[1] - this.all[0])) return;
      this.moved();
      this.view = [at - (at - from) * by, at + (to - at) * by];
      this.later();
    }, { passive: false });
    svg.addEventListener("pointerdown", (e) => {
      held = e.clientX;
      dragged = false;
    });
    addEventListener("pointermove", (e) => {
      if (held === null || Math.abs(e.clientX - held) < 2) return;
      dragged = true;
      this.moved();
      this.shift(((held - e.clientX) / this.width) * (this.view[1] - this.view[0]));
      held = e.clientX;
      this.later();
    });
    svg.addEventListener("click", (e) => {
      const at = this.#at(e);
      if (!dragged && !e.target.onclick && at >= this.view[0]) this.pointed(at);
    });
    for (const over of ["pointerup", "pointercancel"]) addEventListener(over, () => (held = null));
    svg.addEventListener("keydown", (e) => {
      const [from, to] = this.view, move = { ArrowLeft: -0.2, ArrowRight: 0.2 }[e.key], by = { "+": 0.7, "-": 1.4 }[e.key];
      if (!move && !by) return;
      this.moved();
      if (move) this.shift(move * (to - from));
      this.zoom(by ?? 1);
    });
    addEventListener("resize", () => this.later());
  }
}
