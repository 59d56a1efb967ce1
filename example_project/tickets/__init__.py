"""Tickets, what is said about them, and how customers rate them."""
