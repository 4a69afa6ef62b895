/**
 * A call with Aura, for the browser and for Node (22 or newer): one file, no dependencies.
 *
 *     import { AuraCall } from "./aura.js";
 *     const call = new AuraCall({ url: "wss://voice.example", token: "..." });
 *     call.on("answer", ({ text }) => console.log(text));
 *     await call.start();
 * The file is its own audio worklet, so that a strict Content-Security-Policy
 * needs only `script-src 'self'`. Docs: docs/clients.md; types: aura.d.ts.
 */

export const RATE_HZ = 16000;
/** The length of a packet of the microphone, ms. */
const PACKET_MS = 20;
const PATH = "/ws/voice/continuous";
const PING_MS = 10000;
/** Pauses before each try to reconnect, ms; servers allow five reconnections a minute. */
const RETRIES_MS = [300, 1000, 2000, 4000, 8000, 15000, 15000];
/** The longest delay of the last word to the loudspeaker, ms. */
const LAST_WORD_MS = 400;
/** Close codes after which the same session is tried again. */
const COME_BACK = new Set([1005, 1006, 1012, 1013]);
/** Temporary refusals: they end a new call, and a call that reconnects waits longer. */
const NO_ROOM = new Set(["SESSION_LIMIT", "RATE_LIMITED", "OVERLOADED"]);

/** Errors after which the turn gets no response. */
const NO_ANSWER = new Set(["STT_ERROR", "LLM_ERROR", "TTS_ERROR"]);

// ---------------------------------------------------------------- resampling

/** Resamples a stream by a windowed sinc: flat to 0.8 of the lower Nyquist frequency, 70 dB down above it. */
export class Resampler {
  /** @param {number} from Hz @param {number} to Hz */
  constructor(from, to) {
    const divisor = gcd(from, to);
    this.step = from / divisor;
    this.phases = to / divisor;
    const cutoff = 0.92 * Math.min(1, to / from);
    this.half = Math.ceil(24 / cutoff);
    this.table = Array.from({ length: this.phases }, (_, phase) => this.#filter(phase, cutoff));
    this.reset();
  }

  reset() {
    this.rest = new Float32Array(this.half - 1);
    this.phase = 0;
    this.skip = 0;
  }

  /** Return the output so far. @param {Float32Array} samples */
  process(samples) {
    const all = new Float32Array(this.rest.length + samples.length), taps = 2 * this.half;
    all.set(this.rest);
    all.set(samples, this.rest.length);
    const out = new Float32Array(Math.max(0, Math.ceil(((all.length - taps + 1) * this.phases) / this.step) + 1));
    let at = this.skip, count = 0;
    for (; at + taps <= all.length; count++) {
      const filter = this.table[this.phase];
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += all[at + k] * filter[k];
      out[count] = sum;
      this.phase += this.step;
      at += Math.floor(this.phase / this.phases);
      this.phase %= this.phases;
    }
    this.rest = all.slice(Math.min(at, all.length));
    this.skip = Math.max(0, at - all.length);
    return out.subarray(0, count);
  }

  #filter(phase, cutoff) {
    const filter = new Float32Array(2 * this.half);
    let total = 0;
    for (let k = 0; k < filter.length; k++) {
      const t = k - this.half + 1 - phase / this.phases;
      total += filter[k] = sinc(cutoff * t) * kaiser(t / this.half);
    }
    return filter.map((one) => one / total);
  }
}

const gcd = (a, b) => (b ? gcd(b, a % b) : a);
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const KAISER = 7.5;
const kaiser = (x) => (Math.abs(x) >= 1 ? 0 : bessel(KAISER * Math.sqrt(1 - x * x)) / bessel(KAISER));

