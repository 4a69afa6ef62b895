/** The timeline of a running call: the events of the protocol (`events=1`) become the lanes, moments
 * and spans that timeline.js draws. Pure: time is an argument, ms after the first event.
 */

const LANES = ["caller", "edge", "stt", "llm", "tts", "client"];
const LANE_OF = {
  "speech.started": "caller", "speech.paused": "caller", "speech.continued": "caller", "interruption.suspected": "caller",
  "transcript.guess": "stt", "transcript.final": "stt", "response.sentence": "llm", "response.completed": "llm",
  "speech.ready": "tts", "answer.sent": "client", "answer.heard": "client",
};
/** A response cut with less audio left than this counts as heard to its end, since voices end with silence; ms. */
const LEFT_MS = 300;
/** The most moments that are kept; then the oldest are dropped. */
const MOST = 600;

export class Story {
  constructor() {
    this.lanes = LANES.slice();
    this.moments = [];
    this.spans = [];
    this.waits = [];
    this.begins_ms = null;
    this.speaks = null;
    this.ends = new Map();
    this.after = new Map();
    this.thinks = new Map();
    this.voices = new Map();
    this.plays = new Map();
    this.sound = new Map();
    this.tools = new Map();
    this.partial = "";
  }

  /** Take an event of the edge. @param {{name: string, at: number, data: object}} event at: Unix ms */
  take({ name, at, data }) {
    this.begins_ms ??= at;
    const now = at - this.begins_ms;
    if (name === "turn.measured") return this.#waited(data);
    const lane = name.startsWith("tool.") ? this.#toolLane() : name === "job.failed" ? (data.stage === "audio" ? "edge" : data.stage) : (LANE_OF[name] ?? "edge");
    const index = this.#moment(now, lane, name, data);
    this.#draw(name, now, data, index);
  }

