"""What a stranger may try at the door, beside a call that must not notice; see docs/adr/0033."""
