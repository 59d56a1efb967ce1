"""Find N+1 queries by proof, write the fix, and prove that the fix works."""

__all__: list[str] = []
