"""`dnnbench data` and `show` on pictures."""

import numpy as np

from dnnbench.instances.formats.pictures import parse_picture
from dnnbench.instances.load import load_instance
from tests.cli.command import dnnbench


def test_list_show_and_verify(cli):
    listed = cli("data", "list", "skimage").out.splitlines()
    assert len(listed) == 19
    assert any(line.split() == ["skimage/camera", "n", "262144", "m", "1"] for line in listed)
    assert "512x512, 1 channel(s)" in cli("show", "skimage/camera").out
    said = cli("data", "verify", "skimage")
    assert said.code == 0
    assert "ok  skimage/retina: scikit-image" in said.out
    assert "19 of 19 match" in said.out


def test_path_and_fetch_need_no_network(cli):
    assert cli("data", "path", "skimage/coins").out.strip().endswith("coins.png")
    assert "have it (scikit-image)" in cli("data", "fetch", "skimage/coins").out


def test_a_part_is_exported_as_png(cli, tmp_path):
    file = tmp_path / "part.png"
    name = "skimage/coffee@crop16x32-at3x4-gray"
    assert cli("data", "export", name, "-o", file).code == 0
    wanted = load_instance(name, cache_dir=tmp_path).sealed.levels
    np.testing.assert_array_equal(parse_picture(file.read_bytes(), "f").levels, wanted)


def test_mistakes_are_one_line():
    done = dnnbench("data", "export", "skimage/camera@crop9999")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "a crop of 9999 x 9999" in done.stderr
    assert done.stderr.count("\n") == 1
