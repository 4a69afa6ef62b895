/** Types of aura.js. */

export const RATE_HZ: 16000;

export interface AuraOptions {
  /** The server, such as `https://voice.example` or `wss://voice.example/ws`; by default the page's own origin. */
  url?: string;
  /** A JWT, or a function that fetches one before every connection. */
  token?: string | (() => string | Promise<string>);
  /** A Whisper code, or `auto`. */
  language?: string;
  /** The name of a voice that callers may choose. */
  voice?: string;
  eagerness?: "low" | "auto" | "high";
  /** The name of the agent. */
  agent?: string;
  /** Variables of the agent that callers may set. */
  variables?: Record<string, string>;
  /** `false`: no greeting is spoken. */
  greeting?: boolean;
  /** `true`: the caller agrees to a recording of both sides. */
  record?: boolean;
  /** `true`: the session's own events come as `event`. */
  events?: boolean;
  /** The sample rate of sent audio, 8000 to 48000 Hz; 16000 by default. */
  sampleRate?: number;
  silence_ms?: number;
  interrupt_words?: number;
  /** The session to resume. */
  session?: string;
  /** The session's resume key; a new session gets a random one. */
  resumeKey?: string;
  /** The client's tools, by name: functions from arguments to any JSON value. */
  tools?: Record<string, (given: any) => unknown>;
  /** Further options of the WebSocket's query, see docs/protocol.md. */
  query?: Record<string, string | number>;
  /** The URL of this file, if a bundler has moved it: the audio worklet is loaded from there. */
  worklet?: string | URL;
  /** A WebSocket for a Node older than 22. */
  WebSocket?: typeof WebSocket;
}

export type AuraState = "idle" | "connecting" | "listening" | "thinking" | "speaking" | "reconnecting" | "ended";

export interface AuraMetrics {
  /** The time of the connection, Unix ms. */
  connectionTime: number | null;
  messagesSent: number;
  messagesReceived: number;
  audioChunksSent: number;
  /** The round trip of the last ping, ms. */
  lastLatency: number;
  reconnections: number;
  /** ms from the microphone to the socket. */
  captureMs: number | null;
  /** ms from the socket to the browser's audio output. */
  playMs: number | null;
  /** ms from there to the loudspeaker, as reported by the browser. */
  outputMs: number | null;
}

/** The waterfall of a turn: ms after the end of speech. */
export interface TurnMetrics {
  turn: number;
  pause_ms: number | null;
  transcript_ms: number | null;
  taken_ms: number | null;
  committed_ms: number | null;
  first_token_ms: number | null;
  first_sentence_ms: number | null;
  first_audio_ms: number | null;
  first_sent_ms: number | null;
  stt_ms: number | null;
  guesses: number;
  retracted: number;
  interrupted: boolean;
}

export interface AuraEvents {
  state: { state: AuraState };
  /** The session has begun or was resumed. */
  session: { session: string; resumed: boolean };
  /** The caller's words so far. */
  partial: { text: string };
  /** The caller's words of a turn; `continues`: they belong to the turn of those before. */
  transcript: { text: string; confidence: number; continues: boolean };
  /** Words of the response, when their audio begins to play (in Node: when it arrives). */
  answer: { text: string; greeting: boolean; ends: boolean };
  /** Audio of the response, as it arrives. */
  audio: { pcm: Int16Array; rate: number };
  /** The response was interrupted; `heard` has the words that were played. */
  interrupted: { heard: string };
  complete: { full_response: string; model_used: string; response_time: number; cost: number };
  metrics: TurnMetrics;
  /** With `events: true`; `at` is Unix ms by the server's clock. */
  event: { name: string; at: number; data: Record<string, any> };
  toolcall: { call_id: string; name: string; arguments: any };
  toolcancelled: { call_id: string };
  microphone: { open: boolean };
  muted: { muted: boolean };
  /** Loudness of one side, 0 to 1, some twenty times a second and more. */
  level: { caller?: number; agent?: number };
  latency: { ms: number };
  /** `fatal`: the call is over. Codes: docs/clients.md. */
  error: { error: AuraError; code: string; message: string; details: string; fatal: boolean };
  closed: { code: number; reason: string };
  /** Every message of the server. */
  message: { type: string; [field: string]: any };
}

export class AuraError extends Error {
  constructor(code: string, message: string, details?: string);
  code: string;
  details: string;
}

export class AuraCall extends EventTarget {
  constructor(options?: AuraOptions);
  readonly options: AuraOptions;
  session: string;
  resumeKey: string;
  state: AuraState;
  readonly metrics: AuraMetrics;
  readonly muted: boolean;
  /** Whether a microphone is open. */
  readonly listens: boolean;
  /** Add a listener; returns a function that removes it. */
  on<Type extends keyof AuraEvents>(type: Type, listener: (detail: AuraEvents[Type]) => void): () => void;
  /** Open microphone, loudspeaker and connection, from a click. Rejects if the call cannot begin. */
  start(how?: { microphone?: boolean }): Promise<void>;
  /** Open the connection alone. Rejects if the call cannot begin. */
  connect(): Promise<void>;
  /** Open the microphone of a call that began without one; resolves to whether it is open. */
  openMicrophone(): Promise<boolean>;
  /** Send a typed turn. */
  type(text: string): void;
  /** Send audio, mono, of `sampleRate`. */
  send(pcm: Int16Array): void;
  mute(muted?: boolean): void;
  /** Interrupt the response. */
  interrupt(): void;
  toolResult(call_id: string, result: unknown, error?: string): void;
  hangUp(): void;
}

/** Resamples a stream. */
export class Resampler {
  constructor(from: number, to: number);
  process(samples: Float32Array): Float32Array;
  reset(): void;
}

/** The worklet's queue of audio to play. */
export class PlayQueue {
  constructor(rate: number, tell: (told: object) => void);
  push(pcm: Int16Array, mark?: number, from?: number): void;
  clear(): void;
  pull(out: Float32Array): void;
}

/** `<aura-call url token language eagerness agent label>`; its event `call` has the AuraCall. */
export interface AuraCallElement extends HTMLElement {
  /** Options without an attribute. */
  options?: AuraOptions;
  call?: AuraCall;
}

declare global {
  interface HTMLElementTagNameMap {
    "aura-call": AuraCallElement;
  }
}
