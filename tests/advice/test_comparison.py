"""Outputs are equal byte by byte, but for what unchanged runs spell differently."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.advice.comparison import Mask, Output


def _output(body: bytes = b"", status: int = 200, headers: dict[str, str] | None = None) -> Output:
    return Output(status, headers or {}, body)


def test_equal_output_has_no_difference() -> None:
    """The same bytes are the same."""
    assert Mask(_output(b"a b"), _output(b"a b")).difference(_output(b"a b")) == ""


@pytest.mark.parametrize("body", [b"a c", b"a", b"a b c", b"", b"A b"])
def test_other_body_is_a_difference(body: bytes) -> None:
    """Each other byte counts."""
    assert Mask(_output(b"a b"), _output(b"a b")).difference(_output(body)) == "body"


def test_changing_token_is_masked() -> None:
    """What the controls spell differently may be anything of that kind."""
    mask = Mask(_output(b'<b x="k3J/a+9=">1</b>'), _output(b'<b x="Zz-_8.1">1</b>'))

    assert mask.difference(_output(b'<b x="0a-Q">1</b>')) == ""
    assert mask.difference(_output(b'<b x="0a-Q">2</b>')) == "body"
    assert mask.difference(_output(b'<b x="0a Q">1</b>')) == "body"


def test_masked_token_may_not_grow_without_bounds() -> None:
    """A gap is as long as the tokens that were seen, and a little more."""
    mask = Mask(_output(b"(aaaa)"), _output(b"(bbbb)"))

    assert mask.difference(_output(b"(" + b"c" * 12 + b")")) == ""
    assert mask.difference(_output(b"(" + b"c" * 13 + b")")) == "body"


def test_token_that_is_missing_in_one_control_is_masked() -> None:
    """A token may be empty."""
    mask = Mask(_output(b"<i></i><b>x</b>"), _output(b"<i>new</i><b>x</b>"))

    assert mask.difference(_output(b"<i>other</i><b>x</b>")) == ""
    assert mask.difference(_output(b"<i></i><b>x</b>")) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"<li>a</li><li>b</li>", b"<li>b</li><li>a</li>"),
        (b"a b c", b"a b"),
        (b"one (two) three", b"(four) [five]"),
        (b"caf\xc3\xa9", b"caf\xc3\xa8"),
    ],
)
def test_output_that_differs_by_more_than_tokens_is_refused(one: bytes, other: bytes) -> None:
    """Content that moves, comes or goes is no token."""
    with pytest.raises(ValueError, match="output differs without a change"):
        Mask(_output(one), _output(other))


@pytest.mark.parametrize("other", [_output(status=404), _output(headers={"X": "1"})])
def test_controls_of_other_kind_are_refused(other: Output) -> None:
    """Status and names of headers are the same without a change."""
    with pytest.raises(ValueError, match="output differs without a change"):
        Mask(_output(), other)


def test_status_is_compared() -> None:
    """Another status is a difference of its own."""
    assert Mask(_output(), _output()).difference(_output(status=302)) == "status 302 instead of 200"


@pytest.mark.parametrize(
    ("headers", "difference"),
    [
        ({"Request-Id": "c", "Vary": "Cookie"}, ""),
        ({"Request-Id": "c", "Vary": "Accept"}, "header Vary"),
        ({"Request-Id": "c"}, "header Vary"),
        ({"Request-Id": "c", "Vary": "Cookie", "X": "1"}, "header X"),
    ],
)
def test_headers_are_compared(headers: dict[str, str], difference: str) -> None:
    """A header that changes is masked, each other one is named."""
    mask = Mask(
        _output(headers={"Request-Id": "a", "Vary": "Cookie"}),
        _output(headers={"Request-Id": "b", "Vary": "Cookie"}),
    )

    assert mask.difference(_output(headers=headers)) == difference


def test_headers_that_follow_from_the_body_are_left_out() -> None:
    """The length and the hash of a body with a token change with the token."""
    mask = Mask(*(_output(body, headers={"Content-Length": "1", "ETag": "x"}) for body in (b"a", b"b")))

    assert mask.difference(_output(b"cc", headers={"Content-Length": "2", "ETag": "y"})) == ""


def test_mask_learns_what_changed_since() -> None:
    """A clock that stood still during the controls is masked by a third one."""
    mask = Mask(_output(b"at 12:00:00 <b>1</b>"), _output(b"at 12:00:00 <b>1</b>"))
    assert mask.difference(_output(b"at 12:00:01 <b>1</b>")) == "body"
    mask.learn(_output(b"at 12:00:02 <b>1</b>"))

    assert mask.difference(_output(b"at 12:00:01 <b>1</b>")) == ""
    assert mask.difference(_output(b"at 12:00:01 <b>2</b>")) == "body"


def test_long_page_with_tokens_at_both_ends_is_compared_quickly() -> None:
    """The work grows with the length of a page, not with its square."""
    rows = b"".join(b"<tr><td>%d</td><td>row</td></tr>\n" % number for number in range(20_000))
    bodies = [b"<i>%s</i>%s<i>%s</i>" % (token, rows, token) for token in (b"k1", b"k2", b"k3")]
    start = time.process_time()
    mask = Mask(_output(bodies[0]), _output(bodies[1]))

    assert mask.difference(_output(bodies[2])) == ""
    assert mask.difference(_output(bodies[2].replace(b">7<", b">8<"))) == "body"
    assert time.process_time() - start < 10


_BODY = st.lists(st.sampled_from([b"a", b"b1", b" ", b"<", b">", b"\n", b"\xc3", b"x=y"]), max_size=12).map(
    b"".join
)


@given(_BODY, _BODY)
def test_mask_matches_what_it_was_made_from(one: bytes, other: bytes) -> None:
    """Where two controls can be aligned, both match."""
    try:
        mask = Mask(_output(one), _output(other))
    except ValueError:
        return
    assert mask.difference(_output(one)) == ""
    assert mask.difference(_output(other)) == ""


@given(_BODY, _BODY)
def test_equal_controls_match_nothing_else(one: bytes, other: bytes) -> None:
    """Without a difference between the controls there is no gap."""
    mask = Mask(_output(one), _output(one))

    assert (mask.difference(_output(other)) == "") is (one == other)
