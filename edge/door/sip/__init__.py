"""SIP: telephone calls without a cloud service, by baresip-python, an optional extra.

A process has one SIP stack, in a thread of its own, for any number of calls.
"""
