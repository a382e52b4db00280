"""A paper's text, its shipped description, and what TeX makes of it."""

import os
import shutil
from itertools import product
from pathlib import Path

import pytest

from dnnbench.errors import UserError
from dnnbench.records.example import example_record
from dnnbench.records.store import Store
from dnnbench.report.absent import Absent, Coverage
from dnnbench.studies.figure import SIZED
from dnnbench.studies.paper import compile as tex
from dnnbench.studies.paper.compile import compile_pdf
from dnnbench.studies.paper.description import names, read_description
from dnnbench.studies.paper.document import commands, document, hours_text, missing
from dnnbench.studies.paper.parts import Evidence, Part, plan_parts, together
from dnnbench.studies.paper.write import Section, write_paper
from dnnbench.sweep.campaign import Request
from dnnbench.sweep.manifest import Manifest
from dnnbench.sweep.planning import Task

HOSTILE = r"\input{/etc/passwd}", "_%&#$^{}~", "a\nb\u202e", "<script> -- `"

PAPER = r"""
title: "\\input{/etc/passwd} _%&#$^{}~"
text: "50 % of \\write18{id} & more"
families:
  one:
    title: "\\end{document}"
    text: "a_b"
    sweep: {quick: experiment=maxcut_five, full: "experiment=maxcut_five budget.seconds=20"}
    table: {problem: maxcut, columns: [kind, values, gap, rank, failed], caption: "c_d & \\e"}
    figure: {kind: gaps, caption: "f_g \\h"}
"""


