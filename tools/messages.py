"""
Keep the catalogues of translations up to date: collect what the code marks, and compile what translators wrote.

Usage: ``python -m tools.messages [--check | LANGUAGE ...]``. Without arguments all catalogues are brought up to date;
a language that has none gets an empty one. ``--check`` changes nothing, and tells what is missing.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template import Engine
from django.template.base import Node
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "quell"
LOCALE = SOURCE / "locale"
# Functions whose first arguments are texts to translate, and how many of them.
_MARKS = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
    "wording": 2,
}
_LIBRARIES = {
    "i18n": "django.templatetags.i18n",
    "l10n": "django.templatetags.l10n",
    "quell_pages": "quell.templatetags.quell_pages",
    "static": "django.templatetags.static",
}
_PERCENT = re.compile(r"%\(\w+\)[a-z]")


@dataclass(frozen=True, slots=True)
class Marked:
    """A text that is marked, with its plural where it has one, and the file that it stands in."""

    file: str
    one: str
    many: str = ""

    @property
    def id(self) -> str | tuple[str, str]:
        """What a catalogue knows it by."""
        return (self.one, self.many) if self.many else self.one


def marked_texts() -> list[Marked]:
    """Return all marked texts, by file and line."""
    found: list[Marked] = []
    for file in sorted(SOURCE.rglob("*")):
        name = file.relative_to(ROOT / "src").as_posix()
        if file.suffix == ".py" and "migrations" not in file.parts:
            found += in_module(file.read_text(encoding="utf-8"), name)
        elif file.suffix == ".html":
            found += in_template(file.read_text(encoding="utf-8"), name)
    return found


def in_module(text: str, name: str) -> Iterator[Marked]:
    """Yield the marked texts of a module."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        count = _MARKS.get(_name_of(call.func), 0)
        texts = [node.value for node in call.args[:count] if isinstance(node, ast.Constant)]
        if texts and all(isinstance(value, str) and value for value in texts):
            yield Marked(name, *map(str, texts))


def _name_of(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def in_template(text: str, name: str) -> Iterator[Marked]:
    """Yield the marked texts of a template, as Django looks them up."""
    engine = Engine(libraries=_LIBRARIES)
    nodelist = engine.from_string(text).nodelist
    for node in nodelist.get_nodes_by_type(Node):
        if isinstance(node, TranslateNode):
            literal = getattr(node.filter_expression.var, "literal", None)
            if literal:
                yield Marked(name, str(literal).replace("%", "%%"))
        elif isinstance(node, BlockTranslateNode):
            one = node.render_token_list(node.singular)[0]
            many = node.render_token_list(node.plural)[0] if node.plural else ""
            yield Marked(name, one, many)


def template() -> Catalog:
    """Return a catalogue of all marked texts, without translations."""
    catalog = Catalog(project="django-quell", charset="utf-8")
    for each in marked_texts():
        catalog.add(each.id, locations=[(each.file, None)])  # type: ignore[list-item]  # files without lines
    return catalog


def file_of(language: str) -> Path:
    """Return the catalogue of a language."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def languages() -> list[str]:
    """Return the languages that have a catalogue."""
    return sorted(file.parent.parent.name for file in LOCALE.glob("*/LC_MESSAGES/django.po"))


def read_catalog(language: str) -> Catalog:
    """Return the catalogue of a language, an empty one where there is none."""
    file = file_of(language)
    if not file.exists():
        return Catalog(locale=language, project="django-quell", charset="utf-8")
    with file.open("rb") as stream:
        return read_po(stream, locale=language)


def updated(language: str) -> Catalog:
    """Return a catalogue with all marked texts; what is like an old one is fuzzy, for a person to look at."""
    catalog = read_catalog(language)
    catalog.update(template())
    catalog.obsolete.clear()
    return catalog


def as_po(catalog: Catalog) -> bytes:
    """Return a catalogue as people edit it: sorted by text, without what changes with each run."""
    stream = BytesIO()
    write_po(stream, catalog, width=100, sort_output=True, omit_header=True, include_lineno=False)
    return _header(catalog).encode() + stream.getvalue()


def _header(catalog: Catalog) -> str:
    lines = "".join(f'"{name}: {value}\\n"\n' for name, value in _headers(catalog))
    return f'msgid ""\nmsgstr ""\n{lines}\n'


def _headers(catalog: Catalog) -> list[tuple[str, str]]:
    return [
        ("Project-Id-Version", "django-quell"),
        ("Language", str(catalog.locale_identifier)),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("Plural-Forms", catalog.plural_forms),
    ]


def as_mo(catalog: Catalog) -> bytes:
    """Return a catalogue as Django reads it."""
    plain = _Undated(locale=catalog.locale, charset="utf-8")
    for message in catalog:
        if message.id and not message.fuzzy:
            plain.add(message.id, message.string)
    with BytesIO() as stream:
        write_mo(stream, plain)
        return stream.getvalue()


class _Undated(Catalog):
    """A catalogue whose header is the same each time."""

    # It can be set, which nobody does here.
    @property  # type: ignore[misc]
    def mime_headers(self) -> list[tuple[str, str]]:
        """The header."""
        return _headers(self)


def complaints(language: str) -> Iterator[str]:
    """Yield a line for each thing that is wrong with a catalogue."""
    catalog, wanted = read_catalog(language), {each.id for each in marked_texts()}
    known = {message.id for message in catalog if message.id}
    for text in sorted(wanted - known, key=str):
        yield f"{language}: is missing: {text}"
    for forgotten in sorted(known - wanted, key=str):
        yield f"{language}: is marked nowhere: {forgotten}"
    for message in catalog:
        if message.id:
            yield from (f"{language}: {problem}: {message.id}" for problem in problems_of(message))
    yield from (f"{language}: {problem}" for problem in _differences(language, catalog))


def problems_of(message: Message) -> Iterator[str]:
    """Yield what is wrong with a translation."""
    if message.fuzzy:
        yield "is fuzzy"
    texts = [text or "" for text in _forms(message.string)]
    if not all(texts):
        yield "is empty"
        return
    known = set(_placeholders(_forms(message.id)[-1] or ""))
    if any(set(_placeholders(text)) != known for text in texts):
        yield "has other placeholders"


def _forms(text: str | Sequence[str | None] | None) -> Sequence[str | None]:
    return (text,) if text is None or isinstance(text, str) else text


def _placeholders(text: str) -> Iterator[str]:
    yield from _PERCENT.findall(text)
    if not _PERCENT.search(text):
        yield from (name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _differences(language: str, catalog: Catalog) -> Iterator[str]:
    compiled = file_of(language).with_suffix(".mo")
    if not compiled.exists():
        yield "was not compiled: run make messages"
        return
    if compiled.read_bytes() != as_mo(catalog):
        yield "was changed and not compiled: run make messages"
    if as_po(catalog) != file_of(language).read_bytes():
        yield "is not written as it would be: run make messages"


def main(arguments: Sequence[str]) -> int:
    """Bring catalogues up to date, or tell what is wrong with them."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure()
        django.setup()
    chosen = [name for name in arguments if not name.startswith("-")] or languages()
    if "--check" not in arguments:
        for language in chosen:
            catalog = updated(language)
            file_of(language).parent.mkdir(parents=True, exist_ok=True)
            file_of(language).write_bytes(as_po(catalog))
            file_of(language).with_suffix(".mo").write_bytes(as_mo(catalog))
    found = [line for language in chosen for line in complaints(language)]
    print("\n".join(found or [f"{', '.join(chosen)}: complete"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
