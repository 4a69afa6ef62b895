// `@openai/agents`: a RealtimeSession over its WebSocket: speech, typed words, an interruption. Prints the
// received events as a line of JSON.

import { readFileSync } from "node:fs";
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from "@openai/agents-realtime";

const [url, speech] = process.argv.slice(2);
const pcm = readFileSync(speech);
const parameters = {
  type: "object",
  properties: { a: { type: "integer" }, b: { type: "integer" } },
  required: ["a", "b"],
  additionalProperties: false,
};
const add = tool({
  name: "add",
  description: "Add two numbers.",
  parameters,
  strict: true,
  execute: async ({ a, b }) => `#${a + b}`,
});
const agent = new RealtimeAgent({ name: "Test", instructions: "You are brief.", tools: [add] });
const transport = new OpenAIRealtimeWebSocket({
  url: `${url.replace("http", "ws")}/v1/realtime?model=gpt-realtime`,
});
const session = new RealtimeSession(agent, {
  transport,
  config: {
    audio: { input: { turnDetection: { type: "server_vad", silenceDurationMs: 300 } } },
  },
});
const kinds = [];
const found = { errors: [], audio_bytes: 0 };
transport.on("*", (event) => kinds.push(event.type));
session.on("audio", (event) => (found.audio_bytes += event.data.byteLength));
session.on("error", (error) => found.errors.push(JSON.stringify(error)));
session.on("audio_interrupted", () => (found.interrupted = true));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (kind, count) => {
  for (let tries = 0; kinds.filter((one) => one === kind).length < count; tries += 1) {
    if (tries > 1500) throw new Error(`no ${kind} number ${count}; told ${kinds}`);
    await sleep(20);
  }
};
const speak = async () => {
  for (let at = 0; at < pcm.length; at += 1920) {
    const piece = pcm.subarray(at, at + 1920);
    session.sendAudio(piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.length));
    await sleep(40);
  }
};

await session.connect({ apiKey: process.env.KEY ?? "demo_token" });
await until("session.updated", 1);
await speak();
await until("response.done", 1);
session.sendMessage("A typed question.");
await until("response.done", 2);
const deltas = kinds.filter((one) => one === "response.output_audio.delta").length;
session.sendMessage("And one more.");
await until("response.output_audio.delta", deltas + 5);
await speak();
await until("conversation.item.truncated", 1);
await until("response.done", 4);
session.sendMessage('CALL:add{"a":2,"b":3} please');
await until("response.done", 6);
await sleep(500);
found.history = session.history
  .filter((item) => item.type === "message")
  .map((item) => [item.role, ...item.content.map((part) => part.transcript ?? part.text)]);
found.retrieved = kinds.includes("conversation.item.retrieved");
session.close();
console.log(JSON.stringify(found));
process.exit(0);