@pytest.fixture
def paper(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(PAPER)
    return read_description(str(path))


def found(paper, records, absent=(), *, seconds=0.0, unknown=0, lacking=""):
    """What is on record of the paper's one family."""
    trials = len(records) + len(absent)
    part = Part(
        paper.families[0],
        Request("quick-one", (("problem=maxcut",),), {}, Path("store")),
        Manifest("quick-one", (("problem=maxcut",),), (), tuple(map(str, range(trials))), ""),
        None if lacking else [],
        lacking,
    )
    coverage = Coverage("quick-one", trials, len(absent), tuple(absent))
    return Evidence(part, list(records), coverage, seconds, unknown)


def hostile_records():
    return [
        example_record(
            trial_id=f"{10 * place + seed:020x}",
            solver=name,
            instance=f"{name}/G",
            seed=seed,
            value=90 + place + seed,
            environment={"cpu_model": HOSTILE[0], "packages": {"jax": HOSTILE[1]}},
        )
        for place, name in enumerate(HOSTILE)
        for seed in range(3)
    ]


@pytest.mark.parametrize("name", names())
def test_a_shipped_paper_s_families_can_be_read(name):
    described = read_description(name)
    assert described.profile(None) == "quick"
    assert set(described.profiles) == {"quick", "full"}
    for family in described.families:
        assert family.title
        assert family.table.caption
        assert family.table.label == f"tab:{family.name}"
        assert family.picture is not None
        assert family.picture.caption
        assert family.picture.drawing.kind in SIZED | {"trajectory", "strip"}


def test_the_survey_shows_every_family_with_rivals():
    described = read_description("survey")
    families = {family.name for family in described.families}
    assert families == {
        *("maxcut", "independent_sets", "satisfiability"),
        *("imaging", "equations", "programs"),
    }


@pytest.mark.full
def test_the_quick_survey_needs_no_download_and_fits_in_half_an_hour(tmp_path):
    parts = plan_parts(
        read_description("survey"), "quick", tmp_path, data_dir=None, cache_dir=tmp_path / "cache"
    )
    assert [part.lacking for part in parts] == [""] * len(parts)
    seconds = sum(task.seconds for part in parts for task in part.tasks)
    assert seconds <= 1650  # every budget used up, and a margin for compiling


def test_a_paper_with_nothing_hostile_in_it_is_plain(paper):
    record = example_record(trial_id=f"{1:020x}")
    text = document(paper, "quick", [Section(found(paper, [record]), "t.tex", "", "", "")], "store")
    assert text.count(r"\input{") == 1
    assert r"\input{t.tex}" in text


def test_no_text_of_a_description_or_a_record_is_a_command(paper, tmp_path):
    store = Store(tmp_path / "store")
    written = write_paper(paper, "quick", [found(paper, hostile_records())], store, tmp_path)
    for path in (written.text, tmp_path / "tables" / "one.tex"):
        text = path.read_text()
        assert r"\input{/" not in text
        assert r"\write18" not in text
        assert "\u202e" not in text
        assert r"\e}" not in text
    assert written.text.read_text().count(r"\end{document}") == 1
    assert r"\textbackslash{}end\{document\}" in written.text.read_text()


def test_what_was_not_run(paper):
    absent = [Absent("maxcut", "method", "pi_gnn", "gset/G1", seed) for seed in range(3)]
    one = example_record(trial_id=f"{1:020x}")
    assert missing(found(paper, [one])) == ""
    assert missing(found(paper, [one], absent, seconds=7200)) == (
        "3 of 4 trials were not run (about 2.0 hours)."
    )
    assert missing(found(paper, [one], absent, seconds=7200, unknown=1)) == (
        "3 of 4 trials were not run (about 2.0 hours, without 1 trials of which nothing is known)."
    )
    assert "is not known" in missing(found(paper, [one], absent, unknown=3))
    assert missing(found(paper, [one], absent, lacking="x is not here")) == (
        "3 of 4 trials were not run: x is not here."
    )
    assert [hours_text(s) for s in (1, 3600, 36000 * 4)] == ["0.1 hours", "1.0 hours", "40 hours"]


def test_the_appendix_says_how_it_was_made(paper):
    absent = [Absent("maxcut", "baseline", "tabu", "gset/G1", 0)]
    environment = {"cpu_model": "A CPU", "git_commit": "0123456789ab", "packages": {"jax": "0.10"}}
    record = example_record(trial_id=f"{1:020x}", environment=environment)
    section = Section(found(paper, [record], absent), "t.tex", "", "f.pdf", "")
    text = document(paper, "quick", [section], "store")
    for part in (
        "cpu (A CPU)",
        "jax 0.10",
        "dnnbench, commit 0123456789ab",
        "seconds=10.0, cores=2; 2 threads; 1 seeds",
        "Schuetz, Brubaker",  # of pi_gnn, on record
        "Iterated tabu search",  # planned
        "gset/G14 3064",
        "dnnbench sweep experiment=maxcut",
    ):
        assert part.replace("_", r"\_").replace("&", r"\&") in text


def test_commands_name_no_folder_of_a_machine(paper, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(PAPER.replace("experiment=maxcut_five,", "experiment=sub/own_one.yaml,"))
    described = read_description(str(path))
    assert described.families[0].sweeps["quick"][0].startswith(f"experiment={tmp_path}")
    section = Section(found(described, []), "", "", "", "")
    said = " ".join(commands(section, "quick", "RESULTS"))
    assert str(tmp_path) not in said
    assert "experiment=own_one.yaml" in said


def test_a_table_s_name_is_one_of_configs_report(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("families:\n  a:\n    sweep: {quick: a=b, full: a=b}\n    table: maxcut_five\n")
    family = read_description(str(path)).families[0]
    assert family.table.columns == ("kind", "values", "gap", "rank", "failed")
    assert "--report maxcut_five " in " ".join(
        commands(Section(found(read_description(str(path)), []), "", "", "", ""), "quick", "store")
    )
    path.write_text("families:\n  a:\n    sweep: {quick: a=b, full: a=b}\n    table: maxcut_fiv\n")
    with pytest.raises(UserError, match="did you mean 'maxcut_five'"):
        read_description(str(path))


def engine(monkeypatch, tmp_path, script):
    """A `pdflatex` of our own on PATH, and nothing else of TeX."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pdflatex").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "pdflatex").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")
    sources = tmp_path / "sources"
    (sources / "tables").mkdir(parents=True)
    (sources / "main.tex").write_text("x")
    (sources / "tables" / "a.tex").write_text("y")
    return sources


def test_a_pdf_is_made_elsewhere_without_a_shell_escape(monkeypatch, tmp_path):
    script = (
        'case " $* " in *" -no-shell-escape "*) ;; *) exit 3;; esac\n'
        "test -f tables/a.tex || exit 4\n"
        "echo run >> runs; echo x > main.aux; cp runs main.pdf\n"
        "test $(wc -l < runs) -ge 2 || echo 'Rerun to get cross-references right' > main.log\n"
        "test $(wc -l < runs) -lt 2 || echo done > main.log"
    )
    sources = engine(monkeypatch, tmp_path, script)
    done = compile_pdf(sources, ["main.tex", "tables/a.tex"])
    assert done.pdf == sources / "main.pdf"
    assert done.pdf.read_text() == "run\nrun\n"  # as often as the log asks for
    assert sorted(p.name for p in sources.iterdir()) == ["main.pdf", "main.tex", "tables"]


def test_the_log_of_a_failure_is_kept(monkeypatch, tmp_path):
    sources = engine(
        monkeypatch, tmp_path, "echo '! Undefined control sequence.' | tee main.log; exit 1"
    )
    done = compile_pdf(sources, ["main.tex"])
    assert (done.pdf, done.failed) == (None, True)
    assert "Undefined control sequence" in done.message
    assert "Undefined" in (sources / "main.log").read_text()


def test_tex_that_hangs_is_ended(monkeypatch, tmp_path):
    sources = engine(monkeypatch, tmp_path, "exec sleep 60")
    monkeypatch.setattr(tex, "_SECONDS", 0.2)
    done = compile_pdf(sources, ["main.tex"])
    assert done.failed
    assert "no end within" in done.message


def test_without_tex_there_are_sources_only(monkeypatch, tmp_path, paper):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "main.pdf").write_text("of an earlier text")
    store = Store(tmp_path / "store")
    written = write_paper(paper, "quick", [found(paper, hostile_records())], store, tmp_path)
    assert written.compiled.pdf is None
    assert not written.compiled.failed
    assert not (tmp_path / "main.pdf").exists()
    assert "no TeX on PATH" in written.compiled.message


@pytest.mark.full
def test_pdflatex_compiles_hostile_names(tmp_path, paper):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    absent = [Absent("maxcut", "method", name, "x", 0) for name in HOSTILE]
    store = Store(tmp_path / "store")
    evidence = found(paper, hostile_records(), absent, seconds=100)
    written = write_paper(paper, "quick", [evidence], store, tmp_path)
    if written.compiled.failed and "sty' not found" in written.compiled.message:
        pytest.skip(written.compiled.message)
    assert written.compiled.pdf is not None, written.compiled.message
    assert written.compiled.pdf.read_bytes()[:4] == b"%PDF"


def test_the_seeds_of_a_solver_run_one_after_the_other():
    tasks = [
        Task((f"baseline={solver}",), instance, seed, f"{k:020x}", solver, None)
        for k, (seed, instance, solver) in enumerate(product((0, 1), "xy", "ab"))
    ]
    order = [(t.instance, t.solver, t.seed) for t in together(tasks)]
    assert order == [(i, s, seed) for i in "xy" for s in "ab" for seed in (0, 1)]
