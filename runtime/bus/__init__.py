"""All use of NATS: connecting, publishing, jobs, audio in flight. nats-py is known here alone.

    dead_letters  consumer_lag  discovery  durable_subscription  utterance_frames
    jobs + pull_state          the jobs of a consumer; the accounts of what was asked for
    connection                 Bus: all the verbs, and listening
    publisher  bulk_reader     stored, fenced; read by the thousand
    reader  link_liveness      read, asked; whether the link answers
    delivery  trace  errors    a message as listeners get it; its trace; what goes wrong

BusError
├── BusAwayError     no server answers: try again later
└── FencedError      another writer was first: stop
"""
