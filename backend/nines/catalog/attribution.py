"""What we owe to the book, and what we do not take from it."""

from labkit.text import Text

ATTRIBUTION = Text(
    ja="<p>演習は、特定非営利活動法人エルピーアイジャパンの教科書"
    "『高信頼システム構築標準教科書 — 仮想化と高可用性 —』(Ver.1.0.1) の章と節に"
    "沿って並んでいます。教科書の著作権は同法人に帰属します。</p>"
    "<p>Ninesは教科書の文章も図も収録していません。説明、例題、演習はすべて独自に"
    "書き起こしたもので、対応する箇所を節の番号だけで示します。Ninesは同法人とは"
    "独立したもので、承認や提携を示すものではありません。</p>",
    en="<p>The exercises follow the chapters and sections of the textbook "
    "<cite>高信頼システム構築標準教科書</cite> (Building Highly Reliable Systems: "
    "Virtualization and High Availability, ver. 1.0.1) by LPI-Japan, "
    "who hold its copyright.</p>"
    "<p>Nines contains neither text nor figures of the book. Its explanations, "
    "examples and exercises were written for it and point to the book by section "
    "number alone. Nines is independent of LPI-Japan and not endorsed by it.</p>",
)
