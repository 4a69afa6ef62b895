/** Two calls side by side: both timelines from their start, and their turns in pairs. */

import { timeline, zoom } from "./call_parts.js";
import { ask, count, el, ms, table } from "./dom.js";
import { facts, picture } from "./recorded_call.js";

export function compare(root, { rest: [one, other], problem }) {
  root.append(el("h2", { text: "Two calls" }), el("p", { class: "fine", text: "Reading them …" }));
  let closed = false;
  const maps = [timeline("one"), timeline("other")], base = maps[0].constructor.prototype.draw;
  ask(`api/calls/${encodeURIComponent(one)}/with/${encodeURIComponent(other)}`).then((told) => !closed && draw(told), (error) => {
    root.lastChild.remove();
    problem(error);
  });

  function draw({ calls, turns }) {
    const drawn = calls.map(picture), all = [Math.min(...drawn.map((each) => each.all[0])), Math.max(...drawn.map((each) => each.all[1]))];
    maps.forEach((map, k) => {
      Object.assign(map, { data: drawn[k].data, all, view: all.slice() });
      map.draw = () => {
        base.call(map);
        const beside = maps[1 - k]; // both show the same time
        if (beside.view[0] !== map.view[0] || beside.view[1] !== map.view[1]) {
          beside.view = map.view.slice();
          base.call(beside);
        }
      };
    });
    root.lastChild.remove();
    root.append(el("div", { class: "tools" }, ...zoom(maps[0])),
      ...calls.flatMap((call, k) => [
        el("div", { class: "title" }, el("h3", {}, el("a", { class: "id", href: `#/call/${call.row.session}`, text: call.row.session }))),
        el("p", { class: "facts", text: facts(call.row) }), el("div", { class: "picture" }, maps[k].svg)]),
      el("h2", { text: "Turn by turn" }),
      table("Turns in pairs", [["First call", "grows"], ["Waited", "number"], ["Second call", "grows"], ["Waited", "number"], ["Later by", "number"]], el("tbody", {}, ...turns.map(pair))));
    maps.forEach((map) => base.call(map));
  }
  return {
    close() {
      closed = true;
      maps.forEach((map) => (map.draw = base));
    },
  };
}

function pair({ a, b, later_ms }) {
  const side = (one) => [
    el("td", { class: "grows" }, ...(one ? [el("span", { class: "said", text: one.said || (one.turn ? "" : "(greeting)") }), el("span", { class: "said aura", text: `${one.answer ?? ""}${one.cut ? " (interrupted)" : ""}` })] : ["–"])),
    el("td", { class: "number", text: ms(one?.wait_ms) })];
  const later = later_ms == null ? "" : `${later_ms > 0 ? "+" : ""}${count(later_ms)} ms`;
  return el("tr", {}, ...side(a), ...side(b), el("td", { class: `number ${later_ms > 100 ? "wrong" : ""}`, text: later }));
}
