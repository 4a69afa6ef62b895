/** The events of all calls, live: with a filter, a pause button, and a bound on the shown rows. */

import { clock, count, el, set, short } from "./dom.js";

/** The most rows that are shown. */
const SHOWN = 250;
const GROUPS = {
  all: ["All events", () => true],
  words: ["Words", (name) => /^(transcript|turn\.committed|answer|message|keys)/.test(name)],
  turns: ["Turns and speech", (name) => /^(speech|turn|interruption|caller)\b/.test(name)],
  model: ["Model and tools", (name) => /^(response|tool|model|turn\.taken)/.test(name)],
  calls: ["Calls begin and end", (name) => /^(session|recording|agent|control)/.test(name)],
  wrong: ["What went wrong", (name, wrong) => wrong],
};

/** Return whether a row contains each word of the filter, and no word written as `-word`. */
export function fits([, , tenant, session, name, text, wrong], group, wanted) {
  if (!GROUPS[group][1](name, wrong)) return false;
  const whole = `${tenant} ${session} ${name} ${text}`.toLowerCase();
  return wanted.every((word) => (word.startsWith("-") && word.length > 1 ? !whole.includes(word.slice(1)) : whole.includes(word)));
}

export class EventStream {
  constructor(live) {
    this.live = live;
    this.held = false;
    this.fresh = [];
    this.group = el("select", { "aria-label": "Kind of events", onchange: () => this.again() },
      ...Object.entries(GROUPS).map(([value, [text]]) => el("option", { value, text })));
    this.filter = el("input", { type: "search", placeholder: "Filter: words, ids, -without", "aria-label": "Filter the events", spellcheck: "false", oninput: () => this.again() });
    this.hold = el("button", { class: "plain", type: "button", "aria-pressed": "false", text: "Hold", onclick: () => this.held ? this.#release() : this.#stop() });
    this.told = el("span", { class: "fine" });
    this.list = el("div", { class: "stream", tabindex: 0, role: "log", "aria-live": "off", "aria-label": "Live events" });
    this.none = el("p", { class: "fine" });
    this.part = el("section", {}, el("div", { class: "tools" }, el("h2", { text: "Events" }), this.group, this.filter, this.hold, this.told), this.none, this.list);
    this.drawing = false;
    this.again();
  }

  /** Show new events, which `live` also keeps. */
  take({ rows }) {
    if (this.held) return this.#count();
    this.fresh.push(...rows);
    this.#soon();
  }

  /** Filter the kept events again. */
  again() {
    this.fresh = this.live.rows.slice();
    this.list.replaceChildren();
    this.#soon();
  }

  #stop() {
    this.held = true;
    this.hold.setAttribute("aria-pressed", "true");
    set(this.hold, "Go on");
  }

  #release() {
    this.held = false;
    this.hold.setAttribute("aria-pressed", "false");
    set(this.hold, "Hold");
    this.again();
  }

  /** Draw at the next frame all events that came before it. */
  #soon() {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      const wanted = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean), group = this.group.value;
      const some = this.fresh.filter((row) => fits(row, group, wanted)).slice(-SHOWN);
      this.fresh = [];
      const { list } = this, below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      const fragment = document.createDocumentFragment();
      for (const row of some) fragment.append(this.#line(row));
      list.append(fragment);
      while (list.childElementCount > SHOWN) list.firstElementChild.remove();
      if (below) list.scrollTop = list.scrollHeight;
      const empty = !list.childElementCount;
      this.none.hidden = !empty;
      list.hidden = empty;
      if (empty) set(this.none, this.live.rows.length ? "None of the last events is of this kind." : "None yet: the events of all calls appear here.");
      this.#count();
    });
  }

  #count() {
    const waiting = this.held ? "held; what comes is kept" : "";
    set(this.told, [waiting, this.live.left_out ? `${count(this.live.left_out)} came too fast to be shown` : ""].filter(Boolean).join(", "));
  }

  #line([, at_ms, tenant, session, name, text, wrong]) {
    return el("div", { class: wrong ? "wrong" : null },
      el("time", { text: `${clock(at_ms)}.${String(at_ms % 1000).padStart(3, "0")}` }),
      el("a", { class: "id", href: `#/call/${session}`, title: `${session} of ${tenant}`, text: short(session) }),
      el("b", { text: name }), el("span", { text }));
  }
}