  /** Note that a response's first sound is played, *at* Unix ms on the edge's clock. */
  sounds(turn, at) {
    if (this.begins_ms === null || this.plays.has(turn)) return;
    const now = at - this.begins_ms;
    this.plays.set(turn, { from: now, text: "", index: this.#moment(now, "client", "answer.sent", { turn }) });
    const end = this.ends.get(this.after.get(turn)); // a typed turn has none
    if (end !== undefined) this.waits.push([end, now, turn]);
  }

  /** Add words of the response that is played. */
  says(turn, text) {
    const playing = this.plays.get(turn);
    if (playing) playing.text += text;
  }

  /** End all open spans: the connection was lost *at* Unix ms on the edge's clock. */
  lost(at) {
    if (this.begins_ms === null) return;
    this.spans.push(...this.#openSpans(at - this.begins_ms));
    this.speaks = null;
    for (const open of [this.thinks, this.voices, this.plays, this.tools]) open.clear();
  }

  /** Return what to draw, open spans up to *now*. @param {number} now ms after the first event */
  drawn(now) {
    return { lanes: this.lanes, moments: this.moments, spans: [...this.spans, ...this.#openSpans(now)], waits: this.waits };
  }

  #openSpans(now) {
    const open = [];
    if (this.speaks) open.push([this.speaks.from, now, "caller", "speech", this.partial ?? "", this.speaks.index]);
    for (const one of this.thinks.values()) open.push([one.from, now, "llm", "sentence", "", one.index]);
    for (const one of this.voices.values()) open.push([one.from, now, "tts", "speech.ready", "", one.index]);
    for (const one of this.tools.values()) open.push([one.from, now, "tool", "tool.called", one.text, one.index]);
    for (const one of this.plays.values()) open.push([one.from, now, "client", "heard", one.text, one.index]);
    return open;
  }

  #toolLane() {
    if (!this.lanes.includes("tool")) this.lanes.splice(4, 0, "tool");
    return "tool";
  }

  #moment(now, lane, name, data) {
    if (this.moments.length > MOST) {
      this.moments.splice(0, MOST / 3);
      this.spans = this.spans.slice(-MOST / 3);
      this.waits = this.waits.slice(-MOST / 10);
    }
    this.moments.push([now, lane, name, this.#words(name, data), data]);
    return this.moments.length - 1;
  }

  #words(name, data) {
    if (data.text !== undefined) return data.text;
    if (data.wait_ms !== undefined) return data.discarded ? "discarded" : `after ${data.wait_ms} ms of silence`;
    if (data.took_ms !== undefined) return `${Math.round(data.took_ms)} ms`;
    return data.reason ?? data.name ?? data.command?.action ?? (data.turn ? `turn ${data.turn}` : "");
  }

  #draw(name, now, data, index) {
    const span = (from, lane, kind, text) => this.spans.push([from, now, lane, kind, text, index]);
    switch (name) {
      case "speech.started":
      case "speech.continued":
        this.speaks = { from: now, index };
        this.partial = "";
        break;
      case "speech.paused":
      case "speech.ended": {
        const end = Math.min(now, data.speech_end_ms - this.begins_ms);
        if (this.speaks) this.spans.push([this.speaks.from, Math.max(end, this.speaks.from), "caller", "speech", this.partial ?? "", index]);
        this.speaks = null;
        this.ends.set(`${data.utterance}.${data.pause}`, end);
        if (name === "speech.ended") span(now - data.wait_ms, "edge", "wait", `listened to silence for ${data.wait_ms} ms`);
        break;
      }
      case "transcript.guess":
      case "transcript.final":
        span(now - data.took_ms, "stt", name, data.text);
        break;
      case "turn.taken":
        this.thinks.set(data.turn, { from: now, index });
        this.after.set(data.turn, `${data.utterance}.${data.pause}`);
        break;
      case "response.sentence":
        span(this.thinks.get(data.turn)?.from ?? now - data.took_ms, "llm", "sentence", "");
        this.thinks.set(data.turn, { from: now, index });
        this.voices.set(`${data.turn}.${data.index}`, { from: now, index });
        break;
      case "speech.ready":
        this.voices.delete(`${data.turn}.${data.index}`);
        this.#sound(data.turn).spoken.set(data.index, data.audio_ms);
        span(now - data.took_ms, "tts", name, `${(data.audio_ms / 1000).toFixed(1)} s of sound`);
        break;
      case "response.completed":
        this.thinks.delete(data.turn);
        this.#sound(data.turn).sentences = data.sentences;
        break;
      case "response.cancelled":
        this.thinks.delete(data.turn);
        for (const open of [this.voices, this.tools]) for (const key of open.keys()) if (key.startsWith(`${data.turn}.`)) open.delete(key);
        break;
      case "answer.heard": {
        const playing = this.plays.get(data.turn);
        this.plays.delete(data.turn);
        if (playing || data.played_ms) span(playing?.from ?? now - data.played_ms, "client", data.complete || this.#wasOver(data) ? "heard" : "cut", data.text);
        this.sound.delete(data.turn);
        break;
      }
      case "tool.called":
        this.tools.set(`${data.turn}.${data.step}.${data.call}`, { from: now, text: data.name, index });
        break;
      case "tool.returned":
      case "tool.failed": {
        const key = `${data.turn}.${data.step}.${data.call}`;
        span(this.tools.get(key)?.from ?? now - data.took_ms, "tool", name, data.name);
        this.tools.delete(key);
        break;
      }
    }
  }

  /** The audio of a turn's response: ms of each sentence, and the number of sentences once it is known. */
  #sound(turn) {
    if (!this.sound.has(turn)) this.sound.set(turn, { spoken: new Map(), sentences: null });
    return this.sound.get(turn);
  }

  /** Return whether only silence after the last word was left, as when a caller hangs up there. */
  #wasOver({ turn, played_ms }) {
    const { spoken, sentences } = this.#sound(turn);
    const whole = [...spoken.values()].reduce((sum, ms) => sum + ms, 0);
    return sentences > 0 && spoken.size === sentences && played_ms > 0 && whole - played_ms < LEFT_MS;
  }

  /** Replace this page's measurement of a wait by the edge's. */
  #waited(data) {
    const wait = this.waits.find((one) => one[2] === data.turn);
    if (wait && data.first_sent_ms != null) wait[1] = wait[0] + data.first_sent_ms;
  }
}
