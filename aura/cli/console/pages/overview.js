/** The overview: numbers of the last hour, running calls, stages and workers, live events. */

import { STATES } from "./call_parts.js";
import { clock, count, el, keyed, ms, plural, set, share, short, since, table } from "./dom.js";
import { EventStream } from "./event_stream.js";
import { Waits } from "./waits.js";

const ROLES = { edge: "Edge", stt: "Speech to text", llm: "Language model", tool: "Tools", tts: "Voice" };

export function now(root, { live }) {
  const tiles = new Tiles(), waits = new Waits(), running = new Running(), stages = new Stages(), stream = new EventStream(live);
  const faults = el("tbody"), faultsPart = el("section", {}, el("h2", { text: "What went wrong" }),
    table("What went wrong in the last hour", [["Times", "number"], ["Stage"], ["Reason"], ["Newest call"]], faults));
  const gone = el("p", { class: "wrong", role: "status", hidden: true });
  root.append(
    gone, tiles.part, waits.part, running.part,
    el("div", { class: "columns stages" }, stages.part, faultsPart), stream.part,
  );

  function state(message) {
    const { hour, calls, workers, stages: queues, refused } = live.state;
    tiles.show(live.state);
    running.show(calls, live.now_ms, live.may);
    const missing = stages.show(workers, queues);
    gone.hidden = !missing.length || live.state.bus !== "here";
    set(gone, `Nobody works at: ${missing.join(", ")}. Calls wait, then are told of an error.`);
    if (hour && (message.hour || message === live.state)) {
      waits.show(hour, live.now_ms);
      faultsPart.hidden = !hour.faults.length && !Object.keys(refused ?? {}).length;
      fill(faults, hour.faults, refused ?? {});
    }
  }
  const stops = [live.on("state", state), live.on("rows", (message) => stream.take(message)), live.on("hello", () => stream.again())];
  state(live.state);
  return { close: () => stops.forEach((stop) => stop()) };
}

/** The numbers of the last hour, each with a link to its calls. */
class Tiles {
  constructor() {
    this.part = el("section", { class: "tiles", "aria-label": "The last hour in numbers" });
    const tile = (name, href, title) => {
      const number = el("b"), below = el("span", { class: "fine" });
      this.part.append(el(href ? "a" : "div", { class: "tile", href, title }, el("span", { class: "name", text: name }), number, below));
      return { number, below };
    };
    this.calls = tile("Calls now", "#/calls", "All calls");
    this.wait = tile("Half answered within", "#/calls?only=slow&hours=1", "The slowest calls of the hour");
    this.late = tile("95 of 100 within", "#/calls?only=slow&hours=1", "The slowest calls of the hour");
    this.guesses = tile("Guesses right");
    this.cuts = tile("Interrupted", "#/calls?only=interrupted&hours=1", "Calls in which the caller interrupted");
    this.errors = tile("Calls with an error", "#/calls?only=errors&hours=1", "Calls whose caller was told of an error");
    this.refused = tile("Refused at the door");
  }

  show({ calls, hour, refused, refused_since_ms, now_ms }) {
    const fill = ({ number, below }, what, detail) => (set(number, what), set(below, detail));
    const speak = calls.filter((one) => one.state !== "idle").length;
    fill(this.calls, count(calls.length), calls.length ? `${speak} in speech` : "nobody calls");
    const all = Object.values(refused ?? {}).reduce((a, b) => a + b, 0), [[most] = [""]] = Object.entries(refused ?? {});
    const when = refused_since_ms && now_ms - refused_since_ms < 3540e3 ? `since ${clock(refused_since_ms)}` : "in the last hour";
    fill(this.refused, count(all), all ? `most: ${most}` : when);
    if (!hour) return;
    const { wait_ms: spread, speculations: guesses, turns } = hour;
    fill(this.wait, spread ? ms(spread.p50) : "–", `${plural(turns, "answer")} in ${plural(hour.calls, "call")}`);
    fill(this.late, spread ? ms(spread.p95) : "–", spread ? `99 of 100: ${ms(spread.p99)}` : "no answer yet");
    fill(this.guesses, share(guesses.right, guesses.made), guesses.made ? `${count(guesses.right)} right, ${count(guesses.wrong)} taken back` : "none made");
    fill(this.cuts, count(hour.interrupted), `of ${plural(turns, "answer")}`);
    fill(this.errors, count(hour.failed_calls), hour.given_up ? `${plural(hour.given_up, "job")} given up` : plural(hour.errors, "error"));
  }
}

function fill(body, faults, refused) {
  const rows = [
    ...faults.map((one) => ({ ...one, stage: ROLES[one.stage] ?? one.stage, reason: one.told ? one.reason : `${one.reason} (job given up)` })),
    ...Object.entries(refused).map(([limit, times]) => ({ count: times, stage: "Door", reason: `refused: ${limit}` })),
  ];
  keyed(body, rows, (one) => `${one.stage} ${one.reason}`,
    () => el("tr", {}, el("td", { class: "number" }), el("td"), el("td"), el("td")),
    (row, one) => {
      const [times, stage, reason, call] = row.children;
      set(times, count(one.count));
      set(stage, one.stage);
      set(reason, one.reason);
      if (one.session && call.firstChild?.title !== one.session) call.replaceChildren(toCall(one.session));
    });
}

