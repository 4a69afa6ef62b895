"""Telephone calls over Twilio."""
