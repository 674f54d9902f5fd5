"""A few of the fuzzed inputs of each kind, the same each time; benchmarks/fuzz.py runs ten thousand of each."""

import pytest
from fuzz_inputs import inputs
from fuzz_targets import TARGETS, folder_of, survive
from hypothesis import HealthCheck, given, settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

#: An input takes about twenty milliseconds, the whole command being run on it.
FEW = 6


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_the_file_the_command_ends_in_whole_files_or_a_told_error(target):
    with folder_of(target) as folder:
        examples = target.examples(folder)
        assert {survive(target, folder, example) for example in examples} == {"whole"}

        @settings(
            max_examples=FEW, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )
        @given(inputs(examples, target.form))
        def whatever(content):
            survive(target, folder, content)

        whatever()
