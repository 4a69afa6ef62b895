// A durable subscriber to Aura's events in JavaScript, written from schemas/ alone.
//
//   npm install @nats-io/transport-node @nats-io/jetstream @msgpack/msgpack
//   NATS_URL=nats://127.0.0.1:4222 node subscriber.mjs transcript.final
//
// It goes on where it stopped, shares its group's events with other processes of the same GROUP,
// and prints each event once as a line of JSON.
//
// Environment: NATS_URL, NATS_USER and NATS_PASSWORD where the server has users,
// GROUP (default: javascript), FROM (new, all, or a time such as 2026-11-20T08:00:00Z).

import { decode } from "@msgpack/msgpack";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, nanos } from "@nats-io/transport-node";

// schemas/README.md: the last token of an event's subject is its kind.
const KIND = {
  "speech.started": "speech",
  "transcript.guess": "heard",
  "transcript.final": "heard",
  "turn.taken": "turn",
  "response.sentence": "say",
  "response.completed": "say",
  "response.cancelled": "say",
  "tool.called": "say",
  "tool.requested": "tool",
  "webhook.requested": "hook",
  "tool.begun": "out",
  "tool.returned": "out",
  "tool.failed": "out",
  "model.switched": "out",
  "speech.ready": "out",
  "job.failed": "out",
  "turn.measured": "out",
  "inputs.delivered": "in",
}; // all other events have the kind "life"

const STREAM = "AURA_EVENTS";
const wanted = new Set(process.argv.slice(2));
if (wanted.size === 0) {
  console.error("usage: node subscriber.mjs EVENT..., for instance: transcript.final");
  process.exit(2);
}
const group = process.env.GROUP ?? "javascript";
const from = process.env.FROM ?? "new";

const nc = await connect({
  servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222",
  user: process.env.NATS_USER,
  pass: process.env.NATS_PASSWORD,
  inboxPrefix: process.env.NATS_USER && `_INBOX_${process.env.NATS_USER}`, // nats/users.conf
  name: `subscriber-${group}`,
  maxReconnectAttempts: -1,
});

// The durable consumer of the group. If it exists, it goes on where it stopped. On a bus with users only the
// operator may make it: aura provision --group javascript --events transcript.final
const manager = await jetstreamManager(nc);
try {
  await manager.consumers.info(STREAM, group);
} catch {
  const kinds = new Set([...wanted].map((type) => KIND[type] ?? "life"));
  await manager.consumers.add(STREAM, {
    durable_name: group,
    filter_subjects: [...kinds].map((kind) => `aura.ev.*.*.${kind}`),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(30_000),
    max_ack_pending: 1000,
    max_deliver: 12,
    ...(from === "new"
      ? { deliver_policy: DeliverPolicy.New }
      : from === "all"
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: from }),
  });
}

async function onEvent(event) {
  console.log(JSON.stringify(event));
}

const seen = new Set(); // ids of printed events, against duplicates
const consumer = await jetstream(nc).consumers.get(STREAM, group);
const messages = await consumer.consume({ max_messages: 100 });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => messages.stop());
console.error("ready");

for await (const m of messages) {
  const id = m.headers?.get("Nats-Msg-Id");
  const type = m.headers?.get("Aura-Type");
  if ((type && !wanted.has(type)) || seen.has(id)) {
    m.ack();
    continue;
  }
  try {
    await onEvent(decode(m.data));
  } catch (error) {
    console.error(`${id}: ${error.name}`);
    m.info.deliveryCount < 5 ? m.nak(1000 * m.info.deliveryCount) : m.term("given up");
    continue;
  }
  m.ack();
  seen.add(id);
  if (seen.size > 50_000) seen.delete(seen.values().next().value);
}
await nc.drain();
