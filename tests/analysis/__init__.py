"""The rules, from plain records: no Django, no database."""
