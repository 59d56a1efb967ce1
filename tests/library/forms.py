"""Forms of the library."""

from typing import Any

from django import forms

from tests.library.models import Author, Tag


class TagForm(forms.Form):
    """Choose a tag."""

    tag: Any = forms.ModelChoiceField(queryset=Tag.objects.all())


class BookForm(forms.Form):
    """Choose an author and some tags."""

    author: Any = forms.ModelChoiceField(queryset=Author.objects.all())
    tags: Any = forms.ModelMultipleChoiceField(queryset=Tag.objects.all())


TagFormSet = forms.formset_factory(TagForm, extra=3)
