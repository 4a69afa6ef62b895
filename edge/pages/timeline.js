/**
 * Draws a session's timeline: lanes, moments, spans, what the caller waited. Of `aura show --html`,
 * where all of it is known, and of the talk page, where it grows. Zoom by wheel, move by dragging.
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
export const bad = (name, fields) =>
  ["trouble.told", "job.failed", "tool.failed"].includes(name) || (name === "response.cancelled" && fields.reason !== "hung_up");
const fitted = (text, wide) => (wide < 26 ? "" : text.length > wide / 7 ? text.slice(0, Math.max(1, wide / 7 - 1)) + "…" : text);

/** Add an SVG element to *into*. */
export function add(into, name, attributes, text) {
  const one = document.createElementNS(NS, name);
  for (const key in attributes) one.setAttribute(key, attributes[key]);
  if (text != null) one.textContent = text;
  into.appendChild(one);
  return one;
}

/**
 * `data` holds `lanes`, `moments` [ms, lane, name, text, fields], `spans` [from, to, lane, name,
 * text, index of a moment], `waits` [from, to, turn] and, of recorded sound, `peaks` by lane.
 */
export class Timeline {
  constructor(svg, data, view, choose = () => {}) {
    this.svg = svg;
    this.data = data;
    this.all = view;
    this.view = view.slice();
    this.choose = choose;
    this.chosen = -1;
    this.moved = () => {};
    [this.lane, this.box, this.high] = SIZES[svg.dataset.lanes ?? "wide"];
    svg.classList.add("timeline");
    this.#listen();
  }

  get narrow() {
    return this.svg.clientWidth < 620;
  }

  /** px that the names take. */
  get left() {
    return this.narrow ? 66 : 120;
  }

  get width() {
    return Math.max(1, this.svg.clientWidth - this.left - 10);
  }

  get bottom() {
    return TOP + this.lane * this.data.lanes.length;
  }

  x(ms) {
    return this.left + ((ms - this.view[0]) / (this.view[1] - this.view[0])) * this.width;
  }

  y(lane) {
    return TOP + this.data.lanes.indexOf(lane) * this.lane;
  }

  look(from, to) {
    this.view = [from, to];
    this.draw();
  }

  shift(ms) {
    this.view = [this.view[0] + ms, this.view[1] + ms];
  }

  draw() {
    const { svg, data } = this;
    svg.replaceChildren();
    svg.setAttribute("height", this.bottom + 20);
    this.#axis();
    data.waits.forEach((one) => this.#band(one));
    for (const lane of data.lanes) {
      const low = this.y(lane) + this.lane - 1;
      add(svg, "line", { x1: 0, x2: svg.clientWidth, y1: low, y2: low, stroke: "currentColor", opacity: 0.14 });
      this.#wave(lane);
    }
    const room = add(svg, "g", {});
    data.spans.forEach((one) => this.#span(one, room));
    this.#moments(room);
    this.#names();
  }

  #axis() {
    const [from, to] = this.view, long = to - from;
    const step = STEPS_MS.find((s) => (s / long) * this.width > 70) || 36e5;
    for (let t = Math.ceil(from / step) * step; t < to; t += step) {
      add(this.svg, "line", { x1: this.x(t), x2: this.x(t), y1: 18, y2: this.bottom, stroke: "currentColor", opacity: 0.1 });
      add(this.svg, "text", { x: this.x(t) + 3, y: 14, class: "dim" }, seconds(t, long < 3000 ? 3 : step < 1000 ? 1 : 0));
    }
  }

  #wave(lane) {
    const loud = this.data.peaks?.[lane];
    if (!loud) return;
    const middle = this.y(lane) + this.box + this.high / 2, points = [], a_ms = this.data.peaks_a_second / 1000, [a, b] = this.view;
    const from = Math.max(0, Math.floor(a * a_ms)), to = Math.min(loud.length, Math.ceil(b * a_ms));
    const step = Math.max(1, Math.floor((to - from) / this.width));
    for (let k = from; k < to; k += step) {
      let top = 0;
      for (let j = k; j < Math.min(k + step, to); j++) top = Math.max(top, loud[j]);
      const half = (Math.sqrt(top / 255) * this.high) / 2; // soft sounds are to be seen, too
      if (half > 0.8) points.push(`M${this.x(k / a_ms).toFixed(1)} ${(middle - half).toFixed(1)}v${(2 * half).toFixed(1)}`);
    }
    const thick = Math.min(4, Math.max(1, (this.width / Math.max(1, to - from)) * 0.8));
    add(this.svg, "path", { class: "wave", d: points.join(""), stroke: colour(lane), "stroke-width": thick, opacity: 0.75, fill: "none" });
  }

