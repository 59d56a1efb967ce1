"""What the templates of the panel need to be in one language."""

from django import template

from quell.translating import translated

register = template.Library()
register.filter("translated", translated)
