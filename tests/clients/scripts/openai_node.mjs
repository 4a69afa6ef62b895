// `openai` for Node: it uses wss:// for any base URL, so the edge needs a certificate. Prints the received
// events as a line of JSON.

import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { OpenAIRealtimeWS } from "openai/realtime/ws";

const [url, speech] = process.argv.slice(2);
const pcm = readFileSync(speech);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env.KEY });
const rt = new OpenAIRealtimeWS({ model: "gpt-realtime" }, client);
const kinds = [];
const found = { errors: [] };
const waiting = [];

rt.on("event", (event) => {
  kinds.push(event.type);
  for (const one of [...waiting]) {
    if (one.kind === event.type) {
      waiting.splice(waiting.indexOf(one), 1);
      one.resolve(event);
    }
  }
});
rt.on("error", (error) => found.errors.push(String(error.message ?? error)));

const next = (kind) =>
  new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no ${kind}; told ${kinds}`)), 30000).unref();
    waiting.push({ kind, resolve });
  });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const speak = async () => {
  for (let at = 0; at < pcm.length; at += 1920) {
    const audio = pcm.subarray(at, at + 1920).toString("base64");
    rt.send({ type: "input_audio_buffer.append", audio });
    await sleep(40);
  }
};

await next("session.created");
const heard = next("conversation.item.input_audio_transcription.completed");
let done = next("response.done");
await speak();
found.heard = (await heard).transcript;
found.answer = (await done).response.output[0].content[0].transcript;

const content = [{ type: "input_text", text: "A typed question." }];
rt.send({ type: "conversation.item.create", item: { type: "message", role: "user", content } });
rt.send({ type: "response.create" });
const delta = next("response.output_audio.delta");
done = next("response.done");
await delta;
await speak();
const cut = (await done).response;
found.interrupted = [cut.status, cut.status_details?.reason];
const truncated = next("conversation.item.truncated");
rt.send({
  type: "conversation.item.truncate",
  item_id: cut.output[0].id,
  content_index: 0,
  audio_end_ms: 100,
});
found.truncated = (await truncated).audio_end_ms;
rt.close();
console.log(JSON.stringify(found));
