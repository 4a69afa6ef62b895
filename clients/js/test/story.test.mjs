/** The talk page's timeline and words, as pure functions. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { AuraCall } from "../aura.js";
import { problem, unwell } from "../../../edge/pages/problems.js";
import { Story } from "../../../edge/pages/story.js";

const T0 = 1_700_000_000_000;

function told() {
  const story = new Story();
  const take = (ms, name, data) => story.take({ name, at: T0 + ms, data });
  take(0, "speech.started", { utterance: 1, over_answer: false });
  take(900, "speech.paused", { utterance: 1, pause: 1, speech_end_ms: T0 + 800 });
  take(1000, "transcript.guess", { utterance: 1, pause: 1, text: "Hello.", confidence: 0.9, took_ms: 80 });
  take(1001, "turn.taken", { turn: 1, utterance: 1, pause: 1, speculative: true });
  take(1100, "speech.ended", { utterance: 1, pause: 1, speech_end_ms: T0 + 800, wait_ms: 300, discarded: false });
  take(1200, "response.sentence", { turn: 1, index: 0, first_token_ms: 90, took_ms: 190 });
  return { story, take };
}
const spans = (story, lane, now = 2000) => story.drawn(now).spans.filter((one) => one[2] === lane);

test("what goes on reaches to now, what is over ends where it ended", () => {
  const { story, take } = told();
  assert.deepEqual(spans(story, "caller").map((one) => one.slice(0, 2)), [[0, 800]]);
  assert.deepEqual(spans(story, "tts").map((one) => one.slice(0, 2)), [[1200, 2000]]);
  take(1500, "speech.ready", { turn: 1, index: 0, audio_ms: 1400, first_chunk_ms: 50, took_ms: 250 });
  assert.deepEqual(spans(story, "tts").map((one) => one.slice(0, 2)), [[1250, 1500]]);
});

test("the caller waits from the end of speech to the first sound, and of a typed turn nobody speaks", () => {
  const { story, take } = told();
  story.sounds(1, T0 + 1600);
  assert.deepEqual(story.waits, [[800, 1600, 1]]);
  take(1601, "turn.measured", { turn: 1, first_sent_ms: 750 });
  assert.deepEqual(story.waits, [[800, 1550, 1]]);
  take(5000, "turn.taken", { turn: 2, utterance: 0, pause: 0, speculative: false });
  story.sounds(2, T0 + 5600);
  assert.equal(story.waits.length, 1);
});

test("an answer that was cut is told from one that was heard", () => {
  const { story, take } = told();
  story.sounds(1, T0 + 1600);
  story.says(1, "Hello yourself");
  assert.equal(spans(story, "client")[0][4], "Hello yourself");
  take(2000, "answer.heard", { turn: 1, text: "Hello", complete: false, played_ms: 400 });
  assert.deepEqual(spans(story, "client", 9000).map((one) => one.slice(0, 4)), [[1600, 2000, "client", "cut"]]);
});

test("an answer that was cut in the silence after its last word was heard", () => {
  const cut = (played_ms, ready = [900, 700], sentences = 2) => {
    const { story, take } = told();
    ready.forEach((audio_ms, index) => take(1400, "speech.ready", { turn: 1, index, audio_ms, first_chunk_ms: 50, took_ms: 90 }));
    if (sentences) take(1450, "response.completed", { turn: 1, sentences, took_ms: 300 });
    story.sounds(1, T0 + 1500);
    take(1500 + played_ms, "answer.heard", { turn: 1, text: "Hello.", complete: false, played_ms });
    return spans(story, "client", 9000)[0][3];
  };
  assert.equal(cut(1400), "heard");
  assert.equal(cut(1000), "cut");
  assert.equal(cut(850, [900]), "cut"); // the second sentence has no sound yet
  assert.equal(cut(850, [900], 0), "cut"); // more sentences may come
});

test("a tool has a lane once it is called, and is busy until it returns", () => {
  const { story, take } = told();
  assert.ok(!story.drawn(2000).lanes.includes("tool"));
  take(1300, "tool.called", { turn: 1, step: 1, call: 0, name: "weather", took_ms: 9 });
  assert.deepEqual(spans(story, "tool").map((one) => [...one.slice(0, 2), one[4]]), [[1300, 2000, "weather"]]);
  take(1700, "tool.returned", { turn: 1, step: 1, call: 0, name: "weather", took_ms: 390 });
  assert.deepEqual(spans(story, "tool").map((one) => one.slice(0, 2)), [[1300, 1700]]);
});

test("what went on when the line was lost ends there", () => {
  const { story } = told();
  story.sounds(1, T0 + 1600);
  story.lost(T0 + 1900);
  assert.deepEqual(spans(story, "client", 9000).map((one) => one.slice(0, 2)), [[1600, 1900]]);
  assert.deepEqual(spans(story, "tts", 9000).map((one) => one.slice(0, 2)), [[1200, 1900]]);
});

test("an hour's call does not grow without end", () => {
  const { story, take } = told();
  for (let k = 0; k < 9000; k++) take(2000 + k, "speech.continued", { utterance: k, pause: 1 });
  assert.ok(story.moments.length <= 601);
});

test("every error has words, an unknown one its own", () => {
  for (const code of ["MICROPHONE_REFUSED", "INVALID_TOKEN", "SESSION_LIMIT", "STT_DOWN", "BUS_AWAY", "UNREACHABLE"]) {
    assert.ok(problem({ code, message: "x", details: "" }).every((one) => one.length > 10), code);
  }
  assert.deepEqual(problem({ code: "NEW", message: "What.", details: "How." }), ["What.", "How."]);
  assert.match(problem({ code: "AUDIO_ERROR", details: "the event bus is away; it is waited for" })[0], /bus/);
});

test("a turn whose stage failed is listened on from", async () => {
  let told;
  class Line {
    constructor() {
      told = (message) => this.onmessage({ data: JSON.stringify(message) });
      queueMicrotask(() => {
        this.onopen();
        told({ type: "session", session: "s_1", resumed: false });
      });
    }
    send() {}
    close() {}
  }
  const call = new AuraCall({ url: "ws://nowhere", token: "t", WebSocket: Line });
  await call.connect();
  for (const code of ["STT_ERROR", "LLM_ERROR", "TTS_ERROR"]) {
    told({ type: "user_transcript", text: "What?", confidence: 1 });
    assert.equal(call.state, "thinking");
    told({ type: "error", code, message: "x", details: "" });
    assert.equal(call.state, "listening", code);
  }
  told({ type: "user_transcript", text: "What?", confidence: 1 });
  told({ type: "error", code: "AUDIO_ERROR", message: "x", details: "the event bus is away; it is waited for" });
  assert.equal(call.state, "thinking", "its answer may come");
  call.hangUp();
});

test("a stage that is missing is named", () => {
  const health = (ai_service, audio_processor) => ({ services: { ai_service, audio_processor, audio_pipeline: false } });
  assert.match(unwell(health(false, true))[0], /language model/);
  assert.match(unwell(health(true, false))[0], /speech recognition/);
  assert.match(unwell(health(true, true))[0], /the voice is missing/);
  assert.match(unwell(health(false, false))[0], /speech recognition and the language model are missing/);
  assert.match(unwell(health(true, false), true)[1], /You can type/);
  assert.match(unwell(health(true, true), true)[1], /written here/);
  assert.equal(unwell({ services: { ai_service: true, audio_processor: true, audio_pipeline: true } }), null);
});

/** A call that loses its connection; *meet(line)* handles each later connection. */
async function cut(t, meet, token = "x") {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const lines = [];
  class Line {
    constructor() {
      lines.push(this);
      queueMicrotask(() => (lines.length > 1 ? meet(this) : this.tells({ type: "session", session: "s_1", resumed: false })));
    }
    tells(message) {
      this.onmessage({ data: JSON.stringify(message) });
    }
    send() {}
    close() {}
  }
  const call = new AuraCall({ url: "http://x", token, WebSocket: Line }), errors = [];
  call.on("error", ({ code, fatal }) => errors.push([code, fatal]));
  await call.connect();
  lines[0].onclose({ code: 1006, reason: "" });
  for (let k = 0; k < 120 && call.state !== "ended"; k++) {
    t.mock.timers.tick(1000);
    for (let turns = 0; turns < 8; turns++) await null;
  }
  return { call, lines, errors };
}

