"""Frames between a worker and its parent."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dnnbench.runner.messages import Final
from dnnbench.runner.protocol import ClosedError, read_frame, write_frame

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
array = arrays.arrays(
    st.sampled_from(["uint8", "int64", "float32", "float64", "bool"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
names = st.text("abcdefgh_", min_size=1, max_size=6)
frames = st.tuples(st.dictionaries(st.text(), plain), st.dictionaries(names, array, max_size=3))


def written(*messages):
    stream = io.BytesIO()
    for header, payload in messages:
        write_frame(stream, header, payload)
    return stream.getvalue()


def same(a, b):
    return a.keys() == b.keys() and all(
        a[k].dtype == b[k].dtype and np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f")
        for k in a
    )


@given(st.lists(frames, max_size=3))
def test_round_trip_of_several_frames(messages):
    stream = io.BytesIO(written(*messages))
    for header, payload in messages:
        got_header, got_payload = read_frame(stream)
        assert got_header == header
        assert same(got_payload, payload)
    with pytest.raises(ClosedError):
        read_frame(stream)


def test_every_truncated_frame_is_a_closed_pipe():
    data = written(({"type": "incumbent", "steps": 3}, {"z": np.arange(5, dtype=np.uint8)}))
    for length in range(len(data)):
        with pytest.raises(ClosedError):
            read_frame(io.BytesIO(data[:length]))


def test_frames_arrive_through_a_pipe_that_gives_little_at_a_time():
    class Dribble(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 3))

    data = written(({"a": 1}, {"z": np.ones(4)}))
    header, payload = read_frame(Dribble(data))
    assert header == {"a": 1}
    assert same(payload, {"z": np.ones(4)})


@pytest.mark.parametrize("data", [b"x" * 8 + b"{}", b"\0\0\0\2\0\0\0\0{]", b"\0\0\0\2\0\0\0\1{}x"])
def test_what_is_no_frame_is_an_error(data):
    with pytest.raises((ClosedError, ValueError)):
        read_frame(io.BytesIO(data))


def test_objects_are_never_pickled():
    with pytest.raises(ValueError, match="allow_pickle"):
        written(({}, {"z": np.array([object()])}))


def test_final_round_trip():
    z = np.array([0, 1], np.uint8)
    final = Final(z, None, 3.0, "budget", 5, 2, 0.1, 0.2, 0.3, trace=[[0.1, 1, 3.0]])
    again = Final.from_message(*read_frame(io.BytesIO(written(final.to_message()))))
    assert again.raw_z is None
    assert np.array_equal(again.z, z)
    assert vars(again) | {"z": 0} == vars(final) | {"z": 0}
