/** A dot for each response of the last hour, by time and wait, and the percentiles of each step. */

import { count, el, keyed, ms, set, short, table } from "./dom.js";
import { add } from "./timeline.js";

/** The widths of the time axis, minutes: the first that covers all responses is used. */
const SPANS_MIN = [4, 12, 30, 60];
const HIGH = 190, TOP = 12, BOTTOM = 24, LEFT = 52, RIGHT = 12;
const LINES_MS = [100, 200, 500, 1000, 2000, 5000, 10000, 30000];

export class Waits {
  constructor() {
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("class", "dots");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", "Waits of the last hour; not known yet.");
    this.body = el("tbody");
    this.slowest = el("ol", { class: "slowest" });
    this.words = el("p", { class: "fine" });
    this.part = el("section", { class: "waits" },
      el("div", {}, el("h2", { text: "Every answer of the last hour" }), this.words, this.svg, (this.head = el("h3", { text: "The slowest" })), this.slowest),
      (this.where = el("div", {}, el("h2", { text: "Where the time goes" }), el("p", { class: "fine", text: "Milliseconds after the caller's last word; of 100 answers, so many were there by then." }),
        table("Steps of an answer in percentiles", [["Step"], ["50", "number"], ["95", "number"], ["99", "number"]], this.body))));
    this.svg.addEventListener("click", ({ target }) => {
      if (target.dataset?.session) location.hash = `#/call/${target.dataset.session}?turn=${target.dataset.turn}`;
    });
  }

  show(hour, now_ms) {
    const { dots, wait_ms: spread } = hour;
    this.head.hidden = !dots.length;
    this.where.hidden = !hour.steps.length;
    set(this.words, dots.length ? `How long callers waited${hour.dots_every > 1 ? `, a dot for each ${count(hour.dots_every)} answers and for the slowest` : ""}. Click a dot for its call.` : "Nobody was answered yet; each answer will be a dot here.");
    this.svg.setAttribute("aria-label", spread ? `Waits of ${dots.length} answers: half within ${spread.p50} ms, 95 of 100 within ${spread.p95} ms. The slowest are listed below.` : "No answers yet.");
    this.#draw(dots, spread, now_ms);
    keyed(this.slowest, hour.slowest.slice(0, 5), (one) => `${one.session} ${one.turn}`,
      (one) => el("li", {}, el("a", { href: `#/call/${one.session}?turn=${one.turn}`, title: one.session }, el("b", { text: ms(one.wait_ms) }), ` turn ${one.turn} of ${short(one.session)}`)), () => {});
    keyed(this.body, hour.steps, (one) => one.step,
      (one) => el("tr", {}, el("th", { scope: "row", text: one.step }), ...[50, 95, 99].map(() => el("td", { class: "number" }))),
      (row, one) => [one.p50, one.p95, one.p99].forEach((value, k) => set(row.children[k + 1], count(value))));
  }

  #draw(dots, spread, now_ms) {
    const { svg } = this, wide = svg.clientWidth || 600;
    const longest = Math.max(2000, ...dots.map((one) => one[1])), shortest = Math.max(50, Math.min(200, ...dots.map((one) => one[1])));
    const age = dots.length ? now_ms - dots[0][0] : 0, long = SPANS_MIN.find((one) => one * 60e3 >= age) ?? 60;
    const x = (at) => LEFT + (1 - (now_ms - at) / (long * 60e3)) * (wide - LEFT - RIGHT);
    const y = (wait) => TOP + (1 - Math.log(Math.max(wait, shortest) / shortest) / Math.log(longest / shortest)) * (HIGH - TOP - BOTTOM);
    svg.replaceChildren();
    svg.setAttribute("height", HIGH);
    for (const line of LINES_MS) {
      if (line < shortest || line > longest) continue;
      add(svg, "line", { x1: LEFT, x2: wide - RIGHT, y1: y(line), y2: y(line), class: "grid" });
      add(svg, "text", { x: LEFT - 8, y: y(line) + 4, "text-anchor": "end" }, line < 1000 ? `${line} ms` : `${line / 1000} s`);
    }
    for (const ago of wide < 480 ? [long, long / 2, 0] : [long, (long * 3) / 4, long / 2, long / 4, 0]) {
      add(svg, "text", { x: x(now_ms - ago * 60e3), y: HIGH - 6, "text-anchor": ago === long ? "start" : ago ? "middle" : "end" }, ago ? `${ago} min ago` : "now");
    }
    for (const name of spread ? ["p50", "p95"] : []) {
      add(svg, "line", { x1: LEFT, x2: wide - RIGHT, y1: y(spread[name]), y2: y(spread[name]), class: `share ${name}` });
    }
    for (const [at, wait, session, turn] of dots) {
      const late = spread && wait > spread.p95;
      const dot = add(svg, "circle", { cx: x(at), cy: y(wait), r: 3.5, class: late ? "dot late" : "dot", "data-session": session, "data-turn": turn });
      add(dot, "title", {}, `${count(wait)} ms, turn ${turn} of ${session}`);
    }
  }
}
