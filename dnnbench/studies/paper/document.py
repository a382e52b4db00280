r"""The text of a paper in LaTeX: a section a family, and an appendix that says how it was made.

All that comes from descriptions, records and configs goes through `escape`: nothing in it is a
command. Only packages of a plain TeX Live are needed.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dnnbench.report.layouts.cell import visible
from dnnbench.report.layouts.latex import PREAMBLE, escape
from dnnbench.studies.paper.appendix import Items, conditions
from dnnbench.studies.paper.description import Description
from dnnbench.studies.paper.parts import Evidence

_HEAD = (
    r"""\documentclass[10pt,a4paper]{article}
"""
    + PREAMBLE
    + r"""
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{} % outlines in the place of bitmaps
\usepackage[hidelinks]{hyperref}
% 7 inches across, as wide as the figures; no package is needed for that.
\setlength{\textwidth}{7in}\setlength{\oddsidemargin}{-0.37in}
\setlength{\textheight}{9.9in}\setlength{\topmargin}{-0.6in}
\renewcommand{\topfraction}{0.95}\renewcommand{\floatpagefraction}{0.8}
\emergencystretch=3em
% A table stands below its heading.
\makeatletter\def\fps@table{!htb}\def\fps@figure{!htb}\makeatother
"""
)


@dataclass(frozen=True)
class Section:
    """What stands in the text of a family.

    Attributes:
        found: what is on record.
        table, figure: the files, relative to the text's folder; "" for none.
        no_table, no_figure: why there is none; "" where none is asked for.
    """

    found: Evidence
    table: str
    no_table: str
    figure: str
    no_figure: str


def document(paper: Description, profile: str, sections: Sequence[Section], results: str) -> str:
    """The whole text, ending in a newline.

    Args:
        paper: what is shown.
        profile: which was run.
        sections: of its families, in order.
        results: the results folder as commands name it.
    """
    lines = [
        _HEAD + rf"\title{{{_shown(paper.title)}}}",
        r"\author{}",
        rf"\date{{{_shown(_dates(sections))}}}",
        r"\begin{document}",
        r"\maketitle",
    ]
    lines += _paragraph(paper.text)
    lines += [r"\section*{What was run}", *_what_was_run(profile, sections)]
    for section in sections:
        lines += _family(section)
    lines += [r"\clearpage", r"\appendix", r"\section{How this was made}"]
    for items in conditions([section.found for section in sections]):
        lines += _list(items)
    lines += _commands(profile, sections, results)
    return "\n".join([*lines, r"\end{document}"]) + "\n"


def missing(found: Evidence) -> str:
    """What of a family was not run, and how long that would take; "" if everything was."""
    covered = found.coverage
    if not covered.missing:
        return ""
    text = f"{covered.missing} of {covered.trials} trials were not run"
    if found.part.lacking:
        return f"{text}: {found.part.lacking}."
    hours = f"about {hours_text(found.seconds)}"
    if found.unknown == covered.missing:
        hours = "how long they would take is not known"
    elif found.unknown:
        hours += f", without {found.unknown} trials of which nothing is known"
    return f"{text} ({hours})."


def hours_text(seconds: float) -> str:
    """`0.4 hours`, `12 hours`; at least 0.1."""
    hours = max(seconds / 3600, 0.1)
    return f"{hours:.1f} hours" if hours < 10 else f"{hours:.0f} hours"


def _what_was_run(profile: str, sections: Sequence[Section]) -> list[str]:
    trials = sum(s.found.coverage.trials for s in sections)
    absent = sum(s.found.coverage.missing for s in sections)
    whole = f"Profile {profile}: {trials - absent} of {trials} trials are on record."
    if absent:
        hours = hours_text(sum(s.found.seconds for s in sections))
        whole += (
            f" The others, about {hours} of work as far as is known, were not run; their cells say "
            "so and count nowhere as failures."
        )
    lines = [_shown(whole)]
    notes = [(s.found.part.family.title, missing(s.found)) for s in sections]
    said = [rf"\item {_shown(f'{title}: {note}')}" for title, note in notes if note]
    return [*lines, r"\begin{itemize}", *said, r"\end{itemize}"] if said else lines


def _family(section: Section) -> list[str]:
    family = section.found.part.family
    lines = [r"\clearpage", rf"\section{{{_shown(family.title)}}}", *_paragraph(family.text)]
    note = missing(section.found)
    lines += _paragraph(note) if note else []
    if section.table:
        lines += [rf"\input{{{section.table}}}"]
    else:
        lines += _paragraph(f"There is no table: {section.no_table}.")
    if section.figure:
        assert family.picture is not None
        size = _SIZE[family.picture.drawing.width or "page"]
        lines += [
            r"\begin{figure}",
            r"\centering",
            rf"\includegraphics[{size}]{{{section.figure}}}",
            rf"\caption{{{_shown(family.picture.caption or family.title)}}}",
            rf"\label{{fig:{family.name}}}",
            r"\end{figure}",
        ]
    elif section.no_figure:
        lines += _paragraph(f"There is no figure: {section.no_figure}.")
    return lines


_SIZE = {
    "page": r"width=\linewidth,height=0.6\textheight,keepaspectratio",
    "column": r"width=3.3in,height=0.6\textheight,keepaspectratio",
}


def _commands(profile: str, sections: Sequence[Section], results: str) -> list[str]:
    lines = [
        r"\subsection*{Commands}",
        _shown("Run in the folder of this text; each table and figure has its own.")
        + (_shown(" RESULTS is the folder of the records.") if results == "RESULTS" else ""),
    ]
    for section in sections:
        lines += ["", rf"\paragraph{{{_shown(section.found.part.family.title)}}}"]
        lines += [r"\begin{flushleft}\footnotesize"]
        lines += [
            rf"\texttt{{{_shown(command)}}}\\" for command in commands(section, profile, results)
        ]
        lines += [r"\end{flushleft}"]
    return lines


def commands(section: Section, profile: str, results: str) -> list[str]:
    """The commands that run a family's trials and make its table and figure.

    Args:
        section: of the family.
        profile: which was run.
        results: the results folder as they name it.
    """
    family = section.found.part.family
    name = section.found.part.request.name
    words = [_file_name(word) for word in family.sweeps[profile]]
    found = [shlex.join(["dnnbench", "sweep", *words, f"results={results}", "--name", name])]
    report = str(family.report["name"]) if set(family.report) == {"name"} else None
    report = report or f"tables/{family.name}.yaml"
    table = ["dnnbench", "table", results, "--experiment", name, "--report", report]
    found.append(shlex.join([*table, "--format", "latex", "-o", f"tables/{family.name}.tex"]))
    if family.picture is not None:
        picture = family.picture
        plot = ["dnnbench", "plot", picture.drawing.kind, results, "--experiment", name]
        options = " ".join(picture.options)
        end = shlex.join(["-o", f"figures/{family.name}.pdf"])
        found.append(" ".join(part for part in (shlex.join(plot), options, end) if part))
    return found


def _file_name(word: str) -> str:
    """An experiment's file without its folders, which say too much of a machine."""
    key, _, value = word.partition("=")
    own = key == "experiment" and value.endswith((".yaml", ".yml"))
    return f"{key}={value.replace(chr(92), '/').rpartition('/')[2]}" if own else word


def _list(items: Items) -> list[str]:
    if not items.entries:
        return []
    lines = [rf"\subsection*{{{_shown(items.title)}}}"]
    lines += _paragraph(items.text)
    lines += [r"\begin{description}\footnotesize\setlength{\itemsep}{0pt}"]
    lines += [rf"\item[{{{_shown(head)}}}] {_shown(body)}" for head, body in items.entries]
    return [*lines, r"\end{description}"]


def _paragraph(text: str) -> list[str]:
    return [_shown(text), ""] if text else []


def _shown(text: str) -> str:
    return escape(visible(text))


def _dates(sections: Iterable[Section]) -> str:
    """The days of the first and of the last record."""
    days = sorted({record.created[:10] for s in sections for record in s.found.records})
    if not days:
        return "nothing is on record"
    return f"Records of {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else "")
