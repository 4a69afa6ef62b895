/** Tools of the client against an Aura that offers the tool `show`; AURA_URL names it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { AuraCall } from "../aura.js";

const url = process.env.AURA_URL;

async function asked(t, tools) {
  const call = new AuraCall({ url, token: "demo_token", greeting: false, tools });
  t.after(() => call.hangUp());
  await call.connect();
  const calls = [];
  call.on("toolcall", (one) => calls.push(one));
  const done = new Promise((resolve) => call.on("complete", resolve));
  return { call, calls, done };
}

test("a tool of the client is called with its arguments, and its result is told to the model", async (t) => {
  const { call, calls, done } = await asked(t, { show: ({ page }) => ({ shown: `#page${page}` }) });
  call.type('CALL:show{"page":2}');
  assert.match((await done).full_response, /#page2/);
  assert.deepEqual(calls.map((one) => [one.name, one.arguments]), [["show", { page: 2 }]]);
});

test("a tool that throws is an error that the model is told", async (t) => {
  const { call, done } = await asked(t, { show: () => { throw new Error("the #screen is off"); } });
  call.type('CALL:show{"page":2}');
  assert.match((await done).full_response, /#screen/);
});

test("a tool may be answered later, by hand", async (t) => {
  const { call, done } = await asked(t, {});
  call.on("toolcall", ({ call_id }) => setTimeout(() => call.toolResult(call_id, "#hand"), 100));
  call.type('CALL:show{"page":3}');
  assert.match((await done).full_response, /#hand/);
});
