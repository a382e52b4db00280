"""What the layouts do with names from files, and with figures."""

import html.parser
import re

import pytest

from dnnbench.report.layout import lay_out, write
from dnnbench.report.layouts.cell import Cell, Grid, as_text, visible
from dnnbench.report.layouts.latex import escape

LAYOUTS = ("terminal", "markdown", "latex", "html")
HOSTILE = [
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "_%&#$^{}~",
    "one\ntwo\r\nthree\u2028four",
    "left\u202eright\u200f\u2066",
    "\x1b[31mred\x07",
    "[2cm]*",
    "{{ 7 * 7 }}{% raw %}",
    "a|b",
]


def table(text, layout):
    grid = Grid([text, "value"], [[text, Cell(text, "best", text, text)]], [text], caption=text)
    return write(grid, layout, 400)


class Tags(html.parser.HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_unseen_stays(text, layout):
    shape = [len(line) > 0 for line in table("plain", layout).splitlines()]
    shown = table(text, layout)
    assert [len(line) > 0 for line in shown.splitlines()] == shape  # no row is broken
    assert not set(shown) & set("\r\u2028\u202e\u200f\u2066\x1b\x07")


def test_what_cannot_be_seen_is_written_as_its_code_point():
    assert visible("a\nb\tc") == "a b c"
    assert visible("a\u202eb\x1b") == "a[U+202E]b[U+001B]"
    assert visible("Größe, 中") == "Größe, 中"


@pytest.mark.parametrize("text", HOSTILE)
def test_html_has_the_same_tags_whatever_the_names(text):
    page = Tags(table(text, "html"))
    assert page.tags == Tags(table("plain", "html")).tags
    assert page.texts.count(visible(text)) >= 5


def test_html_loads_and_runs_nothing():
    page = Tags(table("plain", "html"))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe"}
    assert all("src" not in attrs and "href" not in attrs for _, attrs in page.tags)


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_has_the_same_commands_whatever_the_names(text):
    harmless = r"\\(?:textbackslash|text[a-z]+)\{\}|\\[&%$#_{}]"

    def bare(source):
        """The source without what only prints a character."""
        return set(re.findall(r"\\[a-z]+|[&$^~#]", re.sub(harmless, "", source)))

    assert bare(table(text, "latex")) == bare(table("plain", "latex"))


def test_latex_escapes_every_special_character():
    assert escape("_%&#$") == r"\_\%\&\#\$"
    assert escape("^{}~\\") == r"\textasciicircum{}\{\}\textasciitilde{}\textbackslash{}"
    assert escape("[1]*") == "{[}1]{*}"  # after `\\` these would be its options
    assert escape("a--b ''") == "a-{}-b '{}'"
    assert escape("Erdős 中ĸ") == "Erdős {[}U+4E2D]{[}U+0138]"


def test_markdown_does_not_pass_html_through():
    assert "<script" not in table("<script>", "markdown")


FIGURES = Grid(
    ["solver", "size"],
    [
        ["a", Cell("-38.25", "best", note="[37.00, 39.00]")],
        ["b", Cell("7.50", "second")],
        ["c", Cell("130.00", mark="†")],
        ["d", Cell("not run")],
    ],
    ["Note."],
    frozenset({"solver"}),
    "Caption",
    "tab:x",
)


def test_latex_aligns_figures_by_siunitx():
    text = write(FIGURES, "latex")
    assert r"\begin{tabular}{lS[table-format=-3.2]@{\,}l}" in text
    assert r"solver & \multicolumn{2}{c}{size} \\" in text
    assert r"c & 130.00 & \textsuperscript{\textdagger{}} \\" in text
    assert r"d & {not run} &  \\" in text
    assert r"{\bfseries\tablenum[table-format=-3.2,text-series-to-math]{-38.25}}" in text
    assert r"{\underline{\tablenum[table-format=-3.2]{7.50}}}" in text
    assert r"\caption{Caption}" in text
    assert r"\label{tab:x}" in text
    assert text.count(r"\begin{") == text.count(r"\end{")


def test_latex_leaves_room_for_powers_of_ten():
    grid = Grid(["error"], [[Cell("1.25e-6")], [Cell("2.50e3")]], [])
    assert "S[table-format=1.2e-1]" in write(grid, "latex")


def test_type_faces():
    page = write(FIGURES, "html")
    assert "<strong>-38.25</strong> <small>[37.00, 39.00]</small>" in page
    assert "<u>7.50</u>" in page
    assert "130.00<sup>†</sup>" in page
    assert "<ins>7.50</ins>" in write(FIGURES, "markdown")
    assert [as_text(row[1]) for row in FIGURES.cells] == [
        "**-38.25** [37.00, 39.00]",
        "_7.50_",
        "130.00†",
        "not run",
    ]


def test_html_of_a_plain_table():
    page = Tags(lay_out(["a", "b"], [["x", "1"]], ["Note."], "html", left=["a"]))
    heads = [attrs for tag, attrs in page.tags if tag == "th"]
    assert heads == [{"scope": "col", "class": "left"}, {"scope": "col"}]
    assert [text for text in page.texts if text.strip()][-3:] == ["x", "1", "Note."]
