"""Rules: what happened in, findings without a plan out. Pure functions, one file per rule."""
