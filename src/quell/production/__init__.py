"""What keeps quell cheap where people wait: sampling, a budget, findings that are known already, comments in SQL."""
