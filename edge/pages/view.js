/** The parts of the page that show a call: the conversation, and two meters. */

/** The list of the conversation; only the last item of each side changes. */
export class Words {
  constructor(list) {
    this.list = list;
    this.caller = null;
    this.agent = null;
    this.held = null;
    this.tools = new Map();
  }

  partial(text) {
    this.caller ??= this.#item("you", "You");
    this.caller.className = "you growing";
    this.#say(this.caller, text);
  }

  heard(text, continues = false) {
    const before = (this.caller ?? this.agent)?.previousElementSibling ?? this.list.lastElementChild;
    if (continues && before?.className === "you") {
      this.caller?.remove();
      this.caller = before;
      text = `${before.lastChild.textContent} ${text}`;
    }
    this.caller ??= this.#item("you", "You");
    this.caller.className = "you";
    this.#say(this.caller, text);
    this.caller = this.agent = this.held = null;
  }

  answer(text, ends) {
    if (this.held) {
      this.agent = this.held;
      this.agent.classList.remove("cut");
      if (!text.startsWith(" ")) text = ` ${text}`;
      this.held = null;
    }
    this.agent ??= this.#item("agent", "Aura", this.caller);
    this.#say(this.agent, this.agent.lastChild.textContent + text);
    if (ends) this.agent = null;
  }

  /** Mark a response whose connection was lost: its sentence may begin again. */
  lost() {
    if (this.agent) this.#say(this.agent, `${this.agent.lastChild.textContent.trimEnd()} … `);
  }

  /** Cut the last response to the words heard; it may go on after a false interruption. */
  interrupted(heard) {
    const last = this.agent ?? [...this.list.querySelectorAll(".agent")].pop();
    if (!last) return;
    if (heard) this.#say(last, heard);
    last.classList.add("cut");
    this.agent = null;
    this.held = last;
  }

  /** Show a tool call, by its *key*; a *text* of null removes it. */
  tool(key, text) {
    const item = this.tools.get(key) ?? this.#item("tool", "Tool", this.caller);
    this.tools.set(key, item);
    if (text === null) item.remove();
    else this.#say(item, text);
  }

  /** End the conversation. */
  end() {
    if (this.caller?.classList.contains("growing")) this.caller.classList.remove("growing");
    this.caller = this.agent = null;
  }

  #item(kind, who, before = null) {
    const item = document.createElement("li"), name = document.createElement("span"), what = document.createElement("span");
    item.className = kind;
    name.className = "who";
    what.className = "what";
    name.textContent = who;
    item.append(name, what);
    this.list.insertBefore(item, before);
    return item;
  }

  #say(item, text) {
    const { list } = this, own = list.scrollHeight > list.clientHeight + 1;
    const read = own && list.scrollHeight - list.scrollTop - list.clientHeight > 160; // somebody scrolled up
    item.lastChild.textContent = text;
    if (own && !read) list.scrollTop = list.scrollHeight;
    else if (!own && item.getBoundingClientRect().bottom > innerHeight - 220) item.scrollIntoView({ block: "nearest" });
  }
}

/** The last two seconds of a side's loudness, as bars. */
export class Meter {
  constructor(canvas) {
    this.canvas = canvas;
    this.levels = new Float32Array(40);
    this.loudest = 0;
  }

  take(level) {
    this.loudest = Math.max(this.loudest, level);
  }

  /** Draw the next bar; called some twenty times a second. */
  step() {
    this.levels.copyWithin(0, 1);
    this.levels[this.levels.length - 1] = this.loudest;
    this.loudest *= 0.3;
    const { canvas, levels } = this, pen = canvas.getContext("2d"), wide = canvas.width / levels.length;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = getComputedStyle(canvas).getPropertyValue("--accent");
    levels.forEach((level, k) => {
      const high = Math.max(3, Math.min(1, Math.sqrt(level) * 1.9) * canvas.height);
      pen.globalAlpha = 0.35 + 0.65 * (k / levels.length);
      pen.beginPath();
      pen.roundRect(k * wide, (canvas.height - high) / 2, wide * 0.55, high, 2);
      pen.fill();
    });
  }
}
