/** The connection to the console: its state ten times a second; it reconnects by itself. */

const AGAIN_MS = [500, 1000, 2000, 4000];
/** The most events that are kept. */
const KEPT = 2000;

export class Live extends EventTarget {
  constructor() {
    super();
    this.state = { bus: "away", why: "", calls: [], workers: [], stages: [] };
    this.may = { words: true, commands: false };
    this.open = false;
    this.watches = "";
    /** ms by which the edges' clocks are ahead of this one, by the newest message. */
    this.offset_ms = null;
    this.tries = 0;
    /** The newest events of all calls, and the number of those that the console left out. */
    this.rows = [];
    this.left_out = 0;
  }

  start() {
    const url = new URL("api/live", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.socket = new WebSocket(url));
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = () => {
      this.open = false;
      this.#tell("lost", {});
      this.waiting = setTimeout(() => this.start(), AGAIN_MS[Math.min(this.tries++, AGAIN_MS.length - 1)]);
    };
  }

  stop() {
    clearTimeout(this.waiting);
    if (this.socket) this.socket.onclose = null;
    this.socket?.close();
    this.open = false;
  }

  /** Request the events of a call from its start; "": of none. */
  watch(session) {
    this.watches = session;
    if (this.open) this.socket.send(JSON.stringify({ watch: session }));
  }

  /** Add a listener for a kind of message; returns a function that removes it. */
  on(kind, listener) {
    const heard = ({ detail }) => listener(detail);
    this.addEventListener(kind, heard);
    return () => this.removeEventListener(kind, heard);
  }

  get now_ms() {
    return Date.now() + (this.offset_ms ?? 0);
  }

  #take(message) {
    if (message.kind === "hello") {
      this.may = message;
      this.open = true;
      this.tries = 0;
      this.rows = []; // the console sends the recent ones
      if (this.watches) this.watch(this.watches);
    }
    if (message.kind === "state") {
      if (message.bus === "here" && this.state.bus === "away" && this.watches) this.watch(this.watches);
      this.state = { ...this.state, ...message };
      if (message.now_ms) this.offset_ms = message.now_ms - Date.now();
    }
    if (message.kind === "rows") {
      this.rows.push(...message.rows);
      if (this.rows.length > KEPT) this.rows.splice(0, this.rows.length - KEPT);
      this.left_out += message.left_out;
    }
    this.#tell(message.kind, message);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
