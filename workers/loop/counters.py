"""The metrics of a worker for Prometheus, by stage."""

import time

from prometheus_client import Counter, Gauge, Histogram

from runtime.bus.jobs import Job, Jobs
from runtime.process.metrics import WORK_S

JOBS = Counter(
    "aura_worker_jobs_total",
    "Jobs answered: done, failed (given up), retried, overtaken (done by another worker).",
    ["stage", "outcome"],
)
JOB_SECONDS = Histogram(
    "aura_worker_job_seconds",
    "From taking a job to answering it; an STT job lasts as long as its utterance.",
    ["stage"],
    buckets=WORK_S,
)
WAIT = Histogram(
    "aura_worker_queue_wait_seconds",
    "From storing a job to taking it, first deliveries only (clocks of server and worker).",
    ["stage"],
    buckets=WORK_S,
)
REDELIVERED = Counter(
    "aura_worker_redeliveries_total",
    "Jobs that came again because another worker lost them.",
    ["stage"],
)
IN_FLIGHT = Gauge("aura_worker_jobs_in_flight", "Jobs in hand.", ["stage"])
SLOTS = Gauge("aura_worker_slots", "Limit of jobs in hand.", ["stage"])
DEPTH = Gauge(
    "aura_worker_queue_depth",
    "Jobs of the stage that no worker has taken, by the server's latest count.",
    ["stage"],
)


def watch(stage: str, jobs: Jobs) -> None:
    """Let the gauges of *stage* show the state of *jobs*."""
    SLOTS.labels(stage).set(jobs.slots)
    IN_FLIGHT.labels(stage).set_function(lambda: jobs.in_flight)
    DEPTH.labels(stage).set_function(lambda: jobs.depth)
    for outcome in ("done", "failed", "retried", "overtaken"):
        JOBS.labels(stage, outcome)


def started(stage: str, job: Job) -> None:
    if job.attempt > 1:
        REDELIVERED.labels(stage).inc()
    else:
        WAIT.labels(stage).observe(max(0.0, time.time() - job.stored_s))


def answered(stage: str, outcome: str, took_s: float) -> None:
    JOBS.labels(stage, outcome).inc()
    JOB_SECONDS.labels(stage).observe(took_s)