const toCall = (session) => el("a", { href: `#/call/${session}`, title: session, class: "id", text: short(session) });

class Running {
  constructor() {
    this.body = el("tbody");
    this.none = el("p", { class: "fine" }, "Nobody calls at the moment. To see a call here: ", el("code", { text: 'aura call --say "Hello?"' }));
    this.frame = table("Running calls", [["Call"], ["State"], ["Who", "wide"], ["Agent", "wide"], ["Since", "wide number"], ["Answers", "wide number"], ["Last words", "grows"]], this.body);
    this.part = el("section", {}, el("h2", { text: "Running calls" }), this.none, this.frame);
  }

  show(calls, now_ms, may) {
    this.none.hidden = calls.length > 0;
    this.frame.hidden = !calls.length;
    keyed(this.body, calls, (one) => one.session,
      (one) => el("tr", {}, el("td", {}, toCall(one.session)), el("td", {}, el("span", { class: "pill" })), el("td", { class: "wide" }), el("td", { class: "wide" }),
        el("td", { class: "wide number" }), el("td", { class: "wide number" }), el("td", { class: "grows" }, el("span", { class: "said" }), el("span", { class: "said aura" }))),
      (row, one) => {
        const [, state, who, agent, age, turns, said] = row.children;
        state.firstChild.dataset.is = one.state;
        set(state.firstChild, one.muted.length ? `${STATES[one.state]}, muted` : STATES[one.state]);
        set(who, `${one.user} · ${one.tenant}`);
        set(agent, one.agent || "–");
        set(age, since(one.since_ms, now_ms));
        set(turns, count(one.turns));
        set(said.firstChild, may.words ? one.caller + (one.growing ? " …" : "") : "words are hidden here");
        set(said.lastChild, may.words ? one.aura : "");
      });
  }
}

/** The stages with their waiting jobs, each followed by its processes. */
class Stages {
  constructor() {
    this.body = el("tbody");
    this.part = el("section", {}, el("h2", { text: "Stages and workers" }),
      table("Stages and workers", [["Stage, process"], ["Busy"], ["Waiting", "number"], ["Oldest", "number wide"], ["Per second", "number wide"], ["Done", "number wide"], ["Failed", "number wide"]], this.body));
  }

  /** Show the workers; return the names of needed stages without any. */
  show(workers, queues) {
    const rows = [];
    for (const queue of [{ stage: "edge" }, ...queues]) {
      const here = workers.filter((one) => one.role === queue.stage);
      const sum = (field) => here.reduce((all, one) => all + (one[field] ?? 0), 0);
      const rate = here.some((one) => one.done_per_s != null) ? sum("done_per_s") : null;
      rows.push({ ...queue, key: queue.stage, stage: true, name: ROLES[queue.stage], here: here.length, slots: sum("slots"), in_flight: sum("in_flight"), done_per_s: rate, done: here.some((one) => one.done != null) ? sum("done") : null, failed: sum("failed") });
      rows.push(...here.map((one) => ({ ...one, key: one.id, name: `${one.model ?? "process"} (${one.pid ?? "?"})` })));
    }
    rows.push(...workers.filter((one) => !ROLES[one.role]).map((one) => ({ ...one, key: one.id, stage: true, here: 1, name: `${one.role}: ${one.model ?? ""}` })));
    keyed(this.body, rows, (one) => one.key, (one) => el("tr", { class: one.stage ? "stage" : "process" },
      el("th", { scope: "row" }), el("td", {}, el("meter", { min: 0, low: 0.7, high: 0.99, optimum: 0, "aria-hidden": "true" }), el("span")),
      ...["", "wide", "wide", "wide", "wide"].map((wide) => el("td", { class: `number ${wide}` }))), (row, one) => this.#row(row, one));
    return rows.filter((one) => one.stage && !one.here && one.key !== "tool").map((one) => one.name);
  }

  #row(row, one) {
    const [name, busy, waiting, oldest, rate, done, failed] = row.children;
    row.classList.toggle("missing", Boolean(one.stage) && !one.here);
    set(name, one.stage && one.here !== 1 ? `${one.name} × ${one.here}` : one.draining ? `${one.name}, leaving` : one.name);
    busy.firstChild.hidden = !one.slots;
    busy.firstChild.max = one.slots || 1;
    busy.firstChild.low = 0.7 * (one.slots || 1);
    busy.firstChild.high = 0.99 * (one.slots || 1);
    busy.firstChild.value = one.in_flight ?? 0;
    set(busy.lastChild, one.slots ? `${one.in_flight ?? 0} of ${one.slots}` : one.role === "edge" || one.key === "edge" ? plural(one.in_flight ?? 0, "call") : one.here === 0 ? "nobody works here" : "");
    set(waiting, one.waiting ?? "");
    set(oldest, one.waiting ? ms(one.oldest_ms) : "");
    set(rate, one.done_per_s == null ? "" : (Math.round(one.done_per_s * 10) / 10).toFixed(1));
    set(done, one.done == null ? "" : count(one.done));
    set(failed, one.failed ? count(one.failed) : "");
  }
}
