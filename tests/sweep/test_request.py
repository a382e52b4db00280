"""Experiments, profiles and launchers: what the words after `sweep` ask for."""

from pathlib import Path

import pytest

from dnnbench.errors import UserError
from dnnbench.sweep.campaign import compose_launcher, read_request
from dnnbench.sweep.experiment import read_experiment

BLOCKS = """
blocks:
  - [method=pi_gnn, instance=gset/G14, seed=0]
  - [baseline=greedy, instance=gset/G14, seed=0]
profiles:
  quick: [seed=1, budget.seconds=1]
  full: ["seed=range(0,9)"]
"""


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "mine.yaml"

    def write(text=BLOCKS):
        path.write_text(text)
        return str(path)

    return write


def test_a_profile_replaces_in_every_block(experiment):
    assert read_experiment(experiment(), "quick") == [
        ["method=pi_gnn", "instance=gset/G14", "seed=1", "budget.seconds=1"],
        ["baseline=greedy", "instance=gset/G14", "seed=1", "budget.seconds=1"],
    ]


def test_the_user_s_words_come_last(experiment):
    request = read_request([f"experiment={experiment()}", "profile=quick", "seed=5"])
    assert request.blocks == (
        ("method=pi_gnn", "instance=gset/G14", "budget.seconds=1", "seed=5"),
        ("baseline=greedy", "instance=gset/G14", "budget.seconds=1", "seed=5"),
    )
    assert request.name == "mine-quick"


def test_a_list_of_words_is_one_block(experiment):
    path = experiment("overrides: [baseline=greedy, seed=3]")
    assert read_request([f"experiment={path}"]).blocks == (("baseline=greedy", "seed=3"),)


@pytest.mark.parametrize(
    ("text", "profile", "said"),
    [
        (BLOCKS, "quik", "has no profile 'quik' .did you mean 'quick'"),
        (BLOCKS, "zzz", "has no profile 'zzz'; it has: quick, full"),
        ("blocks: []\n", None, "needs `overrides`"),
        ("blocks: [[]]\n", None, "needs `overrides`"),
        ("blocks: 3\n", None, "needs `overrides`"),
        ("title: x\n", None, "needs `overrides`"),
        ("- a\n", None, "not a mapping"),
        ("a: [\n", None, "while parsing"),
        ("overrides: [baseline=greedy]\n", "quick", "it has: none"),
    ],
)
def test_wrong_experiments(experiment, text, profile, said):
    path = experiment(text)
    with pytest.raises(UserError, match=said) as error:
        read_experiment(path, profile)
    assert "\n" not in str(error.value)


def test_an_experiment_that_is_not_there():
    with pytest.raises(UserError, match=r"experiment=none.yaml: No such file"):
        read_experiment("none.yaml", None)
    with pytest.raises(UserError, match="unknown experiment 'nonesuch'"):
        read_experiment("nonesuch", None)


def test_a_profile_of_nothing():
    with pytest.raises(UserError, match="give experiment=NAME too"):
        read_request(["baseline=greedy", "profile=quick"])


def test_results_folder():
    assert read_request(["baseline=greedy"]).results == Path("results")
    assert read_request(["baseline=greedy", "results='my folder'"]).results == Path("my folder")


def test_two_results_folders(experiment):
    path = experiment("blocks: [[baseline=greedy, results=a], [baseline=random, results=b]]")
    with pytest.raises(UserError, match="one results folder, not several: a, b"):
        read_request([f"experiment={path}"])


def test_names():
    one, same = read_request(["baseline=greedy"]), read_request(["baseline=greedy"])
    assert one.name == same.name != read_request(["baseline=random"]).name
    assert one.name == read_request(["baseline=greedy", "launcher.jobs=2"]).name
    assert read_request(["baseline=greedy"], "mine").name == "mine"
    for bad in ("../x", "a/b", ".x", "a b"):
        with pytest.raises(UserError, match="--name"):
            read_request(["baseline=greedy"], bad)


def test_launcher_words_are_taken_out():
    request = read_request(["baseline=greedy", "launcher=joblib", "launcher.jobs=3"])
    assert request.blocks == (("baseline=greedy",),)
    found = {k: v for k, v in request.launcher.items() if not k.startswith("_")}
    assert found == {"name": "joblib", "jobs": 3, "batch": 16}
    assert compose_launcher([])["jobs"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["launcher=jobli"], r"unknown launcher 'jobli' \(did you mean 'joblib'"),
        (["launcher=local,joblib"], "a sweep has one launcher"),
        (["launcher.jbs=2"], r"unknown launcher option 'jbs' \(did you mean 'jobs'"),
        (["launcher.jobs=0"], "launcher.jobs must be an integer >= 1, not 0"),
        (["launcher.jobs=two"], "launcher.jobs must be an integer >= 1, not 'two'"),
        (["launcher.jobs=1,2"], "a sweep has one launcher"),
        (["launcher.batch=4"], "unknown launcher option 'batch'"),
        (["launcher=null"], "unknown launcher 'None'"),
    ],
)
def test_wrong_launchers(words, said):
    with pytest.raises(UserError, match=said) as error:
        compose_launcher(words)
    assert "\n" not in str(error.value)
