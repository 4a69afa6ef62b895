/** The commands of an operator to a running call. */

import { ask, el, set } from "./dom.js";

const SURE_MS = 4000;

export function controls(session, live) {
  const text = el("input", { id: "order", maxlength: 2000, autocomplete: "off", placeholder: "Words to say, or an instruction to follow" });
  const done = el("p", { class: "fine", role: "status" });
  const muted = (side) => live.state.calls.find((one) => one.session === session)?.muted.includes(side) ?? false;

  async function command(action, body, what) {
    try {
      await ask(`api/live/${encodeURIComponent(session)}/${action}`, { method: "POST", body: JSON.stringify(body) });
      done.classList.remove("wrong");
      set(done, what);
      return true;
    } catch (error) {
      done.classList.add("wrong");
      set(done, error.message);
      return false;
    }
  }

  const button = (name, onclick, kind = "plain", type = "button") => el("button", { type, class: kind, text: name, onclick });
  async function spoken(action, what) {
    const words = text.value.trim();
    if (!words) return text.focus();
    if (await command(action, { text: words }, what)) text.value = "";
  }
  const mute = (side, name) => {
    const one = button(`Mute ${name}`, async () => {
      const on = !muted(side);
      if (await command("mute", { side, muted: on }, `${name} is ${on ? "muted" : "no longer muted"}.`)) one.setAttribute("aria-pressed", on);
    });
    one.setAttribute("aria-pressed", muted(side));
    return one;
  };
  const end = button("End call", () => {
    if (end.dataset.sure) return command("end", {}, "The call ends.");
    end.dataset.sure = "yes";
    set(end, "Really end it?");
    setTimeout(() => {
      delete end.dataset.sure;
      set(end, "End call");
    }, SURE_MS);
  }, "end");
  const form = el("form", { class: "orders", "aria-label": "Have the call do something" },
    el("label", { for: "order", class: "unseen", text: "Words to say, or an instruction to follow" }), text,
    el("div", { class: "row" },
      button("Say it", null, "plain", "submit"), button("Instruct", () => spoken("instruct", "The call follows it from the next turn on.")),
      button("Interrupt", () => command("interrupt", {}, "The response is stopped.")),
      mute("caller", "caller"), mute("assistant", "Aura"), end),
    done);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    spoken("say", "It is said once nobody speaks.");
  });
  return form;
}
