"""The clients' side of an edge: HTTP, WebSockets, tokens, limits.

Its errors, and what their callers do:

Exception
├── OverBudgetError         close the connection: it costs too much (`limits/allowance.py`)
├── RefusedError            tell the client in its protocol: no session (`refusal.py`)
├── FullError               raise a RefusedError: a limit is reached (`limits/session_limits.py`)
├── TokenRefusedError       log it, and take the caller for nobody (`callers/auth.py`)
├── RefusedCallError        answer a Realtime call over HTTP (`http/realtime_calls.py`)
├── BadTokenError           answer 401, or 429 after too many (`http/tokens.py`)
├── StageFailedError        answer 503: a stage made no speech or text (`http/stage_job.py`)
│   └── AudioLostError      answer 503 `audio_lost`: words would be missing (`http/stage_job.py`)
└── RefusedRequest          answer a request about a call over HTTP (`http/calls_api.py`)
ValueError
├── TooLongError            answer in the form of the API: the body is too long (`http/bodies.py`)
└── BadOfferError           answer 400: the offer is invalid (`webrtc/peer.py`)
OSError
└── NoPortError             answer 503: no UDP port is free (`webrtc/udp_port.py`)
"""
