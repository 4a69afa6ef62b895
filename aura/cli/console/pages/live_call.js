/** One call: live while it goes on, then its record. */

import { Conversation } from "./conversation.js";
import { EventList, STATES, details, steps, timeline, words, zoom } from "./call_parts.js";
import { controls } from "./controls.js";
import { el, plural, set, since } from "./dom.js";
import { recorded } from "./recorded_call.js";
import { Story } from "./story.js";

const SHOWN_MS = 20000, DRAWS_MS = 100;

export function call(root, place) {
  const { live, rest: [session] } = place;
  let part = { close() {} }, live_now = null;
  const goesOn = () => live.state.calls.some((one) => one.session === session);
  function open() {
    part.close();
    root.replaceChildren();
    live_now = goesOn();
    part = live_now ? running(root, place, session, open) : recorded(root, place, session);
  }
  /** Open the page once the call's state is known, and again if its caller comes back. */
  function look() {
    if (live.state.now_ms && (live_now === null || (!live_now && goesOn()))) open();
  }
  root.append(el("h2", { class: "id", text: session }), el("p", { class: "fine", text: "Looking for it …" }));
  const stop = live.on("state", look);
  look();
  return { close: () => (stop(), part.close()) };
}

/** Show a running call; *over* is called once it has ended. */
function running(root, { live }, session, over) {
  let story = new Story(), said = new Conversation(), follows = true, gone = 0;
  const strip = timeline("running"), state = el("span", { class: "pill" }), facts = el("p", { class: "facts" });
  const list = el("ol", { id: "words", "aria-label": "Conversation", tabindex: 0 }), pane = el("div", { class: "details" }, el("p", { class: "fine", text: "The steps of the last answer appear here." }));
  const back = el("button", { class: "link", type: "button", text: "Back to now", hidden: true, onclick: () => { follows = true; back.hidden = true; } });
  const events = new EventList(choose), detail = el("div", { class: "details" }, el("p", { class: "fine", text: "Choose an event, in the picture or in the list." }));
  strip.choose = choose;
  strip.moved = () => { follows = false; back.hidden = false; };
  root.append(
    el("div", { class: "title" }, el("h2", { class: "id", text: session }), state), facts,
    ...(live.may.commands ? [controls(session, live)] : []),
    el("div", { class: "tools" }, ...zoom(strip), back), el("div", { class: "picture" }, strip.svg),
    el("div", { class: "columns call" },
      el("section", {}, el("h2", { text: "What is said" }), live.may.words ? list : el("p", { class: "fine", text: "Words are hidden here." })),
      el("section", {}, pane, el("h2", { text: "Events in view" }), events.list, detail)));

  function take(event) {
    if (event.name === "session.ended") return;
    if (event.name === "turn.measured") measured(event.data);
    story.take(event);
    said.take(event);
  }

  /** Draw the wait of a turn once it was measured. */
  function measured(data) {
    const end = story.ends.get(story.after.get(data.turn));
    if (end !== undefined && data.first_sent_ms != null) story.waits.push([end, end + data.first_sent_ms, data.turn]);
    if (data.first_sent_ms != null) steps(pane, data);
  }

  function choose(index) {
    const moment = story.moments[index];
    if (!moment) return;
    strip.chosen = index;
    details(detail, moment);
  }

  function tick() {
    if (document.hidden || story.begins_ms === null) return;
    const now = live.now_ms - story.begins_ms;
    strip.data = story.drawn(now);
    strip.all = [-1000, now + 1000];
    if (follows) strip.view = [Math.max(now, SHOWN_MS * 0.9) - SHOWN_MS * 0.9, Math.max(now, SHOWN_MS * 0.9) + SHOWN_MS * 0.1];
    strip.draw();
  }

  function shown() {
    if (live.may.words) words(list, said.shown);
    events.show(story.moments, strip.view, strip.chosen, follows);
  }

  function look() {
    const one = live.state.calls.find((each) => each.session === session);
    if (live.state.bus === "here") gone = one ? 0 : gone + 1;
    if (gone > 1) return over();
    if (!one) return;
    state.dataset.is = one.state;
    set(state, one.muted.length ? `${STATES[one.state]}, ${one.muted.join(" and ")} muted` : STATES[one.state]);
    set(facts, `${one.user} · ${one.tenant}  ·  ${one.agent || "no agent"}  ·  ${one.protocol}  ·  since ${since(one.since_ms, live.now_ms)}  ·  ${plural(one.turns, "answer")}  ·  on ${one.edge}`);
  }

  const stops = [
    live.on("state", look),
    live.on("history", (told) => {
      if (told.session !== session) return;
      [story, said] = [new Story(), new Conversation()];
      told.events.forEach(take);
      tick();
      shown();
    }),
    live.on("call", (told) => {
      if (told.session !== session) return;
      told.events.forEach(take);
      shown();
    }),
    live.on("partial", (told) => {
      if (told.session !== session) return;
      story.partial = said.partial = told.text;
      shown();
    }),
  ];
  const ticking = setInterval(tick, DRAWS_MS);
  live.watch(session);
  look();
  return {
    close() {
      clearInterval(ticking);
      stops.forEach((stop) => stop());
      live.watch("");
    },
  };
}
