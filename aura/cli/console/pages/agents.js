/** The agents of calls, with their revisions and the changes of each. */

import { ask, day, el, table } from "./dom.js";

export function agents(root, { rest: [name], query, problem }) {
  let closed = false;
  const show = (told) => !closed && (name ? revisions(root, told) : list(root, told));
  const path = name ? `api/agents/${encodeURIComponent(name)}?${query}` : "api/agents";
  ask(path).then(show, problem);
  return { close: () => (closed = true) };
}

const whose = (one) => one.tenant || "all tenants";
const when = (one) => day(Date.parse(one.time));

function list(root, { agents: there }) {
  root.append(el("h2", { text: "Agents" }));
  if (!there.length) {
    root.append(el("p", { class: "lead", text: "No agent is applied: calls use the operator's settings." }), el("p", { class: "fine" }, "Apply one: ", el("code", { text: "aura agents apply agents/" })));
    return;
  }
  const rows = there.map((one) => el("tr", {},
    el("td", {}, el("a", { class: "id", href: `#/agents/${one.name}?${new URLSearchParams(one.tenant ? { tenant: one.tenant } : {})}`, text: `${one.name}@${one.revision}` })),
    el("td", { text: whose(one) }), el("td", { text: when(one) }), el("td", { class: "grows", text: one.about })));
  root.append(table("Agents", [["Agent"], ["Of"], ["Applied"], ["About", "grows"]], el("tbody", {}, ...rows)));
}

function revisions(root, told) {
  const pane = el("div", { class: "revision" });
  const buttons = told.revisions.map((one) => el("button", { type: "button", class: "plain", "aria-pressed": "false", onclick: () => show(one) },
    el("b", { text: `@${one.revision}` }), el("span", { text: when(one) }), el("span", { class: "fine", text: one.changed })));
  function show(one) {
    told.revisions.forEach((each, k) => buttons[k].setAttribute("aria-pressed", each === one));
    pane.replaceChildren(el("h3", { text: `${one.name}@${one.revision}` }),
      ...(one.difference.length ? [el("h4", { text: "What it changed" }), el("pre", { class: "difference", tabindex: 0 }, ...one.difference.map(changed))] : []),
      el("h4", { text: "The file" }), el("pre", { tabindex: 0, text: one.text || "The agent was removed." }));
  }
  root.append(el("h2", { text: `Agent ${told.name}` }), el("p", { class: "fine" }, `Of ${whose(told)}. To go back to an older revision: `, el("code", { text: `aura agents rollback ${told.name}@REV` })),
    el("div", { class: "revisions" }, el("div", { class: "numbers", role: "group", "aria-label": "Revisions, newest first" }, ...buttons), pane));
  show(told.revisions[0]);
}

const changed = (line) => el("span", { class: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : null, text: `${line}\n` });
