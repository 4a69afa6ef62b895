// A tool for Aura's agents in JavaScript: a NATS micro service, found and called over the bus.
//
//   npm install nats
//   NATS_URL=nats://127.0.0.1:4222 node tool.mjs
//
// Environment: NATS_URL, NATS_USER and NATS_PASSWORD where the server has users (user `service`;
// docs/tools.md says where `aura up` keeps its password), TENANT: the one whose sessions may call it
// (default: everybody's). Several processes share the calls.

import { connect, JSONCodec } from "nats";

const json = JSONCodec();
const nc = await connect({
  servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222",
  user: process.env.NATS_USER,
  pass: process.env.NATS_PASSWORD,
  inboxPrefix: process.env.NATS_USER ? `_INBOX_${process.env.NATS_USER}` : undefined,
  maxReconnectAttempts: -1,
});
const HOURS = { monday: "closed", sunday: "noon to five" };

// Aura finds the service by its name; the subject names tenant and tool. The tool's description for the model
// is metadata, whose values are text: JSON, except the description.
const service = await nc.services.add({ name: "auratools", version: "1.0.0" });
service.addEndpoint("opening_hours", {
  subject: `aura.tool.${process.env.TENANT ?? "*"}.opening_hours`,
  metadata: {
    description: "Tell the opening hours. Call it when the caller asks when we are open.",
    parameters: JSON.stringify({
      type: "object",
      properties: { day: { type: "string", description: "A weekday, in English" } },
      required: ["day"],
    }),
    idempotent: "true", // may be called again after a failure, with the same Idempotency-Key
    deadline_ms: "5000",
  },
  handler: (error, request) => {
    if (error) return console.error(error);
    const { day } = json.decode(request.data);
    if (typeof day !== "string") return request.respondError(400, "day must be a weekday");
    const hours = HOURS[day.toLowerCase()] ?? "noon to ten";
    request.respond(json.encode({ day, hours, asked_by: request.headers?.get("Aura-Session") }));
  },
});

console.error("ready");
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => nc.drain());
await nc.closed();
