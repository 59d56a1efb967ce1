"""Plans that were recorded: the file that holds them, where they belong, and how they reach querysets."""
