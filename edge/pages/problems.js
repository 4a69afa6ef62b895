/** Messages for errors, as [what happened, what to do]. Pure. */

const SECURE = "Browsers give microphone and sound only to https pages, and to localhost. Ask for an https address; here you can type, and read the answers.";

const PROBLEMS = {
  MICROPHONE_REFUSED: ["The microphone was not allowed.", "Allow it in the address bar and start again. You can type meanwhile."],
  MICROPHONE_MISSING: ["No microphone was found.", "Plug one in and start again. You can type meanwhile."],
  MICROPHONE_BUSY: ["Another program holds the microphone.", "Close it and start again. You can type meanwhile."],
  MICROPHONE_LOST: ["The microphone is gone.", "You can type, or hang up and start again."],
  MICROPHONE_INSECURE: ["This page may not use microphone and loudspeaker.", SECURE],
  MICROPHONE_FAILED: ["The microphone cannot be opened.", "You can type meanwhile."],
  AUDIO_FAILED: ["This browser plays no sound here.", "You can type, and read the answers."],
  INVALID_TOKEN: ["This token was refused.", "It may be mistyped, expired or meant for another server."],
  TOKEN_EXPIRED: ["Your token has expired.", "Get a new one from the operator: within a minute, the call goes on with it."],
  SESSION_LIMIT: ["There is no free seat.", "Calls have a limit, each person's too: end your other call, or try again in a while."],
  RATE_LIMITED: ["Too many tries within a minute.", "Wait a moment, then try again."],
  OVERLOADED: ["Aura is busy with other calls.", "Try again in a few seconds."],
  BUS_AWAY: ["Aura's message bus is away.", "Try again in a moment."],
  AUDIO_ERROR: ["Your sound could not be processed.", "The call goes on."],
  STT_ERROR: ["Your words could not be recognised.", "Say it once more."],
  LLM_ERROR: ["No answer could be written.", "The language model failed, or was not there. Ask once more."],
  TTS_ERROR: ["The answer could not be spoken.", "It is written here. The call goes on."],
  AUDIO_DOWN: ["The call ended: sound cannot be processed.", "Try again in a moment."],
  STT_DOWN: ["The call ended: speech recognition is down.", "Its operator has to look after it."],
  LLM_DOWN: ["The call ended: the language model is down.", "Its operator has to look after it."],
  TTS_DOWN: ["The call ended: the voice is down.", "Its operator has to look after it."],
  SERVER_ERROR: ["The server failed.", "Try again. If it happens again, its operator should look at the logs."],
  UNREACHABLE: ["The server cannot be reached.", "Is it running? Is there a network?"],
  LOST: ["The connection was lost for good.", "Start a new call."],
  CALL_TOO_LONG: ["The call reached its longest time.", "Start again to go on."],
  CALL_IDLE: ["Nobody spoke for a while, so the call ended.", "Start again to go on."],
};

/** Return whether an error event says that the bus is away. */
export function busAway({ code, details }) {
  return code === "AUDIO_ERROR" && /bus is away/.test(details);
}

/** Return [what, what to do] of an error event of the library. */
export function problem({ code, message, details }) {
  if (busAway({ code, details })) return ["Aura's message bus is away.", "The call goes on when it is back."];
  if (code === "SESSION_LIMIT" && /a minute/.test(details)) return PROBLEMS.RATE_LIMITED;
  if (code === "INVALID_OPTION") return ["A choice was ignored.", details];
  return PROBLEMS[code] ?? [message || "Something went wrong.", details || ""];
}

/** Return [what, what to do] of the body of `/health`, before or *during* a call; null where all is well. */
export function unwell(health, during = false) {
  const services = health?.services;
  if (!services || services.audio_pipeline) return null;
  const missing = [!services.audio_processor && "speech recognition", !services.ai_service && "the language model"].filter(Boolean);
  const what = missing.length ? missing.join(" and ") : "the voice";
  const both = missing.length > 1;
  let advice = "A call can begin, but may not be answered.";
  if (both) advice = "Perhaps Aura's message bus is away.";
  else if (missing[0] === "speech recognition") advice = "What you say is not understood until it is back. You can type.";
  else if (during) advice = missing.length ? "Answers wait until it is back." : "Until it is back, answers are written here.";
  return [`Not everything runs: ${what} ${both ? "are" : "is"} missing.`, advice];
}
