"""Write proven plans into the source: the only code that knows LibCST, which the extra ``fix`` installs."""
