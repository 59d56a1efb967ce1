"""Forms of the library."""

from typing import Any

from django import forms

from tests.library.models import Author, Tag


class TagForm(forms.Form):
    """Choose a tag."""

    tag: Any = forms.ModelChoiceField(queryset=Tag.objects.all())


def _with_country(author: Any) -> str:
    return f"{author} of {author.country}"  # label


class BookForm(forms.Form):
    """Choose an author and some tags."""

    author: Any = forms.ModelChoiceField(queryset=Author.objects.all())
    tags: Any = forms.ModelMultipleChoiceField(queryset=Tag.objects.all())

    def __init__(self, *, show_country: bool = False) -> None:
        super().__init__()
        if show_country:
            author: Any = self.fields["author"]
            author.label_from_instance = _with_country


TagFormSet = forms.formset_factory(TagForm, extra=3)
