"""The table of stages is what the declared consumers, the bus's users and the workers say."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest

from deploy import resources
from runtime.settings import load
from schemas import subjects
from schemas.events import StageOrAudio, WebhookRequested
from schemas.stages import STAGE_NAMES, STAGES, StageRow
from workers.analytics import call_webhooks
from workers.analytics.webhook import MOST_DELIVERY_TRIES
from workers.llm.stage import LlmStage
from workers.loop.retry_policy import LAST_ATTEMPT
from workers.loop.worker_loop import HEARTBEAT_S
from workers.stt.stage import SttStage
from workers.tools.stage import ToolStage
from workers.tts.stage import TtsStage

DECLARED = {one["config"]["durable_name"]: one for one in resources.consumers()}
USERS = (Path(__file__).parents[2] / "nats" / "users.conf").read_text(encoding="utf-8")

each_stage = pytest.mark.parametrize("stage", STAGES, ids=STAGE_NAMES)


def test_every_consumer_is_some_stages() -> None:
    assert set(DECLARED) == {*(stage.consumer for stage in STAGES), call_webhooks.CONSUMER}


def test_messages_to_applications_outlast_their_tries() -> None:
    declared = DECLARED[call_webhooks.CONSUMER]["config"]
    assert declared["filter_subject"] == subjects.session_events("*", "*", WebhookRequested.KIND)
    assert declared["max_deliver"] > MOST_DELIVERY_TRIES
    delivering = call_webhooks.subscriber(load(_env_file=None))
    assert declared["ack_wait"] / 1e9 == delivering.ack_wait_s


@each_stage
def test_its_consumer_is_given_its_jobs_of_every_session(stage: StageRow) -> None:
    declared = DECLARED[stage.consumer]
    assert declared["stream_name"] == subjects.EVENTS_STREAM
    assert declared["config"]["filter_subject"] == subjects.session_events("*", "*", stage.kind)


@each_stage
def test_a_last_attempt_that_failed_can_still_be_told(stage: StageRow) -> None:
    assert DECLARED[stage.consumer]["config"]["max_deliver"] == LAST_ATTEMPT + 1


@each_stage
def test_two_heartbeats_may_be_lost_before_a_job_is_given_away(stage: StageRow) -> None:
    assert DECLARED[stage.consumer]["config"]["ack_wait"] / 1e9 > 3 * HEARTBEAT_S


@each_stage
def test_it_may_be_skipped_by_a_job_that_is_recorded(stage: StageRow) -> None:
    assert "recorded" in stage.job.__struct_fields__


@each_stage
def test_its_workers_are_a_user_of_the_bus(stage: StageRow) -> None:
    assert f"user: {stage.name}" in USERS or f'user: "{stage.name}"' in USERS


def test_the_workers_take_what_the_table_says() -> None:
    classes = (SttStage, LlmStage, ToolStage, TtsStage)
    assert {one.name: one.job_type for one in classes} == {one.name: one.job for one in STAGES}


def test_a_stage_may_be_named_as_the_cause_of_a_failure() -> None:
    assert set(STAGE_NAMES) < set(typing.get_args(StageOrAudio))
