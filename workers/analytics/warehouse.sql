-- Views over the Parquet files of workers/analytics/warehouse.py. $FILES is where they lie:
--     sed "s#\$FILES#.aura/analytics/events/*/*.parquet#" warehouse.sql | duckdb -init /dev/stdin
-- Times are UTC. Only calls are counted once: an event that came twice has one id.

CREATE VIEW events AS
SELECT DISTINCT ON (id) *, make_timestamp(at_ms * 1000) AS at_utc
FROM read_parquet('$FILES', union_by_name = true);

CREATE VIEW turns AS
SELECT
  measured.tenant, measured.session, measured.turn, measured.at_utc,
  measured.pause_ms, measured.transcript_ms, measured.taken_ms, measured.committed_ms,
  measured.first_token_ms, measured.first_sentence_ms, measured.first_audio_ms,
  measured.first_sent_ms, measured.stt_ms,
  measured.guesses, measured.retracted, measured.wasted_sentences,
  cancelled.id IS NOT NULL AS interrupted,
  heard.played_ms, heard.complete,
  answer.model, answer.prompt_tokens, answer.completion_tokens
FROM events AS measured
LEFT JOIN (  -- once more after a return
  SELECT session, turn, sum(played_ms) AS played_ms, bool_or(complete) AS complete
  FROM events WHERE type = 'answer.heard' GROUP BY session, turn
) AS heard
  ON heard.session = measured.session AND heard.turn = measured.turn
LEFT JOIN (  -- one for each step
  SELECT session, turn, arg_max(model, step) AS model, sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens
  FROM events WHERE type = 'response.completed' GROUP BY session, turn
) AS answer
  ON answer.session = measured.session AND answer.turn = measured.turn
LEFT JOIN events AS cancelled  -- after the last of an answer was handed out, too
  ON cancelled.type = 'response.cancelled' AND cancelled.reason = 'interrupted'
  AND cancelled.session = measured.session AND cancelled.turn = measured.turn
WHERE measured.type = 'turn.measured';

CREATE VIEW sessions AS
SELECT
  any_value(tenant) AS tenant, session,
  min(at_utc) AS started_at, max(at_utc) AS ended_at,
  (max(at_ms) - min(at_ms)) / 1000.0 AS seconds,
  any_value(dialect) AS dialect,
  count(*) FILTER (type = 'turn.measured') AS turns,
  count(*) FILTER (type = 'response.cancelled' AND reason = 'interrupted') AS interruptions,
  count(*) FILTER (type = 'interruption.dismissed') AS false_interruptions,
  count(*) FILTER (type = 'trouble.told') AS errors,
  count(*) FILTER (type = 'session.resumed') AS resumed,
  coalesce(sum(audio_ms) FILTER (type = 'transcript.final' AND confidence > 0), 0) / 1000.0
    AS caller_seconds,
  coalesce(sum(played_ms) FILTER (type = 'answer.heard'), 0) / 1000.0 AS aura_seconds,
  coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
  coalesce(sum(completion_tokens), 0) AS completion_tokens
FROM events
GROUP BY session;
