/** Calls of the library against a running Aura: AURA_URL names it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { AuraCall } from "../aura.js";

const url = process.env.AURA_URL;
const once = (call, type, fits = () => true, ms = 20000) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} in ${ms} ms`)), ms);
    const stop = call.on(type, (detail) => {
      if (!fits(detail)) return;
      clearTimeout(timer);
      stop();
      resolve(detail);
    });
  });

/** Send *ms* of a buzz or of silence at the pace of a microphone. */
async function speak(call, ms, loud) {
  for (let at = 0; at < ms; at += 20) {
    call.send(Int16Array.from({ length: 320 }, (_, k) => (loud ? 9000 * Math.sign(Math.sin((2 * Math.PI * 150 * (k + at * 16)) / 16000)) * Math.random() : 0)));
    await new Promise((go) => setTimeout(go, 20));
  }
}

async function begun(t, options = {}) {
  const call = new AuraCall({ url, token: "demo_token", greeting: false, ...options });
  t.after(() => call.hangUp());
  await call.connect();
  return call;
}

test("a typed turn is answered in words and in sound", async (t) => {
  const call = await begun(t), states = [], sound = [];
  call.on("state", ({ state }) => states.push(state));
  call.on("audio", ({ pcm, rate }) => {
    assert.equal(rate, 16000);
    sound.push(...pcm);
  });
  const done = once(call, "complete");
  call.type("Hello there");
  const { full_response } = await done;
  assert.ok(full_response.length > 2);
  assert.ok(sound.length > 1600);
  assert.deepEqual([...new Set(states)].slice(0, 2), ["thinking", "speaking"]);
  assert.match(call.session, /^s_/);
  assert.ok(call.metrics.messagesReceived > 2);
});

test("a spoken turn tells its events in order, and nothing of the prompt", async (t) => {
  const call = await begun(t, { events: true }), events = [];
  call.on("event", (event) => events.push(event));
  const said = once(call, "transcript"), measured = once(call, "metrics");
  await speak(call, 900, true);
  await speak(call, 1500, false);
  assert.ok((await said).text.length > 2);
  assert.ok((await measured).first_sent_ms > 0);
  const names = events.map((event) => event.name);
  for (const name of ["speech.started", "speech.paused", "transcript.guess", "turn.taken", "response.sentence", "speech.ready"]) {
    assert.ok(names.includes(name), `${name} in ${names}`);
  }
  assert.equal(new Set(events.map((event) => JSON.stringify(event))).size, events.length, "each once");
  assert.ok(!JSON.stringify(events).match(/system|messages|tenant/));
});

test("an interruption is obeyed, and told with what was heard", async (t) => {
  const call = await begun(t);
  call.type("Tell me a long story");
  await once(call, "answer");
  const interrupted = once(call, "interrupted");
  call.interrupt();
  assert.equal(typeof (await interrupted).heard, "string");
  assert.equal(call.state, "listening");
});

test("a refused token is an error with a code, and is not tried again", async () => {
  const call = new AuraCall({ url, token: "nobody" }), errors = [];
  call.on("error", (error) => errors.push(error));
  await assert.rejects(call.connect(), { code: "INVALID_TOKEN" });
  assert.deepEqual(errors.map((error) => [error.code, error.fatal]), [["INVALID_TOKEN", true]]);
  assert.equal(call.state, "ended");
});

test("a token may be fetched for each connection", async (t) => {
  let asked = 0;
  await begun(t, { token: async () => (asked++, "demo_token") });
  assert.equal(asked, 1);
});

test("a server that is not there is told, and an option that cannot be does not end the call", async (t) => {
  await assert.rejects(new AuraCall({ url: "http://127.0.0.1:9", token: "x" }).connect(), { code: "UNREACHABLE" });
  const call = new AuraCall({ url, token: "demo_token", greeting: false, query: { nonsense: "1" } });
  t.after(() => call.hangUp());
  const told = once(call, "error");
  await call.connect();
  assert.equal((await told).code, "INVALID_OPTION");
  assert.equal(call.state, "listening");
});

test("a line that is cut is dialled again, with the session", async (t) => {
  const sockets = [];
  class Kept extends WebSocket {
    constructor(address) {
      super(address);
      sockets.push(this);
    }
  }
  const call = await begun(t, { WebSocket: Kept }), session = call.session;
  const back = once(call, "session");
  // like a lost network: the socket closes although the call did not close it
  sockets[0].onclose({ code: 1006, reason: "" });
  sockets[0].close();
  assert.deepEqual(await back, { session, resumed: true });
  assert.equal(call.metrics.reconnections, 1);
});

test("a hung-up call is over, and its session with it", async () => {
  const call = new AuraCall({ url, token: "demo_token", greeting: false });
  await call.connect();
  const closed = once(call, "closed");
  call.hangUp();
  assert.equal((await closed).code, 1000);
  assert.equal(call.state, "ended");
});
