"""Wrong use and bad input: one or two lines on standard error, exit 2, no traceback."""

import gzip
import itertools

import pytest

from dnnbench.instances.formats import open_text
from tests.cli.command import INSTANCE, dnnbench

SOLVER = ("run", "baseline=random", "budget.steps=3", "results=results")
METHOD = ("run", "method=mean_field", f"instance={INSTANCE}")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def refused(cli, tmp_path):
    """Call the command line, check the form of its refusal and return the message."""

    def call(*arguments):
        done = cli(*arguments)
        assert done.code == 2
        assert done.out == ""
        assert 1 <= done.err.count("\n") <= 2
        assert done.err.startswith("dnnbench: ")
        assert not list(tmp_path.rglob("*.json"))
        return done.err

    return call


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("method=pignn", "unknown method 'pignn' (did you mean 'pi_gnn'"),
        ("method=PI_GNN", "did you mean 'pi_gnn'"),
        ("method=3", "unknown method '3'; known: "),
        ("method=greedy", "'greedy' is a baseline: write baseline=greedy"),
        ("baseline=pqqa", "'pqqa' is a method: write method=pqqa"),
        ("baseline=gredy", "unknown baseline 'gredy' (did you mean 'greedy'?)"),
        ("baseline=greedy", "give either method=NAME or baseline=NAME, not both"),
        ("method=null", "give method=NAME or baseline=NAME"),
        ("problem=maxct", "unknown problem 'maxct' (did you mean 'maxcut'"),
        ("problem=null", "problem must not be null"),
        ("hardware=cpuu", "unknown hardware 'cpuu' (did you mean 'cpu'"),
        ("budget=long", "unknown budget 'long'"),
        (
            "instance=gset/G144",
            "unknown instance 'gset/G144' (did you mean 'gset/G44' or 'gset/G14'",
        ),
        ("instance=G14", "unknown instance 'G14' (did you mean 'gset/G14'?)"),
        ("instance=gset", "'gset' is a suite, not an instance"),
        ("instance=gen/gpn-n5-p0.5-s1", "'gpn'"),
        ("instance=", "unknown instance ''"),
        ("instance=no/such.txt", "no such file, and no instance of this name: no/such.txt"),
        ("instance=pde/AC", "'pde' is not supported yet"),
        ("method.lerning_rate=1", "method has no option 'lerning_rate' (did you mean"),
        ("baseline.order=degree", "no baseline is chosen"),
        ("budget.second=1", "budget has no option 'second' (did you mean 'seconds'"),
        ("sede=1", "unknown option 'sede' (did you mean 'seed'"),
        ("qqq=1", "known: baseline, budget, hardware, instance, method, plan, problem, "),
        ("hydra.run.dir=x", "unknown option 'hydra.run.dir'"),
        ("+more=1", "unknown option 'more'"),
        ("method.learning_rate=-1", "method.learning_rate must be a number > 0, not -1.0"),
        ("method.learning_rate=fast", "must be a number > 0, not 'fast'"),
        ("method.num_steps=1.5", "must be an integer >= 1, not 1.5"),
        ("method.num_steps=null", "must not be null"),
        ("budget.seconds=inf", "budget.seconds must be a number > 0 or null, not inf"),
        ("seed=-1", "seed must be an integer >= 0, not -1"),
        ("seed=true", "seed must be an integer >= 0, not True"),
        ("seed={a:1}", "seed must be an integer >= 0"),
        ("problem.polish=two_flip", "problem.polish must be one of none, one_flip"),
        ("plan.dtype=float16", "plan.dtype must be one of float32, float64"),
        ("plan.kernel=coco", "unknown plan.kernel 'coco' (did you mean 'coo'"),
        ("plan=null", "'plan' holds several options"),
        ("hardware.threads=4096", "hardware.threads=4096: only "),
        ("seed=1,2", "'seed=1,2' names several values; a run takes one"),
        ("seed=range(3)", "names several values"),
        ("method=pi_gnn,pqqa", "names several values"),
        ("experiment=all", "start them with `dnnbench sweep experiment=all ...`"),
        ("launcher=joblib", "a launcher is for many trials"),
        ("method.name=mine", "'method.name' is metadata and cannot be set"),
        ("method._about.kind=network", "is metadata and cannot be set"),
        ("problem._options.polish.choices=[x]", "is metadata and cannot be set"),
        ("_options.seed=1", "is metadata and cannot be set"),
        ("~seed", "nothing can be taken out of the configuration"),
        ("seed", "cannot read 'seed': overrides look like key=value"),
        ("pqqa", "(did you mean 'method=pqqa'?)"),
        ("seed=[1", "cannot read 'seed=[1'"),
        ("seed=${nothing}", "nothing"),
    ],
)
def test_overrides(refused, override, said):
    assert said in refused(*METHOD, override)


def test_no_solver(refused):
    assert "give method=NAME or baseline=NAME" in refused("run")


def test_a_method_that_does_not_fit_says_what_it_solves(refused, monkeypatch):
    from dnnbench.config import catalog

    about = catalog.entry("method", "mean_field").about
    fitting = dict(about, problems=["mis", "sat"])
    monkeypatch.setattr("dnnbench.runner.once.solver_node", _with_about(fitting))
    monkeypatch.setattr("dnnbench.runner.spec.solver_node", _with_about(fitting))
    said = refused(*METHOD)
    assert "method 'mean_field' does not solve 'maxcut'; it solves: mis, sat" in said


