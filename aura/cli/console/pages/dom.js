/** Elements, texts and numbers. Data of calls is set as text, never as HTML. */

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Replace invisible characters, and those that change the direction of text, by their codes, such as `\u202e`. */
export const plain = (text) => String(text).replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Make an element: `on...` adds a listener, `text` sets its text, null is left out. */
export function el(tag, attributes = {}, ...children) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
    else if (name === "text") one.textContent = plain(value);
    else one.setAttribute(name, value === true ? "" : value);
  }
  one.append(...children.filter((child) => child != null));
  return one;
}

/** Set the text of *node* if it differs, so that screen readers do not repeat it. */
export function set(node, text) {
  const shown = plain(text);
  if (node.textContent !== shown) node.textContent = shown;
  return node;
}

/** Give *parent* an element for each of *items*, by key, so that known elements keep the focus. */
export function keyed(parent, items, key, make, update) {
  const there = (parent.keyed ??= new Map()), now = new Map();
  let before = null;
  for (const item of items) {
    const name = key(item), node = there.get(name) ?? make(item);
    now.set(name, node);
    update(node, item);
    const place = before ? before.nextSibling : parent.firstChild;
    if (node !== place) parent.insertBefore(node, place);
    before = node;
  }
  for (const [name, node] of there) if (!now.has(name)) node.remove();
  parent.keyed = now;
}

export const count = (n) => Number(n).toLocaleString("en");
export const ms = (n) => (n == null ? "–" : `${count(Math.round(n))} ms`);
export const share = (part, whole) => (whole ? `${Math.round((100 * part) / whole)} %` : "–");
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
/** The end of a session's id, which differs between calls. */
export const short = (session) => (session.length > 14 ? `…${session.slice(-10)}` : session);

export function since(from_ms, now_ms) {
  const s = Math.max(0, Math.round((now_ms - from_ms) / 1000));
  if (s < 60) return `${s} s`;
  return s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export const clock = (at_ms) => new Date(at_ms).toLocaleTimeString("en-GB");
export const day = (at_ms) => new Date(at_ms).toLocaleString("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A table in a frame, which scrolls if the table is too wide. */
export function table(caption, columns, body) {
  const head = el("tr", {}, ...columns.map(([text, kind]) => el("th", { scope: "col", class: kind, text })));
  return el("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
    el("table", {}, el("caption", { class: "unseen", text: caption }), el("thead", {}, head), body));
}

/** Request *path* of the console; @throws {{status, code, message}} its error. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers: options.body ? { "Content-Type": "application/json" } : {}, ...options });
  } catch {
    throw { status: 0, code: "UNREACHABLE", message: "The console does not answer." };
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw { status: answer.status, code: said.code, message: said.error ?? "The console refused it." };
  return said;
}
