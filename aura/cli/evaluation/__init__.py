"""`aura eval`: spoken scenarios against a running Aura.

suite     what a suite may say (types and their errors)
sounds    texts, files and noises to PCM
caller    one scenario as a call
judge     what was heard against what was expected; pure
results   table and JUnit XML; pure
"""
