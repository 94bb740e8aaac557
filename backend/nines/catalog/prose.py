"""Markdown of authors as HTML that may go into a page.

No HTML of the author's own, no pictures from elsewhere, links to https only. Two kinds
of note: `::: then-now` (what the book shows, what today's system does) and
`::: remember`, each ended by `:::`.
"""

from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.container import container_plugin

from labkit.text import LANGUAGES, Language, Text

NOTES = {
    "then-now": Text(ja="当時と今", en="Then and now"),
    "remember": Text(ja="覚えておこう", en="Remember"),
}


def render(text: Text) -> Text:
    return Text(ja=_render(text.ja, "ja"), en=_render(text.en, "en"))


def slips(text: Text) -> list[tuple[Language, Text]]:
    """What an author meant as markup and a reader would see as signs."""
    found = []
    for language in LANGUAGES:
        for mark in _visible_marks(text[language]):
            reason = Text(
                ja=f"{mark!r} が記法として認識されず、そのまま表示されます。"
                "強調の前後に空白を入れるか、句読点や括弧を強調の外に出してください。",
                en=f"{mark!r} is not understood as markup and would be shown as it is.",
            )
            found.append((language, reason))
    return found


@lru_cache(maxsize=4096)
def _render(markdown: str, language: Language) -> str:
    html: str = _parser().render(markdown, {"language": language})
    return html


def _visible_marks(markdown: str) -> list[str]:
    texts = [
        child.content
        for token in _parser().parse(markdown)
        for child in token.children or ()
        if child.type == "text"
    ]
    return [mark for mark in ("**", "`", ":::") if any(mark in each for each in texts)]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table"])
    parser.disable(["image", "html_block", "html_inline"])
    parser.validateLink = _is_https  # type: ignore[method-assign]  # as its docs say
    parser.add_render_rule("link_open", _link_open)
    for name in NOTES:
        parser.use(container_plugin, name, render=_note)
    return parser


def _is_https(url: str) -> bool:
    return url.startswith("https://")


def _link_open(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    tokens[index].attrSet("rel", "noopener noreferrer")
    tokens[index].attrSet("target", "_blank")
    return renderer.renderToken(tokens, index, options, env)


def _note(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    env: EnvType,
) -> str:
    if tokens[index].nesting < 0:
        return "</aside>\n"
    name = tokens[index].info.split()[0]
    title = NOTES[name]["ja" if env["language"] == "ja" else "en"]
    return f'<aside class="note {name}"><p class="note-title">{title}</p>\n'
