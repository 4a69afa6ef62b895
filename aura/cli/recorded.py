"""The commands about recorded sessions, as they are typed; what they do is a module each."""

# ruff: noqa: PLC0415 - `aura --help` must not load what one command needs

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from aura.settings import load

Session = Annotated[str, typer.Argument(metavar="SESSION", help="Its id; see `aura sessions`.")]
Run = Callable[[Coroutine[Any, Any, int]], None]


def register(app: typer.Typer, run: Run) -> None:
    """Add the commands to *app*; *run* runs the work of one and leaves with its exit code."""

    @app.command()
    def sessions(
        *,
        tenant: Annotated[str, typer.Option(help="Only of this tenant.")] = "",
        user: Annotated[str, typer.Option(help="Only of this user.")] = "",
        since: Annotated[str, typer.Option(help="Begun since 30m, 2h, 1d ago or a time.")] = "",
        error: Annotated[bool, typer.Option("--error", help="Only with an error.")] = False,
        slow: Annotated[
            float | None, typer.Option(metavar="MS", help="Only where an answer took so long.")
        ] = None,
        interrupted: Annotated[
            bool, typer.Option("--interrupted", help="Only where the caller interrupted.")
        ] = False,
        json: Annotated[bool, typer.Option("--json", help="A list of JSON objects.")] = False,
    ) -> None:
        """List the recorded sessions, newest first."""
        from aura.cli.sessions import moment_ms, show
        from aura.sessions.listing import Wanted

        since_ms = moment_ms(since, time.time())
        wanted = Wanted(tenant, user, since_ms, error, slow, interrupted)
        run(show(load(), wanted, as_json=json))

    @app.command()
    def show(
        session: Session,
        html: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Write it as a page to zoom in.")
        ] = None,
    ) -> None:
        """Draw one session: who was busy, what happened, where each turn's time went."""
        from aura.cli.show import show as draw

        run(draw(load(), session, html))

    @app.command()
    def replay(  # noqa: PLR0913  # one option a wish
        sessions: Annotated[
            list[str], typer.Argument(metavar="SESSION...", help="One; many with --decide.")
        ],
        *,
        publish: Annotated[
            bool, typer.Option("--publish", help="Publish them as a session of their own.")
        ] = False,
        speed: Annotated[float, typer.Option(help="How many times as fast.")] = 1.0,
        from_turn: Annotated[
            int, typer.Option("--from", "--from-turn", metavar="TURN", help="From this turn on.")
        ] = 0,
        decide: Annotated[
            bool,
            typer.Option("--decide", help="Decide the call again, alone: what would be other?"),
        ] = False,
        drive: Annotated[
            bool,
            typer.Option("--drive", help="Through today's workers, and compare with the record."),
        ] = False,
        stages: Annotated[
            str, typer.Option(metavar="stt,llm,tts", help="With --drive: others use the record.")
        ] = "",
        llm_model: Annotated[str, typer.Option(help="With --drive: ask this model.")] = "",
        fail_on: Annotated[
            str, typer.Option(metavar="wer=0.1,latency=1.2x", help="With --drive: exit 1 beyond.")
        ] = "",
        eagerness: Annotated[
            str, typer.Option(help="With --decide or --drive: low, auto or high.")
        ] = "",
        waits: Annotated[
            str, typer.Option(metavar="MS,MS,MS", help="With --decide: finished,unclear,unfinished")
        ] = "",
        speculate: Annotated[
            bool | None, typer.Option(help="With --decide: guess at the end of a turn, or not.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    ) -> None:
        """Replay a session: print it, publish it, decide it again, or drive it again.

        aura replay S                        its events at their own pace
        aura replay S --publish --speed 10   the same on the bus, under a new id, marked as replay
        aura replay S --decide --eagerness low    which decisions would have been others
        aura replay S --drive --llm-model m  what another model would have said
        """
        from aura.cli.here import CommandError

        if decide:
            from aura.cli.decide import Try
            from aura.cli.decide import decide as again

            run(again(load(), sessions, Try(eagerness, waits, speculate), as_json=json))
        if len(sessions) > 1:
            raise CommandError("several sessions can only be replayed with --decide")
        if drive:
            from aura.cli.drive import Wish
            from aura.cli.drive import drive as through

            wish = Wish(stages, from_turn, llm_model, eagerness, fail_on)
            run(through(load(), sessions[0], wish, as_json=json))
        from aura.cli.replay import replay as once_more

        run(
            once_more(
                load(),
                sessions[0],
                speed=speed,
                from_turn=from_turn,
                publish=publish,
                as_json=json,
            )
        )

    @app.command()
    def export(
        session: Session,
        *,
        out: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Where to; default: standard output.")
        ] = None,
        wav: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Its sound: caller left, Aura right.")
        ] = None,
        audio: Annotated[bool, typer.Option(help="With what was recorded of its sound.")] = True,
    ) -> None:
        """Write a session as one file: aura export SESSION > call.aura."""
        from aura.cli.export import export as write

        run(write(load(), session, out=out, wav=wav, audio=audio))

    @app.command("import")
    def bring_in(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="From `aura export`.")],
    ) -> None:
        """Bring in a session from a file, under its own id."""
        from aura.cli.export import bring_in as read

        run(read(load(), file))

    @app.command()
    def forget(
        session: Annotated[str, typer.Argument(metavar="[SESSION]", help="Its id.")] = "",
        *,
        user: Annotated[str, typer.Option(help="All sessions of this user.")] = "",
        tenant: Annotated[str, typer.Option(help="All sessions of this tenant.")] = "",
    ) -> None:
        """Erase every trace of sessions, then ask the server whether any is left."""
        from aura.cli.forget import forget as erase

        run(erase(load(), session, user=user, tenant=tenant))
