"""A shipped subscriber: the numbers of every call in Parquet files, for DuckDB and `aura report`.

    aura worker analytics --module workers.analytics.warehouse

Each event is a row, each field with a number or a name a column. **No words**: transcripts,
responses, prompts, what tools and commands are told, and users are left out. A file is complete
before its events are acknowledged. An event that was delivered twice has one id, and the view
`events` shows it once (`warehouse.sql`).
"""

from __future__ import annotations

import asyncio
import functools
import typing
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import msgspec
import structlog
from msgspec.structs import FieldInfo

from runtime.process.version import installing
from runtime.settings import Settings, SettingsError
from schemas.events import Event, tag
from workers.analytics.subscribers import EVENT_TYPES, Context, Handler, opening

if TYPE_CHECKING:
    import duckdb

log = structlog.get_logger(__name__)

TEXTS = frozenset(
    "tenant session protocol edge version replay_of connection before reason language model "
    "llm_model tool_choice name agent runner wanted command_id".split()
)
"""The free texts that are stored: ids, names of Aura's own things, and reasons for operators. Any
other may hold words or a person's name."""
NUMBERS = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN"}
VIEWS = Path(__file__).with_name("warehouse.sql")
BATCH_EVENTS = 1000
"""The most events in one Parquet file."""
BATCH_WAIT_S = 10.0


def folder_of(settings: Settings) -> Path:
    return Path(settings.analytics_dir or settings.data_dir / "analytics").expanduser()


def columns() -> dict[str, str]:
    """Return all columns with their DuckDB types, derived from the types of the events."""
    column_types = {"id": "VARCHAR", "type": "VARCHAR"}
    for kind in EVENT_TYPES.values():
        for column, field in _columns(kind):
            column_types.setdefault(column, _sql_type(field))
    return column_types


@functools.cache
def _columns(kind: type[Event]) -> list[tuple[str, FieldInfo]]:
    """Return the columns of an event and their fields; only `eot_*` differ from the bus."""
    return [
        (field.name if "eot" in field.name else field.encode_name, field)
        for field in msgspec.structs.fields(kind)
        if _sql_type(field)
    ]


def _sql_type(field: FieldInfo) -> str:
    """Return the type of *field*, a number, one of a few words or one of TEXTS; "" of any other."""
    kind, parts = field.type, typing.get_args(field.type)
    if type(None) in parts:
        kind = next(part for part in parts if part is not type(None))
    kind = getattr(kind, "__origin__", kind)
    is_text = kind is Literal or (kind is str and field.name in TEXTS)
    return NUMBERS.get(kind, "VARCHAR" if is_text else "")


def row(event: Event) -> dict[str, Any]:
    """Return the row of *event*."""
    values = {column: getattr(event, field.name) for column, field in _columns(type(event))}
    return {"id": event.id, "type": tag(event), **values}


def write(folder: Path, events: Sequence[Event], now: datetime) -> Path:
    """Write *events* atomically into a new Parquet file under *folder*, and return the file."""
    day = folder / "events" / now.strftime("%Y-%m-%d")
    day.mkdir(parents=True, exist_ok=True)
    file = day / f"{now.strftime('%H%M%S')}-{uuid4().hex[:12]}.parquet"
    rows, part = file.with_suffix(".ndjson"), file.with_suffix(".part")
    try:
        lines = msgspec.json.Encoder().encode_lines([row(event) for event in events])
        rows.write_bytes(lines)
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns().items())
        with library().connect() as db:
            db.execute(
                f"COPY (SELECT * FROM read_json('{_quoted(rows)}', format='newline_delimited', "  # noqa: S608  # our own path
                f"columns={{{types}}})) TO '{_quoted(part)}' (FORMAT parquet)"
            )
        part.replace(file)
    finally:
        rows.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
    return file


def database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the views of `warehouse.sql` over *folder*."""
    db: duckdb.DuckDBPyConnection = library().connect()
    pattern = _quoted(folder / "events" / "*" / "*.parquet")
    db.execute(VIEWS.read_text(encoding="utf-8").replace("$FILES", pattern))
    return db


def library() -> Any:
    """Return DuckDB.

    Raises:
        SettingsError: DuckDB is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise SettingsError(f"DuckDB is not installed: {installing('analytics')}") from error
    return duckdb


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@opening("*", name="warehouse", batch=BATCH_EVENTS, batch_wait_s=BATCH_WAIT_S, calls_only=True)
@asynccontextmanager
async def subscriber(context: Context) -> AsyncIterator[Handler]:
    """Yield the handler, which writes each batch into a file."""
    folder = folder_of(context.settings)
    await asyncio.to_thread(library)
    log.info("warehouse_opened", folder=str(folder))

    async def keep(events: list[Event]) -> None:
        await asyncio.to_thread(write, folder, events, datetime.now(UTC))

    yield keep
