/** The steps of a turn as bars, ms after the end of speech, for the talk page, the console and `aura show --html`. */

/** The same names as in the terminal (`STEPS` in schemas/events/turn.py). */
export const STEPS = {
  pause_ms: "pause noticed", transcript_ms: "transcript", taken_ms: "language model asked", first_token_ms: "first token",
  first_sentence_ms: "first sentence", committed_ms: "end of turn certain", first_audio_ms: "first audio at the edge", first_sent_ms: "first audio sent",
};
const capital = (name) => name[0].toUpperCase() + name.slice(1);

/** Fill the table *body* with the steps of a turn, from `turn_metrics` or `turn.measured`. */
export function waterfall(body, measured) {
  const steps = Object.keys(STEPS)
    .filter((key) => measured[key] != null)
    .map((key) => [capital(STEPS[key]), Math.max(0, measured[key])])
    .sort((a, b) => a[1] - b[1]);
  const longest = Math.max(1, ...steps.map((one) => one[1]));
  let before = 0;
  body.replaceChildren(
    ...steps.map(([name, ms]) => {
      const row = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
      const bar = document.createElement("span"), number = document.createElement("td");
      head.scope = "row";
      head.textContent = name;
      bar.className = "bar";
      bar.style.marginLeft = `${(before / longest) * 100}%`;
      bar.style.width = `${((ms - before) / longest) * 100}%`;
      number.className = "ms";
      number.textContent = `${Math.round(ms)} ms`;
      before = ms;
      cell.append(bar);
      row.append(head, cell, number);
      return row;
    }),
  );
}
