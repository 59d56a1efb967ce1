"""Advice: the plan and the code that end a finding, and the proof that they do."""