test("a call that may not come back tries seven times, then says what refused it, once", async (t) => {
  const { call, lines, errors } = await cut(t, (line) => {
    line.tells({ type: "error", code: "RATE_LIMITED", message: "Too many sessions", details: "" });
    line.onclose({ code: 1013, reason: "" });
  });
  assert.deepEqual([call.state, lines.length, errors], ["ended", 8, [["RATE_LIMITED", true]]]);
});

test("a call that is let in again at last goes on, and told of no error", async (t) => {
  let tries = 0;
  const { call, errors } = await cut(t, (line) => {
    if (++tries > 3) return line.tells({ type: "session", session: "s_1", resumed: true });
    line.tells({ type: "error", code: "SESSION_LIMIT", message: "Too many sessions", details: "" });
    line.onclose({ code: 1013, reason: "" });
  });
  assert.deepEqual([call.state, call.metrics.reconnections, errors], ["listening", 1, []]);
  call.hangUp();
});

test("a token that cannot be fetched is tried again as long as the line is", async (t) => {
  let asked = 0;
  const token = () => {
    if (++asked > 1) throw new Error("no network");
    return "x";
  };
  const { call, lines, errors } = await cut(t, () => assert.fail("there is no token to connect with"), token);
  assert.deepEqual([call.state, asked, lines.length, errors], ["ended", 8, 1, [["NO_ADDRESS", true]]]);
});
