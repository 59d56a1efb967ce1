"""What a profile finds: relations and columns that are loaded for nothing."""
