"""Facts that Django knows about models, as plain frozen values."""
