/** The parts that the pages of a call share: its timeline, its words, an event's details, a turn's steps. */

import { count, el, keyed, set } from "./dom.js";
import { NAMES, Timeline, bad, colour, seconds } from "./timeline.js";
import { waterfall } from "./waterfall.js";

export const STATES = { idle: "Quiet", listening: "Caller speaks", responding: "Aura answers" };
const WHO = { caller: "Caller", aura: "Aura", tool: "Tool", note: "Note", trouble: "Trouble" };
const LOOK = { caller: "you", aura: "agent", tool: "tool", note: "tool", trouble: "tool wrong" };
const MOST_LISTED = 300;
const drawn = new Map();

/** Return the timeline of a *name*. It is made once, since its listeners stay on the window. */
export function timeline(name, lanes = "close") {
  let one = drawn.get(name);
  if (!one) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [key, value] of Object.entries({ tabindex: 0, role: "img", "data-wheel": "modified", "data-lanes": lanes })) svg.setAttribute(key, value);
    one = new Timeline(svg, { lanes: [], moments: [], spans: [], waits: [] }, [0, 1000]);
    drawn.set(name, one);
  }
  one.chosen = -1;
  one.choose = one.moved = () => {};
  one.svg.setAttribute("aria-label", "Timeline of the call: the work of each part. The events are listed below it.");
  return one;
}

/** Return buttons that zoom and move *picture*, for touch screens and keyboards. */
export function zoom(picture) {
  const by = (factor) => () => (picture.moved(), picture.zoom(factor));
  const button = (text, name, onclick) => el("button", { class: "plain small", type: "button", text, "aria-label": name, title: name, onclick });
  return [
    button("−", "Zoom out", by(1.6)), button("+", "Zoom in", by(0.6)),
    button("All", "All of the call", () => (picture.moved(), picture.look(...picture.all))),
  ];
}

/** Show the conversation; scroll to the newest words unless somebody scrolled up. */
export function words(list, items) {
  const below = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  keyed(list, items, (one) => one.key,
    () => el("li", {}, el("span", { class: "who" }), el("span", { class: "what" })),
    (node, one) => {
      const name = `${LOOK[one.who]}${one.growing ? " growing" : ""}${one.cut ? " cut" : ""}`;
      if (node.className !== name) node.className = name;
      set(node.firstChild, WHO[one.who]);
      set(node.lastChild, one.text);
      node.lastChild.title = one.wait_ms == null ? "" : `first sound after ${count(Math.round(one.wait_ms))} ms`;
    });
  if (below) list.scrollTop = list.scrollHeight;
}

/** Show the fields of a moment [ms, lane, name, text, fields]. */
export function details(pane, [at, lane, name, , fields]) {
  const head = el("h3", { text: name }), rows = el("tbody");
  head.style.setProperty("--lane", bad(name, fields) ? "var(--bad)" : colour(lane));
  for (const [key, value] of Object.entries({ at: seconds(at, 3), by: NAMES[lane] ?? lane, ...fields })) {
    const said = typeof value === "object" && value !== null ? JSON.stringify(value, null, 1) : String(value);
    rows.append(el("tr", {}, el("th", { scope: "row", text: key }), el("td", { text: said })));
  }
  pane.replaceChildren(head, el("table", { class: "fields" }, rows));
}

/** Show the steps of a turn, from its `turn.measured`: each bar begins at the end of the one before. */
export function steps(pane, measured) {
  const body = el("tbody"), turn = measured.turn;
  waterfall(body, measured);
  pane.replaceChildren(
    el("h2", {}, `Turn ${turn} `, el("span", { class: "felt", text: measured.first_sent_ms == null ? "" : `${count(Math.round(measured.first_sent_ms))} ms` })),
    el("p", { class: "fine", text: "The steps before the answer, from the end of the caller's words." }),
    el("table", { class: "waterfall" }, el("caption", { class: "unseen", text: `Steps of turn ${turn}` }), body));
}

/** The list of the events in view, of which one can be chosen. */
export class EventList {
  constructor(choose) {
    this.rows = el("div");
    this.more = el("p", { class: "fine", hidden: true });
    this.list = el("div", { class: "events", tabindex: 0, role: "region", "aria-label": "Events in view" }, this.rows, this.more);
    this.choose = choose;
  }

  /** Show the events between two times; if there are too many, the first, or the last with *newest*. */
  show(moments, [from, to], chosen, newest = false) {
    const inside = [], { list } = this, below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    for (let k = 0; k < moments.length; k++) if (moments[k][0] >= from && moments[k][0] <= to) inside.push(k);
    const some = newest ? inside.slice(-MOST_LISTED) : inside.slice(0, MOST_LISTED);
    keyed(this.rows, some, (k) => k,
      (k) => el("button", { type: "button", onclick: () => this.choose(k) }, el("time"), el("b"), el("span")),
      (node, k) => {
        const [at, lane, name, text, fields] = moments[k];
        set(node.children[0], seconds(at, 3));
        set(node.children[1], name).style.setProperty("--lane", bad(name, fields) ? "var(--bad)" : colour(lane));
        set(node.children[2], text);
        k === chosen ? node.setAttribute("aria-current", "true") : node.removeAttribute("aria-current");
      });
    this.more.hidden = inside.length === some.length;
    set(this.more, `${count(inside.length - some.length)} more: zoom in.`);
    if (newest && below) list.scrollTop = list.scrollHeight;
  }
}
