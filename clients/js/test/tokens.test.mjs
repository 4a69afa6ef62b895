/** Tokens that expire in the middle of a call, against an Aura that ends calls with them; AURA_URL and AURA_SECRET name it. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";

import { AuraCall } from "../aura.js";

const url = process.env.AURA_URL;
const part = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");

/** Return a token of *sub* that is good for *seconds*. */
function token(sub, seconds) {
  const said = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${said}.${createHmac("sha256", process.env.AURA_SECRET).update(said).digest("base64url")}`;
}

const once = (call, type, ms = 30000) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} in ${ms} ms`)), ms);
    call.on(type, (detail) => {
      clearTimeout(timer);
      resolve(detail);
    });
  });

async function begun(t, given) {
  const call = new AuraCall({ url, token: given, greeting: false });
  t.after(() => call.hangUp());
  await call.connect();
  return call;
}

describe("tokens", { concurrency: 3 }, () => {
  test("a call goes on with the next token when its own has expired", async (t) => {
    const lives = [3, 600];
    const call = await begun(t, () => token("nora", lives.shift())), { session } = call, errors = [];
    call.on("error", (error) => errors.push(error.code));
    assert.deepEqual(await once(call, "session"), { session, resumed: true });
    assert.deepEqual([lives, errors], [[], []]);
  });

  test("without another token the call is over, and says why", async (t) => {
    const call = await begun(t, token("olga", 3)), closed = once(call, "closed");
    const { code, fatal } = await once(call, "error");
    assert.deepEqual([code, fatal, (await closed).reason], ["TOKEN_EXPIRED", true, "the token has expired"]);
  });

  test("a line that is lost after the token has expired is not dialled for ever", async (t) => {
    const sockets = [];
    class Kept extends WebSocket {
      constructor(address) {
        super(address);
        sockets.push(this);
      }
    }
    const call = new AuraCall({ url, token: () => (sockets.length ? "no longer good" : token("pia", 600)), greeting: false, WebSocket: Kept });
    t.after(() => call.hangUp());
    await call.connect();
    const told = once(call, "error");
    sockets[0].onclose({ code: 1006, reason: "" });
    sockets[0].close();
    const { code, message, fatal } = await told;
    assert.deepEqual([code, message, fatal], ["TOKEN_EXPIRED", "the token is not accepted any more", true]);
    assert.equal(sockets.length, 2);
  });
});
