"""The contract of Aura's bus: what is said, by whom, on which subject, in which bytes."""
