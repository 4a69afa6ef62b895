"""The tables of recordings of people: from people.json in benchmarks/results and its prompts/."""

from typing import Any

from markdown_table import under


def tables(found: dict[str, Any]) -> str:
    """Return a table for each part that was measured."""
    shown = {
        "interruptions": interruptions,
        "noise": noise,
        "lengths": lengths,
        "minutes": minutes,
        "pauses": pauses,
    }
    parts = [make(found[name]) for name, make in shown.items() if name in found]
    if lines := [
        f"{what} | {share(found[part][key])}"
        for part, key, what in (
            (
                "sounds",
                "stopped",
                'a response stopped at coughs, claps, typing, music or "mhm" '
                "(in Aura's own voice)",
            ),
            (
                "echo",
                "calls_with_either",
                "Aura interrupted or answered itself in a call of half a minute with a loudspeaker "
                "at -6 to -20 dB beside the microphone",
            ),
            (
                "microphones",
                "understood",
                "Aura understood a page that does not tell its sample rate, over a random network",
            ),
        )
        if part in found
    ]:
        parts.append(
            under("Further measurements with recordings of people, in real time:", "| seen", lines)
        )
    return "\n\n".join(parts)


def prompts(found: dict[str, Any]) -> str:
    """Return the same tables of recordings that everybody can fetch."""
    return (
        "The same measurements on recordings that everybody can fetch, the telephone prompts of "
        f"Debian (`python -m benchmarks.people.prompts`):\n\n{tables(found)}"
    )


def share(found: dict[str, Any]) -> str:
    low, high = found["percent_bounds"]
    return f"{found['count']} of {found['of']} ({low:.0f} to {high:.0f} %)"


def ms(found: dict[str, Any], percent: int) -> str:
    """Return a percentile with its bounds."""
    if not found["n"]:
        return ""
    low, high = found[f"p{percent}_bounds_ms"]
    return f"{found[f'p{percent}_ms']} ms ({low} to {high})"


def at_once(found: dict[str, Any]) -> str:
    count = found["calls_at_once"]
    return "one call at a time" if count == 1 else f"{count} calls at once"


def interruptions(found: dict[str, Any]) -> str:
    told, silent = found["to_ai_interrupted"], found["to_silence_in_chunks"]
    return under(
        f"People speak over greetings and answers, in real time, {at_once(found)}; bounds of 95 %:",
        "| seen",
        [
            f"the speaker was heard | {share(found['heard'])}",
            f"the response went on over the speaker | {share(found['resumed_over_the_speaker'])}",
            f"caller's first sound to silence, with delivery in chunks, p50 | {ms(silent, 50)}",
            f"caller's first sound to silence, with delivery in chunks, p95 | {ms(silent, 95)}",
            f"caller's first sound to `ai_interrupted`, p50 | {ms(told, 50)}",
            f"caller's first sound to `ai_interrupted`, p95 | {ms(told, 95)}",
        ],
    )


def noise(found: dict[str, Any]) -> str:
    return under(
        "Phrases of people in constant noise, in real time; the reference of the words is the "
        "recogniser in quiet, and faster-whisper hears the same noisy sound:",
        "noise | turns that ended | first audio p50 | later than in quiet, p50 | wrong words "
        "| wrong words of faster-whisper",
        (
            f"{row['noise']} | {row['ended']['count']} of {row['ended']['of']} "
            f"| {row['first_audio'].get('p50_ms', '')} ms "
            f"| {row['later_than_quiet'].get('p50_ms', '')} ms "
            f"| {row['wer_percent']} % | {row['wer_plain_percent']} %"
            for row in found["rows"]
        ),
    )


def lengths(found: dict[str, Any]) -> str:
    return under(
        "Time from the end of speech to the first audio, by the length of the utterance; the "
        "utterances are phrases of people in real time, and the language model is simulated:",
        "length | utterances | first audio p50 | p95 | times the first row "
        "| answered inside the utterance",
        (
            f"{row['seconds']} s | {row['first_audio']['n']} | {ms(row['first_audio'], 50)} "
            f"| {ms(row['first_audio'], 95)} | {row['times_the_first']} "
            f"| {row['answered_inside']}"
            for row in found["rows"]
        ),
    )


def minutes(found: dict[str, Any]) -> str:
    return under(
        "A caller speaks for minutes, in real time; the reference of the words is the spoken text, "
        "and faster-whisper hears the whole sound:",
        "minutes | words | wrong, lost, added | the same of faster-whisper "
        "| CPU ms a second of speech | CPU of the last part to the first",
        (
            f"{row['minutes']} | {row['heard']['words']} | {_wrong(row['heard'])} "
            f"| {_wrong(row['plain'])} | {row['cpu_ms_a_second']} | {row['cpu_of_the_first']}"
            for row in found["rows"]
        ),
    )


def _wrong(found: dict[str, int]) -> str:
    return f"{found['wrong']}, {found['lost']}, {found['added']}"


def pauses(found: dict[str, Any]) -> str:
    rows = [("Aura", found), *((row["who"], row) for row in found["peers"])]
    apart = "; the peer ran earlier that day" if "peers_when" in found else ""
    return under(
        "People pause between and inside sentences and go on (recordings, in real time). Aura "
        f"answered in {share(found['early'])} of the pauses{apart}:",
        "| recordings with an answer inside | end of speech to first audio, p50 | p95",
        (
            f"{who} | {share(row['answered_inside'])} | {ms(row['first_audio'], 50)} "
            f"| {ms(row['first_audio'], 95)}"
            for who, row in rows
        ),
    )
