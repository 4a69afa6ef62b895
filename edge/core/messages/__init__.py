"""What a call takes and gives: inputs, effects, client commands, client events. Pure."""
