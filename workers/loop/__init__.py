"""The worker loop: takes jobs, runs them by a stage, answers each exactly once."""
