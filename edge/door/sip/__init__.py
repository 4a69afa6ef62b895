"""SIP: telephone calls without a cloud; baresip-python, an optional extra.

One process has one SIP stack, a thread of its own; it takes and places any number of calls.
"""
