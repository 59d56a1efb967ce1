"""Side effects in transactions, and transactions that are open for long."""
