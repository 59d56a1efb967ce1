"""The API of the help desk: its plans are declared or inferred, so that no list grows queries with its rows."""