/** The modified Bessel function of order 0. */
function bessel(x) {
  let sum = 1, term = 1;
  for (let k = 1; k < 40; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

function rms(samples, from = 0, to = samples.length) {
  let sum = 0;
  for (let k = from; k < to; k++) sum += samples[k] * samples[k];
  return Math.sqrt(sum / Math.max(1, to - from));
}

/** @param {Float32Array} samples */
function toPcm(samples) {
  const pcm = new Int16Array(samples.length);
  for (let k = 0; k < samples.length; k++) pcm[k] = Math.round(Math.max(-1, Math.min(1, samples[k])) * 32767);
  return pcm;
}

/** A queue of audio that is played without clicks. Pure: the worklet below is its shell. */
export class PlayQueue {
  /** @param {number} rate Hz of the loudspeaker @param {(told: object) => void} tell */
  constructor(rate, tell) {
    this.rate = rate;
    this.from = 0;
    this.tell = tell;
    this.fade = 1 / (0.005 * rate);
    this.queue = [];
    this.gain = 0;
    this.last = 0;
  }

  /** @param {Int16Array} pcm of *from* Hz @param {number} mark reported when its first sample is played */
  push(pcm, mark, from = RATE_HZ) {
    if (from !== this.from) this.resampler = new Resampler((this.from = from), this.rate);
    const floats = Float32Array.from(pcm, (one) => one / 32768);
    this.queue.push({ samples: this.resampler.process(floats), at: 0, mark, waited: this.queue.length > 0 });
  }

  /** Fall silent within 5 ms. */
  clear() {
    this.queue = [];
    this.gain = 0;
    this.resampler?.reset();
    this.tell({ cleared: true });
  }

  /** Fill *out* with the next samples. @param {Float32Array} out */
  pull(out) {
    for (let k = 0; k < out.length; k++) {
      let next = this.queue[0];
      while (next && next.at >= next.samples.length) {
        this.#told(next);
        this.queue.shift();
        if (!this.queue.length) this.tell({ dry: true });
        next = this.queue[0];
      }
      if (next) {
        if (next.at === 0) this.#told(next);
        this.gain = Math.min(1, this.gain + this.fade);
        this.last = out[k] = next.samples[next.at++] * this.gain;
      } else {
        this.gain = 0;
        this.last = out[k] = Math.abs(this.last) < 1e-5 ? 0 : this.last * 0.97;
      }
    }
  }

  #told(piece) {
    if (piece.mark !== undefined) this.tell({ mark: piece.mark, waited: piece.waited });
    piece.mark = undefined;
  }
}

// ---------------------------------------------------------------- the worklet

if (typeof AudioWorkletProcessor !== "undefined") {
  /* global registerProcessor, sampleRate, currentTime */
  class Microphone extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      this.resampler = new Resampler(sampleRate, processorOptions.rate);
      this.packet = new Float32Array(Math.round((sampleRate * PACKET_MS) / 1000));
      this.filled = 0;
    }

    process([input]) {
      const channel = input[0];
      if (!channel) return true;
      for (let k = 0; k < channel.length; k++) {
        this.packet[this.filled++] = channel[k];
        if (this.filled === this.packet.length) {
          this.filled = 0;
          const pcm = toPcm(this.resampler.process(this.packet));
          this.port.postMessage({ pcm, level: rms(this.packet), at: currentTime }, [pcm.buffer]);
        }
      }
      return true;
    }
  }

  class Speaker extends AudioWorkletProcessor {
    constructor() {
      super();
      this.queue = new PlayQueue(sampleRate, (told) => this.port.postMessage(told));
      this.loud = 0;
      this.blocks = 0;
      this.port.onmessage = ({ data }) => (data.clear ? this.queue.clear() : this.queue.push(data.pcm, data.mark, data.rate));
    }

    process(_, [output]) {
      this.queue.pull(output[0]);
      for (const other of output.slice(1)) other.set(output[0]);
      this.loud = Math.max(this.loud, rms(output[0]));
      if (++this.blocks % 16 === 0) {
        this.port.postMessage({ level: this.loud });
        this.loud = 0;
      }
      return true;
    }
  }

  registerProcessor("aura-microphone", Microphone);
  registerProcessor("aura-speaker", Speaker);
}

/** The microphone and the loudspeaker of a browser. */
class BrowserAudio {
  static async open(module) {
    const audio = new BrowserAudio();
    audio.context = new AudioContext({ latencyHint: "interactive" });
    await audio.context.audioWorklet.addModule(module);
    audio.speaker = new AudioWorkletNode(audio.context, "aura-speaker", { numberOfInputs: 0, outputChannelCount: [1] });
    audio.speaker.connect(audio.context.destination);
    audio.context.resume().catch(() => {}); // browsers wait for a gesture of the user
    return audio;
  }

