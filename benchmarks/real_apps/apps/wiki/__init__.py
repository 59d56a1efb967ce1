"""Run django-wiki with n articles, revisions, attachments and images."""
