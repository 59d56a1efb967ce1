"""The report as one HTML file; what a browser makes of it is in tests/browser."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from quell.reporting import webpage
from quell.reporting.elements import Html, element, join
from quell.reporting.report import Page, Report
from quell.wording.reading import Words
from tests.reporting.samples import HOSTILE, hostile_report, report


class _Reader(HTMLParser):
    """Collects elements, and the text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "wbr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def test_elements_escape_what_is_no_html() -> None:
    """Children and attributes alike, and only once."""
    inner = element("b", "<&")

    assert element("a", inner, "<", href='"&') == '<a href="&quot;&amp;"><b>&lt;&amp;</b>&lt;</a>'
    assert join("<", None, Html("<br>")) == "&lt;<br>"


def test_attributes_without_a_value_are_left_out_or_bare() -> None:
    """``None`` and ``False`` are none, zero is a value."""
    assert element("a", hidden=True, id=None, rel=False, tabindex=0) == '<a hidden tabindex="0"></a>'


@pytest.mark.parametrize("given", [report(), hostile_report(), Report(pages=(), findings=())])
def test_page_is_well_formed(given: Report) -> None:
    """Every element is closed, and no name is used twice for one."""
    reader = _Reader(webpage.render(given))
    names = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]

    assert reader.open == []
    assert len(names) == len(set(names))


def test_hostile_names_add_no_element() -> None:
    """They are shown as they are, and one script is all there is."""
    text = webpage.render(hostile_report())
    reader = _Reader(text)

    assert HOSTILE.replace("\n", " ").strip() in reader.text.replace("\n", " ")
    assert len(reader.all("script")) == len(reader.all("style")) == 1
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)


@pytest.mark.parametrize("given", [report(), hostile_report()])
def test_page_asks_no_network_for_anything(given: Report) -> None:
    """It has links to read, and nothing that loads by itself; its policy would forbid that, too."""
    reader = _Reader(webpage.render(given))
    loading = {"src", "srcset", "data", "poster", "background", "action", "formaction"}
    policy = next(item["content"] for item in reader.all("meta") if "http-equiv" in item)

    assert not any(loading & attributes.keys() for _, attributes in reader.elements)
    assert not {"link", "img", "iframe", "object", "embed"} & {name for name, _ in reader.elements}
    assert "url(" not in webpage.render(given).partition("</style>")[0]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_policy_allows_its_own_script_and_style() -> None:
    """The hashes are those of what stands in the file."""
    text = webpage.render(report())

    for name in ("script", "style"):
        body = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        assert body is not None
        digest = b64encode(sha256(body[1].encode()).digest()).decode()
        assert f"{name}-src &#x27;sha256-{digest}&#x27;" in text


def test_links_lead_to_the_file_itself_or_to_the_documentation() -> None:
    """Each anchor exists."""
    reader = _Reader(webpage.render(report()))
    names = {attributes.get("id") for _, attributes in reader.elements}

    for link in reader.all("a"):
        target = link["href"] or ""
        assert target.removeprefix("#") in names or target.startswith("https://django-quell.readthedocs.io/")


def test_page_has_landmarks_and_one_first_heading() -> None:
    """Who cannot see it finds its parts."""
    reader = _Reader(webpage.render(report()))
    names = [name for name, _ in reader.elements]
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]

    assert [names.count(name) for name in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert reader.all("html") == [{"lang": "en"}]
    assert any(attributes.get("aria-live") == "polite" for _, attributes in reader.elements)


def test_numbers_of_a_proof_are_told_in_words() -> None:
    """The bars beside them say nothing of their own."""
    reader = _Reader(webpage.render(report()))
    bars = [item for item in reader.all("svg") if item.get("role") != "img"]

    assert "5" in reader.text
    assert "12.5" in reader.text
    assert all(item.get("aria-hidden") == "true" for item in bars)


def test_waterfall_tells_when_statements_ran() -> None:
    """Each lane has a text for who cannot see it."""
    reader = _Reader(webpage.render(report()))
    labels = [item.get("aria-label") for item in reader.all("svg") if item.get("role") == "img"]

    assert labels == ["Times: 1, 1.0 to 1.5 ms", "Times: 4, 2.0 to 5.5 ms"]


def test_tree_shows_relations_below_their_queryset() -> None:
    """What was loaded one by one says so."""
    text = webpage.render(report())
    tree = text[text.index('<ul class="tree">') :]

    assert tree.index("shop.Ticket") < tree.index("<ul>") < tree.index("<strong>customer</strong>")
    assert "one by one" in tree


def test_fix_that_was_tried_in_vain_says_so() -> None:
    """It is not to be written."""
    (found,) = hostile_report().findings
    text = webpage.render(Report(pages=(), findings=(found,)))

    assert "<h4>Tried in vain</h4>" in text
    assert "<h4>Write</h4>" not in text


def test_labels_are_translated() -> None:
    """Every label goes through the translation, and the language is told."""
    reader = _Reader(webpage.render(report(), Words(language="eo", gettext=lambda text: f"«{text}»")))
    heads = re.findall(r"[A-Z][a-z]+", " ".join(re.findall(r"«([^»]*)»", reader.text)))

    assert reader.all("html") == [{"lang": "eo"}]
    assert {"Findings", "Pages", "Queries", "Write", "Copy", "Before", "Statement"} <= set(heads)
    assert "«one by one»" in reader.text


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("text", "page"),
        ("text", "raised"),
        ("quiet", "page"),
        ("quiet", "raised"),
        ("accent", "page"),
        ("good", "good-back"),
        ("open", "open-back"),
    ],
)
def test_texts_can_be_told_from_what_is_behind_them(scheme: int, text: str, back: str) -> None:
    """The contrast is that of level AA of WCAG, in both colour schemes."""
    style = webpage.render(report()).partition("</style>")[0]
    colours = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in style.split(":root {")[1:3]
    ]
    one, other = sorted((_luminance(colours[scheme][name]) for name in (text, back)), reverse=True)

    assert (one + 0.05) / (other + 0.05) >= 4.5


def test_report_without_findings_says_so() -> None:
    """The pages are there all the same."""
    reader = _Reader(webpage.render(Report(pages=(Page(path="/", label="GET /"),), findings=())))

    assert "Nothing needless was found." in reader.text