  /** Open the microphone, in packets of *rate* Hz. */
  async listen(rate, heard, lost) {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
    if (this.context.state === "closed") return this.close(); // hung up before the answer
    this.source = this.context.createMediaStreamSource(this.stream);
    this.microphone = new AudioWorkletNode(this.context, "aura-microphone", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions: { rate },
    });
    this.microphone.port.onmessage = ({ data }) => heard(data, (this.context.currentTime - data.at) * 1000);
    this.source.connect(this.microphone);
    for (const track of this.stream.getTracks()) track.onended = lost;
  }

  play(pcm, rate, mark) {
    this.speaker.port.postMessage({ pcm, rate, mark }, [pcm.buffer]);
  }

  clear() {
    this.speaker.port.postMessage({ clear: true });
  }

  /** The delay from the worklet to the loudspeaker, ms, as reported by the browser. */
  get outputMs() {
    return ((this.context.outputLatency || 0) + (this.context.baseLatency || 0)) * 1000;
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    if (this.context.state !== "closed") this.context.close().catch(() => {});
  }
}

// ---------------------------------------------------------------- the call

/** An error of a call: `code` for programs, `message` for people. */
export class AuraError extends Error {
  constructor(code, message, details = "") {
    super(message);
    this.name = "AuraError";
    this.code = code;
    this.details = details;
  }
}

/** One call over `/ws/voice/continuous`; it resumes its session when the connection is lost. */
export class AuraCall extends EventTarget {
  #socket = null;
  #audio = null;
  #muted = false;
  #tries = 0;
  #retry = 0;
  #pinging = 0;
  #spokeAt = 0;
  #lastError = null;
  #marks = new Map();
  #mark = 0;
  #began = null;

  /** @param {import("./aura.js").AuraOptions} options */
  constructor(options = {}) {
    super();
    this.options = options;
    /** The session's id. */
    this.session = options.session ?? "";
    /** The resume key: with the id it resumes the session on another connection. */
    this.resumeKey = options.resumeKey ?? keyOf(this.session) ?? randomKey();
    /** `idle`, `connecting`, `listening`, `thinking`, `speaking`, `reconnecting` or `ended`. */
    this.state = "idle";
    /** The metrics of the protocol's document, and the delays of this library in ms. */
    this.metrics = {
      connectionTime: null, messagesSent: 0, messagesReceived: 0, audioChunksSent: 0, lastLatency: 0,
      reconnections: 0, captureMs: null, playMs: null, outputMs: null,
    };
  }

  /** Add a listener for *type*; returns a function that removes it. */
  on(type, listener) {
    const wrapped = (event) => listener(event.detail);
    this.addEventListener(type, wrapped);
    return () => this.removeEventListener(type, wrapped);
  }

