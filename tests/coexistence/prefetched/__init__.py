"""An application whose models load what is missing for all their peers, by django-auto-prefetch."""
