/** Types of aura.js. */

export const RATE_HZ: 16000;

export interface AuraOptions {
  /** The server, such as `https://voice.example` or `wss://voice.example/ws`; in a page by default where the page comes from. */
  url?: string;
  /** A JWT, or a function that fetches one: it is asked before every connection. */
  token?: string | (() => string | Promise<string>);
  /** A Whisper code, or `auto`. */
  language?: string;
  /** A voice's name, one that the operator lets callers choose. */
  voice?: string;
  eagerness?: "low" | "auto" | "high";
  /** The agent that answers, where the server has several. */
  agent?: string;
  /** Variables of the agent that callers may set. */
  variables?: Record<string, string>;
  /** `false`: none is spoken. */
  greeting?: boolean;
  /** `true`: the caller agrees that the sound of both sides is kept. */
  record?: boolean;
  /** `true`: the session's own events are told as `event`. */
  events?: boolean;
  /** Hz of the sound that is sent, 8000 to 48000; 16000 by default. */
  sampleRate?: number;
  silence_ms?: number;
  interrupt_words?: number;
  /** Go on with this session. */
  session?: string;
  /** Its key, where its client gave it one; each new session is given one by itself. */
  resumeKey?: string;
  /** What the model may call here, where the operator offers it: the arguments in, any JSON out. */
  tools?: Record<string, (given: any) => unknown>;
  /** More of the query of the WebSocket, as docs/protocol.md has it. */
  query?: Record<string, string | number>;
  /** Where this file lies, if a bundler has moved it: the audio worklet is loaded from there. */
  worklet?: string | URL;
  /** A WebSocket for a Node older than 22. */
  WebSocket?: typeof WebSocket;
}

export type AuraState = "idle" | "connecting" | "listening" | "thinking" | "speaking" | "reconnecting" | "ended";

export interface AuraMetrics {
  /** Unix ms at which the line was opened. */
  connectionTime: number | null;
  messagesSent: number;
  messagesReceived: number;
  audioChunksSent: number;
  /** ms there and back, of the last ping. */
  lastLatency: number;
  reconnections: number;
  /** ms from the microphone to the socket. */
  captureMs: number | null;
  /** ms from the socket to the sound being handed to the browser. */
  playMs: number | null;
  /** ms that browser and device take from there to the ear, as they say themselves. */
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
  /** The session has begun, or goes on. */
  session: { session: string; resumed: boolean };
  /** The caller's words so far. */
  partial: { text: string };
  /** The caller's words of a turn; `continues`: of the same turn as those before, after a pause. */
  transcript: { text: string; confidence: number; continues: boolean };
  /** Words of the answer, when their sound begins to be heard (in Node: when it came). */
  answer: { text: string; greeting: boolean; ends: boolean };
  /** Sound of the answer, as it came. */
  audio: { pcm: Int16Array; rate: number };
  /** The answer was interrupted; `heard` is what was heard of it. */
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
  /** Every message of the server, as it came. */
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
  /** Listen to events; returns how to stop. */
  on<Type extends keyof AuraEvents>(type: Type, listener: (detail: AuraEvents[Type]) => void): () => void;
  /** Open microphone, loudspeaker and line, from a click. Rejects where the call cannot begin. */
  start(how?: { microphone?: boolean }): Promise<void>;
  /** Open the line alone. Rejects where the call cannot begin. */
  connect(): Promise<void>;
  /** Open the microphone of a call that began without; tells whether it is open. */
  openMicrophone(): Promise<boolean>;
  /** Say a whole turn by its words. */
  type(text: string): void;
  /** Send sound of your own, mono, of `sampleRate`. */
  send(pcm: Int16Array): void;
  mute(muted?: boolean): void;
  /** Have the answer stop. */
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

/** What the loudspeaker plays; the worklet's inside. */
export class PlayQueue {
  constructor(rate: number, tell: (told: object) => void);
  push(pcm: Int16Array, mark?: number, from?: number): void;
  clear(): void;
  pull(out: Float32Array): void;
}

/** `<aura-call url token language eagerness agent label>`; tells its AuraCall by the event `call`. */
export interface AuraCallElement extends HTMLElement {
  /** More options than attributes can say. */
  options?: AuraOptions;
  call?: AuraCall;
}

declare global {
  interface HTMLElementTagNameMap {
    "aura-call": AuraCallElement;
  }
}
