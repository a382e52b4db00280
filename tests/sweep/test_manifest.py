"""The note that `resume` and `status` go by."""

import json

import pytest

from dnnbench.errors import UserError
from dnnbench.sweep import manifest

BLOCKS = (("method=a", "seed=range(0,2)"), ("baseline=ö",))
TRIALS = ("0" * 20, "1" * 20)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "results"


def write(root, name="mine", **changes):
    fields = {"blocks": BLOCKS, "plugins": [], "trials": TRIALS} | changes
    manifest.write(root, name, **fields)


def test_round_trip(root, tmp_path):
    plugin = tmp_path / "deep" / "plugin.py"
    write(root, plugins=[plugin])
    found = manifest.read(root, "mine")
    assert (found.name, found.blocks, found.trials) == ("mine", BLOCKS, TRIALS)
    assert (root / found.plugins[0]).resolve() == plugin
    assert not found.plugins[0].startswith("/")
    assert manifest.names(root) == ["mine"]
    assert [path.name for path in (root / "experiments").iterdir()] == ["mine.json"]


def test_plugins_are_found_behind_a_symbolic_link(tmp_path):
    (tmp_path / "disk" / "far").mkdir(parents=True)
    root = tmp_path / "results"
    root.symlink_to(tmp_path / "disk" / "far")
    plugin = tmp_path / "plugin.py"
    plugin.write_text("here")
    write(root, plugins=[plugin])
    assert (root / manifest.read(root, "mine").plugins[0]).read_text() == "here"


def test_the_last_one_of_a_name_counts(root):
    write(root)
    write(root, trials=TRIALS[:1])
    assert manifest.read(root, None).trials == TRIALS[:1]


def test_without_a_name_there_must_be_one(root):
    with pytest.raises(UserError, match="none was started there"):
        manifest.read(root, None)
    write(root, "first")
    assert manifest.read(root, None).name == "first"
    write(root, "second")
    with pytest.raises(UserError, match="one of: first, second"):
        manifest.read(root, None)
    with pytest.raises(UserError, match=r"no experiment 'frst' in .* .did you mean 'first'"):
        manifest.read(root, "frst")


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"version": 1}', '{"version": 1, "x"'])
def test_damage(root, damage):
    write(root)
    path = root / "experiments" / "mine.json"
    path.write_text(damage)
    with pytest.raises(UserError, match=r"mine.json is damaged; start its sweep again"):
        manifest.read(root, "mine")
    write(root)
    assert manifest.read(root, "mine").trials == TRIALS


def test_truncated_anywhere_it_is_damaged(root):
    write(root)
    path = root / "experiments" / "mine.json"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match="is damaged"):
            manifest.read(root, "mine")


def test_of_another_version(root):
    write(root)
    path = root / "experiments" / "mine.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(UserError, match="another version of dnnbench"):
        manifest.read(root, "mine")


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "results").write_text("x")
    with pytest.raises(UserError, match="cannot write to the results folder"):
        write(tmp_path / "results")
