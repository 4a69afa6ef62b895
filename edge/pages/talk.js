/** The talk page: connects a call of the client library to the elements of index.html. */

import { AuraCall } from "./aura.js";
import { Choices } from "./choices.js";
import { busAway, problem, unwell } from "./problems.js";
import { Story } from "./story.js";
import { Timeline } from "./timeline.js";
import { Meter, Words } from "./view.js";
import { waterfall } from "./waterfall.js";

const $ = (id) => document.getElementById(id);
const STATES = {
  idle: "", connecting: "Connecting", listening: "Listening", thinking: "Thinking", speaking: "Speaking",
  reconnecting: "Connection lost, reconnecting", ended: "",
};
const KEPT = {
  always: "which keeps a recording of both sides",
  ask: "which keeps no sound of it, unless the agent there is set to record",
};
/** The part of the call that the strip shows while it follows, ms. */
const SHOWN_MS = 16000;
const DRAWS_MS = 80;
/** The time between two requests of `/health`, ms: in a call, and while a response is late. */
const LOOKS_MS = 10000, LATE_MS = 4000;

const given = new URLSearchParams(location.hash.slice(1)); // #token=...&agent=...: stays in the browser
const words = new Words($("words")), meters = { caller: new Meter($("you")), agent: new Meter($("agent")) };
const choices = new Choices($);
let config = {}, call = null, story = new Story(), turn = 0, offset_ms = null, follows = true, ticking = 0, looking = 0;
/** The missing part that the shown problem is about: "stage", "bus" or "". */
let missing = "";
/** The session of a call whose token has expired, to resume it with a new token. */
let kept = "";
const strip = new Timeline($("strip"), story.drawn(0), [-SHOWN_MS, 0]);
strip.moved = () => {
  follows = false;
  $("follow").hidden = false;
};

// ---------------------------------------------------------------- before the call

async function prepare() {
  try {
    config = await (await fetch("talk/config.json")).json();
  } catch {
    return show(problem({ code: "UNREACHABLE" }));
  }
  $("place").textContent = config.ws_url ? new URL(config.ws_url).host : location.host;
  if (config.records !== "never") $("kept").textContent = KEPT[config.records];
  $("token-row").hidden = Boolean(given.get("token") || config.token);
  choices.set(config, given.get("agent") ?? "");
  choices.load(given.get("token") ?? config.token);
  if (!isSecureContext) insecure();
  const sick = unwell(await health());
  if (sick && !call) show(sick);
}

async function health() {
  try {
    return await (await fetch(config.api_url ? `${config.api_url}/health` : "health")).json();
  } catch {
    return null;
  }
}

/** Explain why this page has neither microphone nor audio, and offer typing. */
function insecure() {
  const { hostname, port } = location, local = port || "80";
  $("start").hidden = true;
  $("type-instead").className = "primary";
  $("type-instead").textContent = "Start typing";
  $("microphone-words").textContent = `${problem({ code: "MICROPHONE_INSECURE" })[1]} Its operator can give it a certificate (AURA_TLS_CERT, AURA_TLS_KEY), or open it through a tunnel: ssh -L ${local}:localhost:${local} ${hostname}, then http://localhost:${local}/talk.`;
}

/** Show which part of Aura is missing, as long as it is. */
async function look() {
  const sick = unwell(await health(), true);
  if (!call || missing === "bus" && sick) return;
  if (sick) show(sick);
  else if (missing) $("problem").hidden = true;
  missing = sick ? "stage" : "";
}

function show([what, advice]) {
  const strong = document.createElement("b");
  strong.textContent = what;
  $("problem").replaceChildren(strong, advice);
  $("problem").hidden = false;
}

// ---------------------------------------------------------------- the call

async function begin(microphone) {
  if (call) return;
  $("problem").hidden = true;
  const token = given.get("token") ?? (config.token || $("token").value.trim());
  if (!token) {
    show(["A token is needed.", "This server accepts only calls with a token."]);
    return $("token").focus();
  }
  call = new AuraCall({
    token, session: kept, events: true, sampleRate: config.sample_rate, ...choices.asked(), url: config.ws_url || new URL(".", location.href).href,
  });
  if (!kept) forget();
  reset();
  listen(call, kept);
  kept = "";
  document.body.dataset.state = "call";
  $("welcome").hidden = true;
  for (const id of ["words", "dock", "behind"]) $(id).hidden = false;
  $(microphone ? "words" : "typed").focus();
  ticking = setInterval(tick, DRAWS_MS);
  looking = setInterval(look, LOOKS_MS);
  look();
  await call.start({ microphone }).catch(() => {}); // an `error` event reports it
}

/** Clear the page of an earlier call. */
function forget() {
  story = new Story();
  [turn, offset_ms] = [0, null];
  $("words").replaceChildren();
  words.tools.clear();
  $("steps").replaceChildren();
  $("felt").textContent = $("session").textContent = "";
  $("felt-words").textContent = "Appears with the first answer.";
}

function reset() {
  [follows, missing] = [true, ""];
  $("follow").hidden = true;
  $("mute").disabled = true;
  setMuted(false);
}

