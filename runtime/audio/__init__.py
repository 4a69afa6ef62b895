"""Audio: formats, sample rates, files, codecs, gaps."""
