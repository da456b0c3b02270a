"""Orders of faults: both engines read and refuse them in the same words."""

import pytest

from demo.faults import FAULTS
from demo.orders import FaultError, Order, known_faults, make_order, read_order

STRAGGLER = '"name": "straggler", "place": {"group": "g"}'


def test_an_order_is_read_with_the_usual_strength_or_its_own():
    """None where the fault has none."""
    usual = FAULTS["straggler"].strength.usual
    assert Order("straggler", {"group": "g"}, usual) == read_order(f"{{{STRAGGLER}}}", "sim")
    assert 0.25 == read_order(f'{{{STRAGGLER}, "strength": 0.25}}', "sim").strength
    assert usual == read_order(f'{{{STRAGGLER}, "strength": null}}', "sim").strength
    assert None is make_order("vllm", "frozen-worker", {"group": "g", "rank": "1"}).strength


def test_an_engine_knows_its_own_faults_and_none_of_the_stack():
    """What happens to an exporter is not the cluster's."""
    assert {"lost-gpu", "frozen-worker"} <= known_faults("sim").keys()
    assert "lost-gpu" not in known_faults("vllm")
    assert "exporter-restart" not in {*known_faults("sim"), *known_faults("vllm")}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "found a body that is no JSON: Expecting property name"),
        ("[]", 'found [], expected {"name": NAME, "place":'),
        ('{"name": "straggler"}', "found {'name': 'straggler'}, expected {"),
        ('{"name": 3, "place": {}}', "found {'name': 3, 'place': {}}, expected {"),
        ('{"name": "straggler", "place": "g"}', "found {'name': 'straggler', 'place': 'g'}, exp"),
        (f'{{{STRAGGLER}, "length": 3}}', "found {'name': 'straggler', "),
        ('{"name": "x", "place": {}}', "found the fault 'x', expected one of bad-canary, "),
        ('{"name": "exporter-restart", "place": {"exporter": "gpu"}}',
         "found the fault 'exporter-restart', expected one of "),
        ('{"name": "straggler", "place": {}}', "straggler needs 'group' in its place"),
        ('{"name": "straggler", "place": {"group": 7}}', "found 7 as group, expected a text"),
        ('{"name": "lost-region", "place": {"pid": "1"}}',
         "found 'pid' in the place of lost-region, expected region"),
        ('{"name": "straggler", "place": {"group": "g", "pid": "1"}}',
         "found 'pid' in the place of straggler, expected one of group, host, uuid"),
        ('{"name": "lost-gpu", "place": {"group": "g"}, "strength": 1}',
         "found a strength of 1, but lost-gpu has none"),
        (f'{{{STRAGGLER}, "strength": 2}}',
         "found a strength of 2 for straggler, expected a number from 0.001 to 1 (share of the"),
        (f'{{{STRAGGLER}, "strength": 0}}', "found a strength of 0 for straggler, expected a"),
        (f'{{{STRAGGLER}, "strength": true}}', "found a strength of True for straggler, expected"),
        (f'{{{STRAGGLER}, "strength": NaN}}', "found a strength of nan for straggler, expected"),
        (f'{{{STRAGGLER}, "strength": 1{"0" * 400}}}', "found a strength of 1000"),
        (f'{{{STRAGGLER}, "strength": "1"}}', "found a strength of '1' for straggler, expected"),
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused_with_what_was_found_and_expected(body: str, sentence: str):
    """Bodies of any kind."""
    with pytest.raises(FaultError) as refused:
        read_order(body, "sim")
    assert str(refused.value).startswith(sentence)
