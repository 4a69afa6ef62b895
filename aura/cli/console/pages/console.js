/** The console: the shown part, the state of the bus, and the login. */

import { agents } from "./agents.js";
import { calls } from "./calls.js";
import { compare } from "./compare.js";
import { ask, el, set } from "./dom.js";
import { call } from "./live_call.js";
import { now } from "./overview.js";
import { Live } from "./socket.js";

const $ = (id) => document.getElementById(id);
const VIEWS = { "": now, calls, call, compare, agents };
const PART = { "": "now", calls: "calls", call: "calls", compare: "calls", agents: "agents" };
const live = new Live();
let shown = { close() {} };

/** Show the part that the address names: `#/`, `#/calls?only=errors`, `#/call/ID`, `#/compare/ID/ID`, `#/agents`. */
function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  const view = VIEWS[name] ?? now;
  shown.close();
  problem(null);
  const root = el("div", { class: `view ${PART[name] ?? "now"}` });
  $("view").replaceChildren(root);
  for (const link of $("nav").children) link.dataset.view === (PART[name] ?? "now") ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  shown = view(root, { live, rest, query: new URLSearchParams(query), problem }) ?? { close() {} };
  document.title = `${root.querySelector("h2")?.textContent ?? "Now"} · Aura console`;
}

/** Show an error, or null for none; ask for the token where it is missing. */
function problem(error) {
  if (error?.status === 401) return door();
  $("problem").hidden = !error;
  if (error) set($("problem"), error.message ?? String(error));
}

function bus() {
  const { state } = live, here = live.open && state.bus === "here";
  $("bus").dataset.is = here ? "here" : "away";
  set($("bus"), here ? "Bus is here" : live.open ? "Bus is away" : "Console is away");
  $("bus").title = here ? "" : state.why;
  if (live.open && state.bus === "away" && state.why) problem({ message: `${state.why[0].toUpperCase()}${state.why.slice(1)} What is shown is what was known before.` });
  else if (here && /What is shown is what was known/.test($("problem").textContent)) problem(null);
}

/** Show the login form. */
function door() {
  live.stop();
  shown.close();
  const token = el("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false", "aria-describedby": "token-words" });
  const wrong = el("p", { class: "wrong", role: "alert" });
  const form = el("form", { class: "door" },
    el("h2", { text: "Who is there?" }),
    el("label", { for: "token", text: "Operator's token" }), token,
    el("p", { id: "token-words", class: "fine", text: "AURA_OPERATOR_TOKEN of this console. The browser is let in for twelve hours." }),
    wrong, el("button", { class: "primary", type: "submit", text: "Come in" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask("api/sign-in", { method: "POST", body: JSON.stringify({ token: token.value }) });
      begin();
    } catch (error) {
      set(wrong, error.message);
      token.select();
    }
  });
  $("leave").hidden = true;
  $("problem").hidden = true;
  $("view").replaceChildren(form);
  set($("bus"), "Closed");
  token.focus();
  shown = { close() {} };
}

async function begin() {
  try {
    await ask("api/agents"); // a refused WebSocket has no status
  } catch (error) {
    if (error.status === 401) return door();
  }
  live.start();
  route();
}

live.on("hello", (may) => {
  $("leave").hidden = !may.token;
  bus();
});
live.on("state", bus);
live.on("lost", () => {
  bus();
  ask("api/agents").catch((error) => error.status === 401 && door());
});
$("leave").onclick = async () => {
  await ask("api/sign-out", { method: "POST", body: "{}" }).catch(() => {});
  door();
};
$("skip").onclick = (event) => {
  event.preventDefault();
  $("main").focus();
};
addEventListener("hashchange", () => {
  if (document.querySelector(".door")) return;
  route();
  $("main").focus({ preventScroll: true });
  scrollTo({ top: 0 });
});
begin();
