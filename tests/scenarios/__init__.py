"""A labelled corpus: small functions, each with what quell has to say about it."""
