"""All use of NATS: connecting, publishing, jobs, audio in flight. No decision is made here.

BusError
├── BusAwayError     no server answers: try again later
└── FencedError      the subject has moved on: stop, somebody else's word counts
"""