  #band([from, to, turn]) {
    if (to < this.view[0] || from > this.view[1]) return;
    const left = Math.max(this.x(from), this.left), wide = Math.max(2, this.x(to) - left), ms = Math.round(to - from);
    const box = add(this.svg, "rect", { class: "wait", x: left, y: 22, width: wide, height: this.bottom - 22, fill: "var(--wait)", opacity: 0.13 });
    add(box, "title", {}, `turn ${turn}: the caller waited ${ms} ms`);
    add(this.svg, "text", { class: "said", x: left + 3, y: 34, "font-weight": 600 }, fitted(`${ms} ms`, Math.max(wide, 60)));
  }

  #span([from, to, lane, name, text, index], room) {
    if (to < this.view[0] || from > this.view[1]) return;
    const left = Math.max(this.x(from), this.left), wide = Math.max(1.5, this.x(to) - left);
    const light = this.data.peaks?.[lane] ? 0.22 : name === "wait" || name === "transcript.guess" ? 0.3 : 0.55;
    const box = add(room, "rect", {
      class: "span", x: left, y: this.y(lane) + this.box, width: wide, height: this.high, "data-name": name,
      fill: name === "cut" ? "var(--bad)" : colour(lane), opacity: index === this.chosen ? 0.8 : light,
    });
    add(box, "title", {}, `${name}: ${seconds(from, 3)} to ${seconds(to, 3)} (${Math.round(to - from)} ms)\n${text}`);
    box.onclick = () => this.choose(index);
    const label = fitted(name === "wait" ? `${Math.round(to - from)} ms` : text, wide);
    add(room, "text", { x: left + 5, y: this.y(lane) + this.box + this.high / 2 + 4, class: "said" }, label);
  }

  #moments(room) {
    const last = {};
    this.data.moments.forEach(([at, lane, name, text, fields], index) => {
      if (at < this.view[0] || at > this.view[1]) return;
      const wrong = bad(name, fields), chosen = index === this.chosen;
      if (!wrong && !chosen && this.x(at) - (last[lane] ?? -9) < 2) return; // one mark a pixel is enough
      last[lane] = this.x(at);
      const mark = add(room, "circle", {
        class: "mark", cx: this.x(at), cy: this.y(lane) + this.box / 2, r: chosen ? 7 : 4.5, "data-index": index,
        fill: wrong ? "var(--bad)" : colour(lane), stroke: chosen ? "currentColor" : "none",
      });
      add(mark, "title", {}, `${name} at ${seconds(at, 3)}\n${text}`);
      mark.onclick = () => this.choose(index);
    });
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

  #listen() {
    const { svg } = this;
    let held = null;
    svg.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey && svg.dataset.wheel === "modified") return; // the page scrolls
      e.preventDefault();
      const [from, to] = this.view, at = from + ((e.offsetX - this.left) / this.width) * (to - from);
      const by = Math.exp(e.deltaY * 0.0015), long = (to - from) * by;
      if (long < 20 || long > 4 * (this.all[1] - this.all[0])) return;
      this.moved();
      this.look(at - (at - from) * by, at + (to - at) * by);
    }, { passive: false });
    svg.addEventListener("pointerdown", (e) => (held = e.clientX));
    addEventListener("pointermove", (e) => {
      if (held === null || Math.abs(e.clientX - held) < 2) return;
      this.moved();
      this.shift(((held - e.clientX) / this.width) * (this.view[1] - this.view[0]));
      held = e.clientX;
      this.draw();
    });
    for (const over of ["pointerup", "pointercancel"]) addEventListener(over, () => (held = null));
    svg.addEventListener("keydown", (e) => {
      const [from, to] = this.view, move = { ArrowLeft: -0.2, ArrowRight: 0.2 }[e.key], by = { "+": 0.7, "-": 1.4 }[e.key];
      if (!move && !by) return;
      this.moved();
      if (move) this.shift(move * (to - from));
      const middle = (this.view[0] + this.view[1]) / 2, half = ((to - from) / 2) * (by ?? 1);
      this.look(middle - half, middle + half);
    });
    addEventListener("resize", () => this.draw());
  }
}
