/** The choices before a call: agent, language, voice, eagerness. Only those that differ from the agent's are sent. */

const OPTIONS = ["language", "voice", "eagerness"];

export class Choices {
  /** @param {(id: string) => HTMLElement} $ finds the selects and their rows */
  constructor($) {
    this.$ = $;
    this.agents = [];
    this.voices = [];
    this.wanted = "";
    $("chosen-agent").addEventListener("change", () => this.#show());
  }

  /** Show the operator's settings, which need no token; *agent* is the one in the address. */
  set(config, agent) {
    this.wanted = agent;
    this.languages = config.languages;
    this.agents = [{ name: "", about: "", language: config.language, eagerness: config.eagerness, may_set: OPTIONS }];
    this.#fill();
  }

  /** Request the choices of *token*; without a reply nothing changes. */
  async load(token) {
    if (!token) return;
    try {
      const answer = await fetch("talk/choices.json", { headers: { Authorization: `Bearer ${token}` } });
      if (!answer.ok) return;
      const { agents, voices } = await answer.json();
      if (agents.length) this.agents = agents;
      this.voices = voices;
    } catch {
      return; // the call will report it
    }
    this.#fill();
  }

  /** Return the options of the call: those that differ from the chosen agent's. */
  asked() {
    const { $ } = this, now = this.#agent(), known = this.agents.some(({ name }) => name === this.wanted);
    const asked = { agent: now.name || (known ? undefined : this.wanted) || undefined };
    for (const one of OPTIONS) {
      if (!$(`${one}-row`).hidden && $(one).value && $(one).value !== now[one]) asked[one] = $(one).value;
    }
    return asked;
  }

  #agent() {
    return this.agents.find(({ name }) => name === this.$("chosen-agent").value) ?? this.agents[0];
  }

  #fill() {
    const { $ } = this, before = $("chosen-agent").value || this.wanted;
    $("chosen-agent").replaceChildren(...this.agents.map(({ name }) => new Option(name || "Aura", name)));
    $("chosen-agent").value = this.agents.some(({ name }) => name === before) ? before : this.agents[0].name;
    $("agent-row").hidden = this.agents.length < 2;
    this.#show();
  }

  /** Set the other choices to the chosen agent's values; hide those that callers may not change. */
  #show() {
    const { $ } = this, now = this.#agent(), may = (one) => now.may_set.includes(one);
    const languages = { ...this.languages };
    if (Object.keys(languages).length) languages[now.language] ??= named(now.language);
    $("language").replaceChildren(...Object.entries(languages).map(([code, name]) => new Option(name, code)));
    $("language").value = now.language;
    $("language-row").hidden = !$("language").length || !may("language");
    $("voice").replaceChildren(new Option("as set", ""), ...this.voices.map((name) => new Option(name, name)));
    $("voice-row").hidden = !this.voices.length || !may("voice");
    $("eagerness").value = now.eagerness;
    $("eagerness-row").hidden = !may("eagerness");
    $("about").textContent = now.about;
    $("about").hidden = !now.about || $("agent-row").hidden;
  }
}

/** Return a language's own name, such as `svenska`. */
function named(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}
