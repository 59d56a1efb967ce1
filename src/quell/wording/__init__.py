"""The texts that quell shows to people: English templates, which pages recognise and show in another language."""
