"""The contract of Aura's bus: the messages, their senders, subjects and bytes."""
