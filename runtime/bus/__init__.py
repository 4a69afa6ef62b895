"""All use of NATS: connecting, publishing, jobs, live audio. No other package imports nats-py.

dead_letters  consumer_lag  discovery  durable_subscription  audio_messages
jobs + pull_state          the jobs of a consumer; the count of its pull requests
connection                 Bus: the facade, and listening
publisher  bulk_reader     storing and fencing; reading thousands
reader  link_liveness      reading streams; watching the link
delivery  trace  errors    a received message; its trace; the tree of errors
audio_order  beats         decisions without a clock: audio in order; a bus that does not answer
"""