  get #rate() {
    return this.options.sampleRate ?? RATE_HZ;
  }

  get muted() {
    return this.#muted;
  }

  /** Whether a microphone is open. */
  get listens() {
    return Boolean(this.#audio?.microphone);
  }

  /** Open microphone and loudspeaker (in a browser), then the connection. Call it from a click: browsers
   * let a page play audio only then. Without a microphone the caller can type.
   * @param {{microphone?: boolean}} how
   */
  async start({ microphone = true } = {}) {
    this.#move("connecting");
    if (globalThis.isSecureContext === false) {
      this.#fail(new AuraError("MICROPHONE_INSECURE", "a browser gives microphone and sound only to https pages, and to localhost"));
    } else if (typeof AudioContext !== "undefined") {
      try {
        const audio = await BrowserAudio.open(this.options.worklet ?? import.meta.url);
        if (this.state === "ended") audio.close();
        else this.#audio = audio;
        audio.speaker.port.onmessage = ({ data }) => this.#played(data);
      } catch (error) {
        this.#fail(new AuraError("AUDIO_FAILED", "this browser plays no sound here", String(error)));
      }
      if (microphone && this.#audio) await this.openMicrophone();
    }
    await this.connect();
  }

  /** Open the microphone of a call that began without one; a failure is an `error` event. */
  async openMicrophone() {
    try {
      if (!this.#audio) throw new AuraError("AUDIO_FAILED", "this browser plays no sound here");
      await this.#audio.listen(
        this.#rate,
        (packet, late) => this.#heard(packet, late),
        () => this.#fail(new AuraError("MICROPHONE_LOST", "the microphone is gone")),
      );
      if (!this.#audio) return false; // hung up meanwhile
      this.#tell("microphone", { open: true });
      return true;
    } catch (error) {
      this.#fail(microphoneError(error));
      return false;
    }
  }

  /** Open the connection alone; resolves when the session has begun. */
  connect() {
    if (this.state === "ended") return Promise.reject(new AuraError("ENDED", "the call is over: begin another"));
    this.#move("connecting");
    return new Promise((resolve, reject) => {
      this.#began = { resolve, reject };
      this.#dial();
    });
  }

  /** Send a typed turn. */
  type(text) {
    this.#move("thinking");
    this.#send({ type: "text", text });
  }

  /** Send audio. @param {Int16Array} pcm mono, of `sampleRate` */
  send(pcm) {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(pcm);
    this.metrics.audioChunksSent++;
  }

  /** Send silence instead of the microphone, or unmute it. */
  mute(muted = true) {
    this.#muted = muted;
    this.#tell("muted", { muted });
  }

  /** Interrupt the response. */
  interrupt() {
    this.#quiet();
    this.#send({ type: "interrupt" });
  }

  /** Send the result of a tool call that `tools` does not handle. */
  toolResult(call_id, result, error) {
    this.#send(error === undefined ? { type: "tool_result", call_id, result } : { type: "tool_result", call_id, error });
  }

  /** End the call and its session. */
  hangUp() {
    this.#send({ type: "end_call" });
    this.#end(1000, "");
  }

  // -------------------------------------------------------------- the connection

  async #dial() {
    let address;
    try {
      address = await this.#address();
    } catch (error) {
      // the network may be down, so that no token can be fetched
      if (this.state === "reconnecting" && this.#triesAgain()) return;
      return this.#giveUp(new AuraError("NO_ADDRESS", "no token could be had, or the URL is none", String(error)));
    }
    if (this.state === "ended") return;
    const Socket = this.options.WebSocket ?? globalThis.WebSocket;
    if (!Socket) return this.#giveUp(new AuraError("NO_WEBSOCKET", "give `WebSocket`: this Node has none of its own"));
    const socket = (this.#socket = new Socket(address));
    socket.binaryType = "arraybuffer";
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.metrics.connectionTime = Date.now();
      this.#spokeAt = Date.now();
      this.#pinging = setInterval(() => this.#ping(socket), PING_MS);
      this.#pinging.unref?.();
    };
    socket.onmessage = ({ data }) => this.#received(JSON.parse(data));
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#closed(code, reason, opened);
    };
    // A close follows, except after a connection that Node 20 could not make.
    socket.onerror = () => setTimeout(() => this.#socket === socket && !opened && this.#closed(1006, "", false), 100);
  }

  async #address() {
    const { url = globalThis.location?.origin ?? "http://localhost:8000", token, query = {} } = this.options;
    const address = new URL(url);
    address.protocol = address.protocol.replace("http", "ws");
    const path = address.pathname.replace(/\/+$/, "");
    if (!path.endsWith(PATH)) address.pathname = path.replace(/\/ws$/, "") + PATH;
    const asked = {
      token: typeof token === "function" ? await token() : token,
      rate: this.#rate, audio: "chunks", partials: 1, metrics: 1,
      ...pick(this.options, ["language", "voice", "eagerness", "agent", "silence_ms", "interrupt_words"]),
      events: this.options.events ? 1 : undefined,
      greeting: this.options.greeting === false ? 0 : undefined,
      record: this.options.record ? 1 : undefined,
      variables: this.options.variables && JSON.stringify(this.options.variables),
      session: this.session || undefined,
      resume_key: this.resumeKey,
      ...query,
    };
    for (const [name, value] of Object.entries(asked)) {
      if (value !== undefined && value !== "") address.searchParams.set(name, value);
    }
    return address.href;
  }

  #send(message) {
    if (this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify(message));
    this.metrics.messagesSent++;
  }

  #ping(socket) {
    if (Date.now() - this.#spokeAt > 2.5 * PING_MS) {
      socket.onclose = null;
      socket.close();
      this.#closed(1006, "the line is dead", true);
    } else {
      this.#send({ type: "ping", timestamp: Date.now() });
    }
  }

  #closed(code, reason, opened) {
    clearInterval(this.#pinging);
    this.#socket = null;
    if (this.state === "ended") return;
    const told = this.#lastError;
    const error = told && Date.now() - told.at < 3000 ? told.error : null; // the message just before the close
    const refused = code === 1013 && NO_ROOM.has(error?.code) && this.#began;
    const expired = code === 1008 && reason === "Token expired" && typeof this.options.token === "function";
    const known = Boolean(this.session) || error?.code === "BUS_AWAY";
    if (((COME_BACK.has(code) && !refused) || expired) && known && this.#triesAgain()) return;
    if (code === 1000 && !this.#began) {
      // The loudspeaker still plays the last audio.
      if (!this.#audio) return this.#end(code, reason);
      return void setTimeout(() => this.#end(code, reason), LAST_WORD_MS);
    }
    this.#giveUp(closeError(code, reason, opened, error, !this.#began));
  }

  /** Connect again after a pause; false after the last try. */
  #triesAgain() {
    if (this.#tries >= RETRIES_MS.length) return false;
    this.#quiet();
    this.#move("reconnecting");
    this.#retry = setTimeout(() => this.#dial(), RETRIES_MS[this.#tries++]);
    return true;
  }

  #giveUp(error) {
    this.#fail(error, true);
    this.#end(0, error.message, error);
  }

  #end(code, reason, error = new AuraError("ENDED", "the call ended before it began")) {
    if (this.state === "ended") return;
    clearTimeout(this.#retry);
    clearInterval(this.#pinging);
    this.#move("ended");
    this.#quiet();
    const began = this.#began;
    this.#began = null;
    this.#audio?.close();
    this.#audio = null;
    this.#socket?.close(1000);
    this.#tell("closed", { code, reason });
    began?.reject(error);
  }

  // -------------------------------------------------------------- messages

  #received(message) {
    this.#spokeAt = Date.now();
    this.metrics.messagesReceived++;
    this.#tell("message", message);
    switch (message.type) {
      case "session":
        return this.#hasBegun(message.session, message.resumed);
      case "greeting":
        this.#hasBegun(message.session, false);
        return this.#speak(message);
      case "user_transcript_partial":
        return this.#tell("partial", { text: message.text });
      case "user_transcript":
        this.#move("thinking");
        return this.#tell("transcript", { text: message.text, confidence: message.confidence, continues: Boolean(message.continues) });
      case "ai_audio":
      case "ai_audio_chunk":
        return this.#speak(message);
      case "ai_complete":
        return this.#tell("complete", message);
      case "ai_interrupted":
        this.#quiet();
        this.#move("listening");
        return this.#tell("interrupted", { heard: message.heard });
      case "turn_metrics":
        return this.#tell("metrics", message);
      case "event":
        return this.#tell("event", { name: message.event, at: message.at_ms, data: message.data });
      case "tool_call":
        return this.#toolCall(message);
      case "tool_cancelled":
        return this.#tell("toolcancelled", message);
      case "pong":
        this.metrics.lastLatency = Date.now() - message.timestamp;
        return this.#tell("latency", { ms: this.metrics.lastLatency });
      case "error": {
        const error = new AuraError(message.code, message.message, message.details);
        this.#lastError = { error, at: Date.now() };
        if (this.state === "reconnecting" && NO_ROOM.has(message.code)) return; // reported only after the last try
        if (this.state === "thinking" && NO_ANSWER.has(message.code)) this.#move("listening");
        return this.#fail(error);
      }
    }
  }

  #hasBegun(session, resumed) {
    this.session = session;
    keepKey(session, this.resumeKey);
    this.#tries = 0;
    this.#lastError = null;
    if (resumed) this.metrics.reconnections++;
    this.#move("listening");
    this.#tell("session", { session, resumed });
    this.#began?.resolve();
    this.#began = null;
  }

  #speak(message) {
    const { pcm, rate } = wavSamples(message.audio ?? "");
    const told = { text: message.text, greeting: message.type === "greeting", ends: message.is_complete ?? true };
    if (pcm.length) this.#tell("audio", { pcm: pcm.slice(), rate });
    const plays = this.#audio?.context.state === "running" && pcm.length > 0;
    if (plays) this.#marks.set(++this.#mark, { told, at: performance.now() });
    else this.#answered(told);
    if (!plays && told.ends) this.#move("listening"); // no player reports the end of playback
    if (pcm.length) this.#audio?.play(pcm, rate, plays ? this.#mark : undefined);
  }

  #answered(told) {
    this.#move("speaking");
    if (told.text || told.ends) this.#tell("answer", told);
  }

  async #toolCall({ call_id, name, arguments: given }) {
    this.#tell("toolcall", { call_id, name, arguments: given });
    const tool = this.options.tools?.[name];
    if (!tool) return;
    try {
      this.toolResult(call_id, (await tool(given)) ?? null);
    } catch (error) {
      this.toolResult(call_id, undefined, String(error?.message ?? error));
    }
  }

  // -------------------------------------------------------------- audio

  #heard({ pcm, level }, late) {
    this.metrics.captureMs = smooth(this.metrics.captureMs, late + PACKET_MS / 2);
    if (this.#muted) pcm.fill(0);
    this.send(pcm);
    this.#tell("level", { caller: this.#muted ? 0 : level });
  }

  #played({ level, mark, waited, dry }) {
    if (level !== undefined) this.#tell("level", { agent: level });
    if (mark !== undefined && this.#marks.has(mark)) {
      const { told, at } = this.#marks.get(mark);
      this.#marks.delete(mark);
      if (!waited) this.metrics.playMs = smooth(this.metrics.playMs, performance.now() - at);
      this.metrics.outputMs = this.#audio?.outputMs ?? null;
      this.#answered(told);
    }
    if (dry && this.state === "speaking") this.#move("listening");
  }

  #quiet() {
    this.#marks.clear();
    this.#audio?.clear();
  }

  // -------------------------------------------------------------- events

  #move(state) {
    if (this.state === state || this.state === "ended") return;
    this.state = state;
    this.#tell("state", { state });
  }

  #fail(error, fatal = false) {
    this.#tell("error", { error, code: error.code, message: error.message, details: error.details, fatal });
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const smooth = (before, now) => (before === null ? now : before + (now - before) * 0.1);
/** Resume keys by session; `sessionStorage` keeps them over a reload of the page. */
const KEYS = new Map();
const randomKey = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18)))).replaceAll("/", "_").replaceAll("+", "-");
function keyOf(session) {
  try {
    return KEYS.get(session) ?? sessionStorage.getItem(`aura ${session}`);
  } catch {
    return null; // no page, or no right to store
  }
}
function keepKey(session, key) {
  KEYS.set(session, key);
  try {
    sessionStorage.setItem(`aura ${session}`, key);
  } catch {
    // no page, or no right to store
  }
}
const pick = (from, names) => Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));

