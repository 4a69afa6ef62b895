/** The recorded calls: newest first, or the slowest, the failed, the interrupted ones. */

import { ask, count, day, el, ms, plural, set, table } from "./dom.js";
import { seconds } from "./timeline.js";

const ONLY = { "": "All", errors: "With an error", slow: "Slowest first", interrupted: "Interrupted" };
const HOURS = { "": "any time", 1: "the last hour", 24: "the last day" };

export function calls(root, { live, query, problem }) {
  const body = el("tbody"), found = el("p", { class: "fine" }), beside = query.get("with");
  const choice = (name, what, options) => {
    const one = el("select", { "aria-label": what, onchange: go }, ...Object.entries(options).map(([value, text]) => el("option", { value, text })));
    one.value = query.get(name) ?? "";
    one.name = name;
    return one;
  };
  const text = (name, what) => el("input", { name, type: "search", placeholder: what, "aria-label": what, value: query.get(name) ?? "", spellcheck: "false" });
  const form = el("form", { class: "tools filters" }, el("h2", { text: beside ? `Compare ${beside} with` : "Calls" }),
    choice("only", "Which calls", ONLY), choice("hours", "Since when", HOURS), text("id", "Part of an id"), text("user", "User"), text("tenant", "Tenant"),
    el("button", { class: "plain", type: "submit", text: "Find" }));
  function go(event) {
    event?.preventDefault();
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    if (beside) wanted.push(["with", beside]);
    location.hash = `#/calls?${new URLSearchParams(wanted)}`;
  }
  form.addEventListener("submit", go);
  root.append(form, found, table("Calls", [["Call"], ["Began"], ["Who"], ["Agent", "wide"], ["Length", "number wide"], ["Turns", "number"], ["Slowest", "number"], [""]], body));
  let closed = false;
  const wanted = new URLSearchParams(query);
  wanted.delete("with");
  set(found, "Looking …");
  ask(`api/calls?${wanted}`).then((told) => {
    if (closed) return;
    const more = told.found - told.calls.length;
    set(found, told.found ? `${plural(told.found, "call")}${more ? `, of which the first ${count(told.calls.length)} are shown` : ""}` : "No such call is recorded.");
    body.replaceChildren(...told.calls.map((row) => line(row, beside)));
  }, (error) => {
    set(found, "");
    problem(error);
  });
  return { close: () => (closed = true) };
}

function line(row, beside) {
  const notes = [row.errors ? plural(row.errors, "error") : "", row.interrupted ? `${row.interrupted} interrupted` : "", row.replay_of ? "replay" : "", row.ended ? "" : "not ended"].filter(Boolean).join(", ");
  const href = beside ? `#/compare/${beside}/${row.session}` : `#/call/${row.session}`;
  return el("tr", { class: row.errors ? "failed" : null },
    el("td", {}, el("a", { class: "id", href, text: row.session })), el("td", { text: day(row.started_at_ms) }), el("td", { text: `${row.user || "–"} · ${row.tenant}` }),
    el("td", { class: "wide", text: row.agent || "–" }), el("td", { class: "number wide", text: seconds(row.duration_ms, 0) }), el("td", { class: "number", text: row.turns }),
    el("td", { class: "number", text: ms(row.slowest_ms) }), el("td", { class: "notes", text: notes }));
}
