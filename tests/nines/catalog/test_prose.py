import pytest

from labkit.text import Text
from nines.catalog.prose import render, slips


def shown(markdown: str) -> str:
    return render(Text(ja=markdown, en=markdown)).en


def test_notes_have_a_title_in_the_readers_language() -> None:
    html = render(Text(ja="::: then-now\n昔\n:::", en="::: remember\nNow\n:::"))

    assert html.ja.startswith('<aside class="note then-now">')
    assert "当時と今" in html.ja
    assert html.en.startswith('<aside class="note remember">')
    assert "Remember" in html.en
    assert html.en.rstrip().endswith("</aside>")


def test_tables_and_code_are_rendered() -> None:
    assert "<table>" in shown("| a |\n|---|\n| b |")
    assert '<code class="language-sh">ls &lt;x&gt;' in shown("```sh\nls <x>\n```")


def test_links_go_to_https_and_tell_nothing() -> None:
    link = shown("[here](https://example.org/a)")

    assert 'href="https://example.org/a"' in link
    assert 'rel="noopener noreferrer"' in link


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](http://example.org)",
        "[x](//example.org)",
        "![x](https://example.org/x.png)",
        '<https://example.org/"onmouseover=alert(1)>',
        "<!-- x -->",
    ],
)
def test_nothing_an_author_writes_becomes_html_of_their_own(markdown: str) -> None:
    html = shown(markdown)

    assert not any(f"<{tag}" in html for tag in ("script", "img", "!--"))
    assert 'href="javascript' not in html
    assert 'href="http:' not in html
    assert 'href="//' not in html
    assert " onmouseover=" not in html.replace("&quot;", "")


def test_marks_that_would_be_shown_are_slips() -> None:
    assert slips(Text(ja="**太字**です", en="**bold** and `code`")) == []
    assert [lang for lang, _ in slips(Text(ja="は**「鏡」**です", en="fine"))] == ["ja"]
    assert slips(Text(ja="`a ** b`", en="`::: x`")) == []
