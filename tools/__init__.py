"""Development tools of the repository; nothing here is shipped."""