def _with_about(about):
    from dnnbench.runner.spec import solver_node

    def changed(config):
        role, node = solver_node(config)
        return role, node | {"_about": about}

    return changed


@pytest.mark.parametrize("hardware", ["gpu", "gpu_all"])
def test_no_gpu(refused, monkeypatch, hardware):
    monkeypatch.setattr("dnnbench.config.hardware.gpu_missing", lambda: "no GPU device was found")
    said = refused(*METHOD, f"hardware={hardware}")
    assert f"hardware={hardware}: no GPU device was found; hardware=cpu runs everywhere" in said


MALFORMED = {
    "empty": (b"", "the file is empty"),
    "no header": (b"graph\n1 2\n", "line 1: 'graph' is not a number"),
    "too few edges": (b"3 3\n1 2 1\n2 3 1\n", "2 edges, the last on line 3, but the header"),
    "too many edges": (b"3 1\n1 2 1\n2 3 1\n", "line 3: more edges than the 1 the header"),
    "out of range": (b"3 2\n1 2 1\n2 4 1\n", "line 3: vertex 4 is not in 1..3"),
    "repeated": (b"3 2\n1 2 1\n2 1 1\n", "line 3: edge 1 2 stands already on line 2"),
    "self-loop": (b"3 2\n1 2 1\n2 2 1\n", "line 3: self-loop at vertex 2"),
    "nan": (b"3 2\n1 2 1\n2 3 nan\n", "line 3: 'nan' is not finite"),
    "overflow": (b"3 2\n1 2 1\n2 3 1e999\n", "line 3: weight inf is not finite"),
    "impossible": (b"3 4\n1 2 1\n", "line 1: no simple graph has n=3 vertices and m=4"),
    "utf-16": ("3 2\n1 2 1\n".encode("utf-16"), "line 1: not UTF-8 text"),
    "nul bytes": (b"3 2\n1 \0 1\n2 3 1\n", "line 2: "),
    "broken gzip": (gzip.compress(b"3 1\n1 2 1\n")[:-6], "damaged or truncated gzip file"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_graph_files(refused, tmp_path, case):
    content, said = MALFORMED[case]
    (tmp_path / "bad.rud").write_bytes(content)
    message = refused(*SOLVER, "instance=bad.rud")
    assert message.startswith("dnnbench: bad.rud")
    assert said in message


def test_gzip_bomb(refused, tmp_path, monkeypatch):
    cap = 2**20
    for function in (open_text.read_bytes, open_text.unpack):
        monkeypatch.setattr(function, "__defaults__", (cap,))
    (tmp_path / "bomb.rud.gz").write_bytes(gzip.compress(b"1" * (16 * cap)))
    assert "larger than the cap of 1048576 bytes" in refused(*SOLVER, "instance=bomb.rud.gz")


def test_a_folder_is_no_graph(refused, tmp_path):
    assert "not a regular file" in refused(*SOLVER, f"instance={tmp_path}")


@pytest.mark.parametrize("results", ["results", "results/deeper"])
def test_results_folder_that_is_a_file(refused, tmp_path, results):
    (tmp_path / "results").write_text("mine")
    assert "results" in refused(*SOLVER, f"instance={INSTANCE}", f"results={results}")
    assert (tmp_path / "results").read_text() == "mine"


@pytest.mark.parametrize("path", ["/nowhere/answer.txt", "."])
def test_solution_path_that_cannot_be_written(refused, path):
    said = refused(*SOLVER, f"instance={INSTANCE}", "--solution", path)
    assert f"--solution: cannot write to '{path}'" in said


def test_solution_on_a_full_disk(cli):
    done = cli(*SOLVER, f"instance={INSTANCE}", "-q", "--solution", "/dev/full")
    assert done.code == 2
    assert (
        done.err == "dnnbench: --solution: cannot write to '/dev/full': No space left on device\n"
    )


def test_broken_data_folder(refused, monkeypatch):
    monkeypatch.setenv("DNNBENCH_DATA", "/nowhere")
    assert "DNNBENCH_DATA names '/nowhere', which is not a folder" in refused(*METHOD)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rum",), "No such command 'rum'. Did you mean"),
        (("run", "--nope"), "No such option: --nope"),
        (("list", "methds"), "'methds' is not one of 'methods'"),
        (("list", "--json"), "--json needs to know what to list"),
        (("list", "instances", "--suite", "gst"), "unknown suite 'gst' (did you mean 'gset'"),
        (("show", "pi_gn"), "unknown name 'pi_gn' (did you mean 'pi_gnn'"),
        (("show",), "Missing argument"),
    ],
)
def test_verbs_and_options(refused, arguments, said):
    assert said in refused(*arguments)


def test_a_damaged_record_is_put_aside(cli, tmp_path):
    words = (*SOLVER, f"instance={INSTANCE}", "-q")
    assert cli(*words).code == 0
    (path,) = tmp_path.rglob("*.json")
    path.write_text("{")
    said = cli(*words)
    assert said.code == 2
    assert "is damaged" in said.err
    assert cli(*words).code == 0


def test_no_traceback_in_a_process_of_its_own(tmp_path):
    for arguments in (METHOD[:2] + ("instance=G14",), ("run", "seed=1,2"), ("show", "qqq")):
        done = dnnbench(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stdout + done.stderr
        assert done.stderr.count("\n") == 1


def test_every_pair_of_solver_words_is_refused_alike(refused):
    for words in itertools.permutations(("method=pqqa", "baseline=greedy")):
        assert "not both" in refused("run", *words)
