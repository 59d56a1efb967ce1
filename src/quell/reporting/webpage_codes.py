"""The pages of the documentation about the codes of a report, carried along in it."""

from collections.abc import Sequence

from quell.findings import docs_url
from quell.reporting.elements import Html, element, join
from quell.reporting.explaining import page_text, target_of
from quell.reporting.markup import Block, Code, Heading, Items, Line, Paragraph, Run, Table, parse
from quell.wording.reading import Words


def codes_section(codes: Sequence[str], _: Words) -> Html | None:
    """Return a section with a page per code, or nothing where there is none."""
    if not codes:
        return None
    return element(
        "section",
        element("h2", _("What the codes mean"), id="codes"),
        *(_article(code, codes, _) for code in codes),
        aria_labelledby="codes",
    )


def _article(code: str, codes: Sequence[str], _: Words) -> Html:
    title, *blocks = parse(page_text(code))
    heading = title.line if isinstance(title, Heading) else (Run(code),)
    online = element("a", _("This page online"), href=docs_url(code), rel="noreferrer")
    # The documentation is English, which a voice that reads it out has to know.
    lang = "en" if _.language != "en" else None
    return element(
        "article",
        element("h3", _line(heading, code, codes), id=code, tabindex=-1, lang=lang),
        element("div", *(_block(block, code, codes) for block in blocks), lang=lang),
        element("p", online),
        aria_labelledby=code,
        class_="explained",
    )


def _block(block: Block, code: str, codes: Sequence[str]) -> Html:
    match block:
        case Heading(_, line):
            return element("h4", _line(line, code, codes))
        case Code(_, text):
            return element("pre", element("code", text), tabindex=0)
        case Items(lines):
            return element("ul", *(element("li", _line(line, code, codes)) for line in lines))
        case Table(rows):
            head, *body = rows
            return element(
                "div",
                element(
                    "table", _row("th", head, code, codes), *(_row("td", row, code, codes) for row in body)
                ),
                class_="scroll",
            )
        case Paragraph(line):
            return element("p", _line(line, code, codes))


def _row(name: str, row: tuple[Line, ...], code: str, codes: Sequence[str]) -> Html:
    return element("tr", *(element(name, _line(cell, code, codes)) for cell in row))


def _line(line: Line, code: str, codes: Sequence[str]) -> Html:
    return join(*(_run(run, code, codes) for run in line))


def _run(run: Run, code: str, codes: Sequence[str]) -> str:
    if run.is_code:
        return element("code", run.text)
    if not run.target:
        return run.text
    other = run.target.removesuffix(".md")
    is_here = other in codes
    address = f"#{other}" if is_here else target_of(code, run.target)
    return element("a", run.text, href=address, rel=None if is_here else "noreferrer")
