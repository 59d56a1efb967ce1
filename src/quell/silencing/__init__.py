"""Silencing: which findings somebody chose not to hear of, after analysis, so that counts stay true."""
