from dnnbench.instances.generators.flip import Flip


def test_self_test_of_the_stanford_graphbase():
    flip = Flip(-314159)
    assert flip.draw() == 119318998
    for _ in range(133):
        flip.draw()
    assert flip.below(0x55555555) == 748103812


def test_first_values_of_seed_8001():
    flip = Flip(8001)
    assert [flip.draw() for _ in range(5)] == [
        1414150523,
        1816102906,
        1089118783,
        1397856254,
        1180343539,
    ]


def test_the_table_obeys_the_lagged_recurrence_across_refreshes():
    flip = Flip(5)
    for _ in range(54):
        flip.draw()
    tables = [[flip.draw() for _ in range(55)][::-1] for _ in range(9)]  # handed out backwards
    x = [value for table in tables for value in table]
    assert all(x[k] == (x[k - 55] - x[k - 24]) % 2**31 for k in range(55, 495))


def test_below_stays_below_and_rejects_the_uneven_rest():
    bound = 2**30 + 1  # almost half of all draws are rejected
    flip, plain = Flip(3), Flip(3)
    expected = [x for x in (plain.draw() for _ in range(400)) if x < bound][:100]
    assert [flip.below(bound) for _ in range(100)] == expected
    assert Flip(1).below(1) == 0