/** Show the events of the call *now*, which resumes the session *earlier* if the server still has it. */
function listen(now, earlier) {
  let waiting = 0;
  now.on("state", ({ state }) => {
    clearInterval(waiting);
    if (state === "thinking") waiting = setInterval(look, LATE_MS);
    if (state === "speaking" && missing) look();
    $("state").textContent = STATES[state];
    $("stop").disabled = state !== "speaking";
    if (state === "reconnecting") {
      words.lost();
      story.lost(Date.now() + (offset_ms ?? 0));
    }
    if (state === "ended") over();
  });
  now.on("session", ({ session, resumed }) => {
    if (earlier && !resumed) forget();
    earlier = "";
    $("session").textContent = session;
    if (resumed) $("problem").hidden = true;
  });
  now.on("microphone", () => {
    $("mute").disabled = false;
  });
  now.on("muted", ({ muted }) => setMuted(muted));
  now.on("level", ({ caller, agent }) => {
    if (caller !== undefined) meters.caller.take(caller);
    if (agent !== undefined) meters.agent.take(agent);
  });
  now.on("partial", ({ text }) => {
    story.partial = text;
    words.partial(text);
  });
  now.on("transcript", ({ text, continues }) => {
    words.heard(text, continues);
    if (now.listens && !missing) $("problem").hidden = true; // the call goes on
    $("announced").textContent = `You said: ${text}`;
  });
  now.on("answer", ({ text, ends, greeting }) => {
    words.answer(text, ends);
    const of = greeting ? 0 : turn;
    story.sounds(of, Date.now() + (offset_ms ?? 0));
    story.says(of, text);
  });
  now.on("interrupted", ({ heard }) => words.interrupted(heard));
  now.on("event", (event) => {
    offset_ms = Math.max(offset_ms ?? -Infinity, event.at - Date.now());
    if (event.name === "turn.committed") turn = event.data.turn;
    story.take(event);
    told(event);
  });
  now.on("metrics", (measured) => {
    if (measured.first_sent_ms == null) return;
    $("felt").textContent = `${Math.round(measured.first_sent_ms)} ms`;
    $("felt-words").textContent = "The steps before it, from the end of your words.";
    waterfall($("steps"), measured);
  });
  now.on("error", async (error) => {
    show(problem(error));
    missing = busAway(error) ? "bus" : "";
    if (/^(STT|LLM|TTS)_ERROR$/.test(error.code)) look();
    if (error.code === "INVALID_TOKEN" || error.code === "TOKEN_EXPIRED") {
      if (error.code === "TOKEN_EXPIRED") kept = now.session;
      given.delete("token");
      $("token").value = "";
      $("token-row").hidden = false;
    }
    if (error.code === "UNREACHABLE" && (await health())) show(["The server refuses calls right now.", "It is restarting, busy, or has seen too many tries from here. Try again in a minute."]);
  });
  if (config.debug) now.on("message", ({ type, event }) => console.debug("aura", type, event ?? ""));
}

/** Show a tool call in the conversation; remove the calls of a retracted response. */
function told({ name, data }) {
  const key = `${data.turn}.${data.step}.${data.call}`;
  if (name === "tool.called") words.tool(key, `${data.name} ...`);
  if (name === "tool.returned") words.tool(key, `${data.name}, ${Math.round(data.took_ms)} ms`);
  if (name === "tool.failed") words.tool(key, `${data.name} failed: ${data.reason}`);
  if (name === "response.cancelled" && data.reason === "retracted") {
    for (const one of words.tools.keys()) if (one.startsWith(`${data.turn}.`)) words.tool(one, null);
  }
}

function setMuted(muted) {
  $("mute").setAttribute("aria-pressed", muted);
  $("mute").textContent = muted ? "Unmute" : "Mute";
  $("you-label").textContent = muted ? "You, muted" : "You";
}

/** Draw meters and strip; after the call the strip stays. */
function tick() {
  if (document.hidden) return;
  meters.caller.step();
  meters.agent.step();
  const now = story.begins_ms === null ? 0 : Date.now() + offset_ms - story.begins_ms;
  strip.data = story.drawn(now);
  strip.all = [-1000, now + 1000];
  if (follows) strip.view = [Math.max(now, SHOWN_MS * 0.9) - SHOWN_MS * 0.9, Math.max(now, SHOWN_MS * 0.9) + SHOWN_MS * 0.1];
  strip.draw();
  const { captureMs, playMs, outputMs, lastLatency } = call?.metrics ?? {};
  $("numbers").hidden = !config.debug || playMs == null;
  if (playMs != null) $("numbers").textContent = `This page adds ${Math.round(captureMs ?? 0)} ms before the network and ${Math.round(playMs)} ms after it, the loudspeaker ${Math.round(outputMs)} ms. The way there and back takes ${lastLatency} ms.`;
}

function over() {
  tick();
  clearInterval(ticking);
  clearInterval(looking);
  words.end();
  call = null;
  document.body.dataset.state = "idle";
  $("dock").hidden = true;
  $("welcome").hidden = false;
  $("words").hidden = !$("words").children.length;
  $("behind").hidden = !story.moments.length;
  if ($("session").textContent) {
    $("welcome").classList.add("again");
    $("title").textContent = "The call is over.";
    $("start").textContent = "Talk again";
  }
  const asked = !$("token-row").hidden && !$("token").value;
  $(asked ? "token" : isSecureContext ? "start" : "type-instead").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

// ---------------------------------------------------------------- controls

$("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  begin(isSecureContext);
});
$("token").addEventListener("change", () => choices.load($("token").value.trim()));
$("type-instead").onclick = () => begin(false);
$("mute").onclick = () => call?.mute(!call.muted);
$("stop").onclick = () => call?.interrupt();
$("hang-up").onclick = () => call?.hangUp();
$("follow").onclick = () => {
  follows = true;
  $("follow").hidden = true;
};
$("typing").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("typed").value.trim();
  if (!text || !call) return;
  call.type(text);
  $("typed").value = "";
});
addEventListener("keydown", (event) => {
  if (!call || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") call.interrupt();
  const typing = event.target.matches("input, select, textarea");
  if (event.key.toLowerCase() === "m" && !typing && !$("mute").disabled) call.mute(!call.muted);
});
addEventListener("pagehide", () => call?.hangUp());
prepare();
