"""All use of NATS: connecting, publishing, jobs, live audio. No other package imports nats-py.

calls  prompts  discovery  questions to edges and other processes
dead_letters  consumer_lag  durable_subscription
jobs  audio_messages       the jobs of a consumer; a caller's audio, in order
tool_services              tools that answer over the bus
silence                    the answers of all who were asked
connection                 Bus: the facade, and subscriptions
pull_state                 the count of pull requests
publisher  bulk_reader     storing and fencing; reading thousands
configurations             session configurations, stored once and named by hash
reader  link_liveness      reading streams; watching the link
server_address             where the server is, with which password and certificate
delivery  trace  errors    a received message; its trace; the tree of errors
fast_headers               headers of thousands of messages, parsed fast
audio_order  beats         decisions without a clock: audio in order; a bus that does not answer
callbacks                  calls each callback of a connection
"""
