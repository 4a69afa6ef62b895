"""`aura eval`: spoken scenarios against a running Aura.

suite     the types of a suite, and its errors
sounds    texts, files and noises to PCM
caller    one scenario as a call
judge     compares what was heard with what was expected; pure
results   table and JUnit XML; pure
"""
