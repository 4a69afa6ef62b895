/** The console's words and its filter of events, as pure functions. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation } from "../../../aura/cli/console/pages/conversation.js";
import { plain } from "../../../aura/cli/console/pages/dom.js";
import { fits } from "../../../aura/cli/console/pages/event_stream.js";

function said(...events) {
  const talk = new Conversation();
  for (const [name, data] of events) talk.take({ name, data });
  return talk;
}
const shown = (talk) => talk.shown.map((one) => `${one.who}${one.growing ? "…" : ""}${one.cut ? "!" : ""}: ${one.text}`);

test("an answer grows once its turn is certain, and is what was heard in the end", () => {
  const talk = said(["response.sentence", { turn: 1, index: 0, text: "Rome." }]);
  assert.deepEqual(shown(talk), [], "a guess is not shown");
  talk.take({ name: "turn.committed", data: { turn: 1, text: "The capital?" } });
  talk.take({ name: "response.sentence", data: { turn: 1, index: 1, text: "It is old." } });
  assert.deepEqual(shown(talk), ["caller: The capital?", "aura…: Rome. It is old."]);
  talk.take({ name: "answer.heard", data: { turn: 1, text: "Rome.", complete: false } });
  talk.take({ name: "turn.measured", data: { turn: 1, first_sent_ms: 640 } });
  assert.deepEqual(shown(talk), ["caller: The capital?", "aura!: Rome."]);
  assert.equal(talk.items[1].wait_ms, 640);
});

test("what was taken back was never said, nor its tools called", () => {
  const call = { turn: 2, step: 0, call: 0, name: "lookup" };
  const talk = said(["tool.called", call], ["response.cancelled", { turn: 2, reason: "retracted" }]);
  assert.deepEqual(shown(talk), []);
});

test("a caller who speaks is shown until the turn is theirs", () => {
  const talk = said(["speech.started", {}]);
  talk.partial = "good mor";
  assert.deepEqual(shown(talk), ["caller…: good mor"]);
  talk.take({ name: "turn.committed", data: { turn: 1, text: "Good morning" } });
  assert.deepEqual(shown(talk), ["caller: Good morning"]);
});

test("a filter holds each word, and none that is excluded", () => {
  const row = [1, 2, "acme", "s_77", "tool.failed", "lookup: timeout", true];
  assert.ok(fits(row, "all", []));
  assert.ok(fits(row, "wrong", ["s_77", "time"]));
  assert.ok(fits(row, "model", ["-other"]));
  assert.ok(!fits(row, "all", ["-tool"]));
  assert.ok(!fits(row, "words", []));
});

test("what is no visible character is shown by its number", () => {
  assert.equal(plain("a\u001b[31m\u202eb\n\tc"), "a\\u001b[31m\\u202eb\n\tc");
  assert.equal(plain("Grüße, 你好 👋"), "Grüße, 你好 👋");
});
