/** The words of both sides of a call, folded from its events. Pure. */

export class Conversation {
  constructor() {
    /** {key, who: caller | aura | tool | note | trouble, text, turn, growing, cut, wait_ms} */
    this.items = [];
    this.partial = "";
    this.writes = new Map();
    this.spoken = new Set();
  }

  /** Take an event. @param {{name: string, data: object}} event */
  take({ name, data }) {
    switch (name) {
      case "speech.started":
        this.partial = "";
        break;
      case "turn.committed":
        this.partial = "";
        this.spoken.add(data.turn);
        if (data.text) this.#add({ key: `you ${data.turn}`, who: "caller", text: data.text, turn: data.turn });
        this.#says(data.turn);
        break;
      case "response.sentence":
        this.writes.set(data.turn, [...(this.writes.get(data.turn) ?? []), data.text]);
        if (data.turn === 0) this.spoken.add(0); // a greeting is committed by itself
        this.#says(data.turn);
        break;
      case "control.spoken":
        this.spoken.add(data.turn);
        this.#says(data.turn);
        break;
      case "response.cancelled":
        this.writes.delete(data.turn);
        this.#drop((one) => one.key === `aura ${data.turn}` && one.growing);
        if (data.reason === "retracted") this.#drop((one) => one.who === "tool" && one.turn === data.turn);
        break;
      case "answer.heard":
        this.writes.delete(data.turn);
        this.#drop((one) => one.key === `aura ${data.turn}` && one.growing);
        if (data.text) this.#add({ key: `aura ${data.turn}`, who: "aura", text: data.text, turn: data.turn, cut: !(data.to_the_end ?? data.complete), wait_ms: this.waited?.turn === data.turn ? this.waited.ms : undefined });
        break;
      case "turn.measured": {
        this.waited = { turn: data.turn, ms: data.first_sent_ms };
        const answer = this.items.find((one) => one.key === `aura ${data.turn}`);
        if (answer) answer.wait_ms = data.first_sent_ms;
        break;
      }
      case "tool.called":
        this.#add({ key: this.#call(data), who: "tool", text: `${data.name} ${data.arguments ?? ""}`, turn: data.turn, growing: true });
        break;
      case "tool.returned":
      case "tool.failed": {
        const tool = this.items.find((one) => one.key === this.#call(data));
        if (!tool) break;
        tool.growing = false;
        tool.text += name === "tool.returned" ? ` → ${data.result}` : ` failed: ${data.reason} ${data.detail ?? ""}`;
        break;
      }
      case "control.received":
        this.#add({ key: `control ${data.command_id}`, who: "note", text: `${data.by}: ${data.command.action} ${data.command.text ?? data.command.words ?? data.command.side ?? ""}` });
        break;
      case "trouble.told":
        this.#add({ key: `trouble ${this.items.length}`, who: "trouble", text: `${data.stage}: ${data.reason}` });
        break;
      case "session.resumed":
        this.#add({ key: `resumed ${this.items.length}`, who: "note", text: "The caller came back." });
        break;
    }
  }

  /** All items, and the caller's partial transcript. */
  get shown() {
    return this.partial ? [...this.items, { key: "partial", who: "caller", text: this.partial, growing: true }] : this.items;
  }

  #says(turn) {
    if (!this.spoken.has(turn) || !this.writes.has(turn)) return;
    const text = this.writes.get(turn).join(" "), key = `aura ${turn}`;
    const item = this.items.find((one) => one.key === key);
    if (!item) this.#add({ key, who: "aura", text, turn, growing: true });
    else if (item.growing) item.text = text;
  }

  #call({ turn, step, call }) {
    return `tool ${turn}.${step}.${call}`;
  }

  #add(item) {
    this.items = this.items.filter((one) => one.key !== item.key);
    this.items.push(item);
  }

  #drop(unwanted) {
    this.items = this.items.filter((one) => !unwanted(one));
  }
}
