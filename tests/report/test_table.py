import csv
import io
import re
from dataclasses import replace

import pytest

from dnnbench.records.example import example_record
from dnnbench.records.status import Status
from dnnbench.report.aggregate import aggregate
from dnnbench.report.best_known import BestKnown, no_best_known
from dnnbench.report.table import FORMATS, render


def known(instance, problem):
    return BestKnown(3064, "best-known", "A & B 2013")


@pytest.fixture
def rows():
    method = [example_record(seed=seed, value=3040 + 2 * seed) for seed in range(3)]
    method.append(
        example_record(seed=3, status=Status.ERROR, value=None, raw_value=None, feasible=None)
    )
    baseline = example_record(
        solver="greedy",
        role="baseline",
        kind="classical",
        value=3064,
        polish=None,
        stacked=True,
        environment={"cpu_model": "Old|CPU"},
    )
    return aggregate([*method, baseline], known)


MARKDOWN = """\
| instance   | solver                 | kind      |   seeds |   restarts |   mean ± 95 % |   best |   best known |   gap % |   before polish |   solve s |   failed |
|:-----------|:-----------------------|:----------|--------:|-----------:|--------------:|-------:|-------------:|--------:|----------------:|----------:|---------:|
| gset/G14   | pi_gnn                 | network   |       4 |         32 |  3042.0 ± 5.0 |   3044 |         3064 |    0.72 | 3031 (one_flip) |        10 |        1 |
| gset/G14   | greedy (other machine) | classical |       1 |          8 |          3064 |   3064 |         3064 |       0 |               - |         - |        0 |

maxcut: cut, max. Budget: seconds=10.0, cores=2. Threads: 2. Hardware: cpu (Example CPU) / cpu (Old/CPU). Seeds a row: 1 to 4.  
mean ± half the 95 % t interval over the seeds that did not fail; failed: seeds without a feasible verified answer; restarts: of all seeds together; gap: of the mean.  
Best known: best-known, A & B 2013.  
Trials of a stack share one clock and have no solve time.  
other machine: times and time budgets do not compare with the rest.
"""  # noqa: E501

LATEX = r"""
\begin{tabular}{lllrrrrrrrrr}
\toprule
instance & solver & kind & seeds & restarts & mean $\pm$ 95 \% & best & best known & gap \% & before polish & solve s & failed \\
\midrule
gset/G14 & pi\_gnn & network & 4 & 32 & 3042.0 $\pm$ 5.0 & 3044 & 3064 & 0.72 & 3031 (one\_flip) & 10 & 1 \\
gset/G14 & greedy (other machine) & classical & 1 & 8 & 3064 & 3064 & 3064 & 0 & - & - & 0 \\
\bottomrule
\end{tabular}

\par\smallskip
{\footnotesize maxcut: cut, max. Budget: seconds=10.0, cores=2. Threads: 2. Hardware: cpu (Example CPU) \textbar{} cpu (Old\textbar{}CPU). Seeds a row: 1 to 4. mean $\pm$ half""".lstrip()  # noqa: E501

CSV_HEADER = (
    "problem,instance,solver,label,role,kind,taxonomy,metric,sense,seeds,failed,infeasible,"
    "restarts,mean,half_width,best,best_known,best_known_kind,best_known_source,gap_mean,gap_best,"
    "raw_mean,polish,solve_seconds,stacked,superseded,budget,threads,hardware,machine,other_machine"
)


def test_markdown(rows):
    assert render(rows, "markdown", here=rows[0].machine) == MARKDOWN


def test_latex(rows):
    text = render(rows, "latex", here=rows[0].machine)
    assert text.startswith(LATEX)
    assert r"A \& B 2013" in text
    assert text.count("{") == text.count("}")
    assert text.isascii()


def test_csv(rows):
    text = render(rows, "csv", here=rows[0].machine)
    assert text.splitlines()[0] == CSV_HEADER
    method, baseline = csv.DictReader(io.StringIO(text))
    assert method["mean"] == "3042.0"
    assert method["half_width"].startswith("4.96827")
    assert float(method["gap_mean"]) == 22 / 3064
    assert (method["failed"], method["seeds"], method["other_machine"]) == ("1", "4", "False")
    assert method["budget"] == "seconds=10.0, cores=2"
    assert method["threads"] == "2"
    assert (baseline["half_width"], baseline["solve_seconds"], baseline["polish"]) == ("", "", "")
    assert baseline["other_machine"] == "True"
    assert baseline["best_known_source"] == "A & B 2013"


def test_terminal_shows_what_markdown_shows(rows):
    text = render(rows, "terminal", here=rows[0].machine, width=300)
    shown = [re.split(r"\s\s+", line.strip()) for line in text.splitlines() if "gset" in line]
    lines = MARKDOWN.splitlines()[2:4]
    assert shown == [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert "Hardware: cpu (Example CPU) | cpu (Old|CPU). Seeds a row: 1 to 4." in text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [40, 80, 100, 120])
def test_a_narrow_terminal_loses_nothing(rows, width):
    text = render(rows, "terminal", width=width)
    words = render(rows, "terminal", width=300).split()
    assert set(text.split()) >= {word for word in words if not word.startswith("─")}


@pytest.mark.parametrize("format", FORMATS)
def test_other_machine_only_where_asked(rows, format):
    assert "other machine" not in render(rows, format)
    assert ("other" in render(rows, format, here=rows[0].machine)) is True


@pytest.mark.parametrize("format", FORMATS)
def test_empty(format):
    text = render([], format)
    assert text.endswith("\n")
    assert ("No records." in text) is (format != "csv")


def test_several_problems_have_a_column(rows):
    text = render([*rows, replace(rows[0], problem="mis", metric="size")], "markdown")
    assert text.startswith("| problem")
    assert "maxcut: cut, max | mis: size, max".replace("|", "/") in text


def test_figures_are_rounded_to_their_uncertainty(rows):
    def mean(value, half):
        text = render([replace(rows[0], mean=value, half_width=half)], "markdown")
        return text.splitlines()[2].split("|")[6].strip()

    assert mean(3042.123, 4.968) == "3042.1 ± 5.0"
    assert mean(3042.123, 49.68) == "3042 ± 50"
    assert mean(3042.123, 1234.0) == "3042 ± 1234"
    assert mean(30.12345, 0.0123) == "30.123 ± 0.012"
    assert mean(3042.0, 0.0) == "3042 ± 0"
    assert mean(3042.5, None) == "3042.5"
    assert mean(None, None) == "-"


def test_a_gap_is_0_at_equality_alone(rows):
    def percent(fraction):
        text = render([replace(rows[0], gap_mean=fraction)], "markdown")
        return text.splitlines()[2].split("|")[9].strip()

    assert [percent(x) for x in (0.0, 0.0123, -0.0005, 1e-7, -1e-7, None)] == [
        "0",
        "1.23",
        "-0.05",
        "1e-05",
        "-1e-05",
        "-",
    ]


def test_labels_with_special_letters_survive():
    records = [example_record(settings={"k": f"a|b_{i}&%"}) for i in range(2)]
    rows = aggregate(records, no_best_known)
    assert 'k="a\\|b\\_0' not in render(rows, "markdown")
    assert 'k="a\\|b_0&%"' in render(rows, "markdown")
    assert r'k="a\textbar{}b\_0\&\%"' in render(rows, "latex")
    assert 'k="a|b_0&%"' in render(rows, "terminal", width=200)
