"""LaTeX reads what the tables write."""

import shutil
import subprocess

import pytest

from dnnbench.records.example import example_record
from dnnbench.report.best_known import no_best_known
from dnnbench.report.layouts.latex import PREAMBLE
from dnnbench.report.paper.render import render_paper
from dnnbench.report.paper.spec import COLUMNS, Spec

NAMES = [
    r"\input{/etc/passwd}",
    "<script>",
    "_%&#$^{}~",
    "a\nb\u202e",
    "[2cm] * -- '' `",
    "".join(map(chr, range(0x20, 0x180))),
    "中 €",
]


@pytest.mark.full
def test_pdflatex_compiles_the_table_of_hostile_names(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    records = [
        example_record(solver=name, instance=f"{name}/G", seed=seed, value=90 + 2 * place + seed)
        for place, name in enumerate(NAMES)
        for seed in range(3)
    ]
    spec = Spec("mine", "maxcut", columns=COLUMNS, caption=NAMES[2], label="tab:x")
    table = render_paper(records, spec, no_best_known, "latex")
    page = [r"\documentclass{article}", PREAMBLE, r"\begin{document}", table, r"\end{document}"]
    (tmp_path / "page.tex").write_text("\n".join(page), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if "siunitx.sty' not found" in done.stdout:
        pytest.skip("the LaTeX package siunitx is not installed")
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 0
    assert "passwd)" not in done.stdout  # LaTeX names every file that it reads
