"""Visit the pages of a project, find their needless queries, and prove the fixes."""