function microphoneError(error) {
  if (error instanceof AuraError) return error;
  const codes = {
    NotAllowedError: ["MICROPHONE_REFUSED", "the microphone was not allowed"],
    NotFoundError: ["MICROPHONE_MISSING", "there is no microphone"],
    NotReadableError: ["MICROPHONE_BUSY", "another program holds the microphone"],
  };
  return new AuraError(...(codes[error?.name] ?? ["MICROPHONE_FAILED", "the microphone cannot be opened"]), String(error?.message ?? error));
}

/** Return the error of a close; *begun*: token and server had been accepted before. */
function closeError(code, reason, opened, told, begun) {
  if (code === 1008 && reason === "Invalid Token" && begun) return new AuraError("TOKEN_EXPIRED", "the token is not accepted any more");
  if (code === 1008 && reason === "Invalid Token") return new AuraError("INVALID_TOKEN", "the token was refused");
  if (code === 1008 && reason === "Token expired") return new AuraError("TOKEN_EXPIRED", "the token has expired");
  if (told && code !== 1006) return told;
  const stages = { 4001: "AUDIO_DOWN", 4002: "STT_DOWN", 4003: "LLM_DOWN", 4004: "TTS_DOWN", 1011: "SERVER_ERROR" };
  if (stages[code]) return new AuraError(stages[code], reason || "the server failed");
  if (!opened && !begun) return new AuraError("UNREACHABLE", "the server cannot be reached, or lets nobody in now");
  return new AuraError("LOST", "the line was lost", reason);
}

