"""From LaTeX sources to a PDF, where TeX is on this machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("pdflatex", "tectonic")
"""In the order in which they are looked for. `latexmk` only calls the first, several times."""

_OPTIONS = {
    "pdflatex": ("-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode"),
    "tectonic": ("--untrusted", "--keep-logs"),
}
_PASSES = {"pdflatex": 3, "tectonic": 1}
"""At most: references and outlines settle by then. Tectonic repeats by itself."""

_SECONDS = 300.0


@dataclass(frozen=True)
class Compiled:
    """What came of it.

    Attributes:
        pdf: the file; None without one.
        message: why there is none; "" with one.
        failed: whether TeX was there and stopped.
    """

    pdf: Path | None
    message: str = ""
    failed: bool = False


def engine() -> str | None:
    """The path of the first of `ENGINES` that is on PATH, or None."""
    found = (shutil.which(name) for name in ENGINES)
    return next((path for path in found if path is not None), None)


def compile_pdf(folder: Path, sources: Sequence[str], name: str = "main") -> Compiled:
    """Make `NAME.pdf` of `NAME.tex` in a temporary folder, without a shell escape.

    On failure `NAME.log` is kept beside the sources.

    Args:
        folder: of the sources, and of the PDF.
        sources: paths of the files that TeX needs, relative to it.
        name: of the text, without suffix.
    """
    path = engine()
    if path is None:
        return Compiled(None, f"no TeX on PATH ({' or '.join(ENGINES)}): sources only")
    kind = "tectonic" if Path(path).stem == "tectonic" else "pdflatex"
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for source in sources:
            (place / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / source, place / source)
        said = _passes([path, *_OPTIONS[kind], f"{name}.tex"], place, name, _PASSES[kind])
        made = place / f"{name}.pdf"
        if said is None and made.is_file():
            shutil.copyfile(made, folder / f"{name}.pdf")
            return Compiled(folder / f"{name}.pdf")
        log = place / f"{name}.log"
        if log.is_file():
            shutil.copyfile(log, folder / f"{name}.log")
        why = said or "it wrote no PDF"
        return Compiled(None, f"{kind} failed ({why}); see {folder / name}.log", failed=True)


def _passes(command: list[str], place: Path, name: str, most: int) -> str | None:
    """Run TeX until its references are settled; why it stopped, or None."""
    variables = os.environ | {"openout_any": "p"}  # nothing is written outside
    for _ in range(most):
        try:
            done = subprocess.run(
                command, cwd=place, env=variables, stdin=subprocess.DEVNULL, check=False,
                capture_output=True, text=True, errors="replace", timeout=_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no end within {_SECONDS:.0f} s"
        except OSError as error:
            return str(error.strerror)
        if done.returncode != 0:
            return _first_error(done.stdout + done.stderr) or f"exit code {done.returncode}"
        log = place / f"{name}.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        if "Rerun to get" not in text:
            return None
    return None


def _first_error(text: str) -> str:
    """TeX's first complaint, on one line."""
    return next((line[1:].strip() for line in text.splitlines() if line.startswith("!")), "")