/** Return the samples of a base64 WAV (16-bit mono), and their rate in Hz. */
function wavSamples(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  const view = new DataView(bytes.buffer), rate = bytes.length > 44 ? view.getUint32(24, true) : RATE_HZ;
  for (let at = 12; at + 8 <= bytes.length; at += 8 + view.getUint32(at + 4, true)) {
    if (view.getUint32(at, false) !== 0x64617461) continue; // "data"
    const size = Math.min(view.getUint32(at + 4, true), bytes.length - at - 8) & ~1;
    return { pcm: new Int16Array(bytes.buffer.slice(at + 8, at + 8 + size)), rate };
  }
  return { pcm: new Int16Array(0), rate };
}

// ---------------------------------------------------------------- the element

const STYLE = `
  :host { display: inline-grid; gap: .6rem; font: 15px/1.45 system-ui, sans-serif; min-width: 16rem; max-width: 28rem }
  .row { display: flex; gap: .5rem; align-items: center }
  button { font: inherit; font-weight: 600; padding: .5rem 1.1rem; border-radius: 99px; border: 1px solid #8886; background: none; color: inherit; cursor: pointer }
  button.call { background: var(--aura-accent, #0b6e5f); border-color: transparent; color: #fff }
  button:focus-visible { outline: 2px solid var(--aura-accent, #0b6e5f); outline-offset: 2px }
  p { margin: 0; min-height: 1.45em } [hidden] { display: none } [role=alert] { font-weight: 600 } [role=alert]::first-letter { text-transform: uppercase }
`;
const WORDS = {
  idle: "", connecting: "Connecting", listening: "Listening", thinking: "Thinking", speaking: "Speaking",
  reconnecting: "Reconnecting", ended: "The call is over",
};

if (typeof HTMLElement !== "undefined" && !customElements.get("aura-call")) {
  /** `<aura-call url="https://voice.example" token="..."></aura-call>`: a button that calls. */
  class AuraCallElement extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" }), sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      const make = (name, attributes, into) => into.appendChild(Object.assign(document.createElement(name), attributes));
      const row = make("div", { className: "row" }, root);
      this.button = make("button", { className: "call", part: "call", textContent: this.getAttribute("label") ?? "Talk" }, row);
      this.muting = make("button", { part: "mute", textContent: "Mute", hidden: true }, row);
      this.status = make("span", { part: "status" }, row);
      this.status.setAttribute("role", "status");
      this.caller = make("p", { part: "caller" }, root);
      this.agent = make("p", { part: "agent" }, root);
      this.agent.setAttribute("aria-live", "polite");
      this.problem = make("p", { part: "problem", hidden: true }, root);
      this.problem.setAttribute("role", "alert");
      this.button.onclick = () => (this.call && this.call.state !== "ended" ? this.call.hangUp() : this.start());
      this.muting.onclick = () => this.call.mute(!this.call.muted);
    }

    disconnectedCallback() {
      this.call?.hangUp();
    }

    /** Begin a call with the attributes, and with `options` if a script has set them. */
    async start() {
      const attributes = Object.fromEntries(
        ["url", "token", "language", "voice", "eagerness", "agent"].map((name) => [name, this.getAttribute(name) ?? undefined]),
      );
      const call = (this.call = new AuraCall({ ...attributes, ...this.options }));
      let fresh = true;
      call.on("state", ({ state }) => {
        const over = state === "ended";
        this.status.textContent = WORDS[state];
        this.button.textContent = over ? (this.getAttribute("label") ?? "Talk") : "Hang up";
        this.muting.hidden = over;
      });
      call.on("muted", ({ muted }) => (this.muting.textContent = muted ? "Unmute" : "Mute"));
      call.on("partial", ({ text }) => (this.caller.textContent = text));
      call.on("transcript", ({ text }) => {
        this.caller.textContent = text;
        fresh = true;
      });
      call.on("answer", ({ text, ends }) => {
        this.agent.textContent = fresh ? text : this.agent.textContent + text;
        fresh = ends;
      });
      this.problem.hidden = true;
      call.on("error", ({ message }) => {
        this.problem.textContent = message;
        this.problem.hidden = false;
      });
      call.on("session", ({ resumed }) => resumed && (this.problem.hidden = true));
      this.dispatchEvent(new CustomEvent("call", { detail: call, bubbles: true }));
      await call.start().catch(() => {}); // an `error` event reports it
    }
  }
  customElements.define("aura-call", AuraCallElement);
}
