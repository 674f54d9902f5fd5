import pandas as pd
import pytest

from sacmap.measure.change import MODEL_COLUMNS, compare


@pytest.mark.parametrize(
    ("name", "comparator"),
    [("3-periods", None), ("1-period", None), ("force-comparator", (9000, 3100))],
)
def test_the_worked_answers_to_six_decimals(data, name, comparator):
    worked = pd.read_csv(data / "reference" / f"compare-example-{name}.csv")
    periods = [column for column in worked if column.startswith("baseline_")]
    found = compare(worked[periods].to_numpy(), worked["current"], comparator)
    assert list(found["verdict"]) == list(worked["verdict"])
    for column in set(MODEL_COLUMNS) - {"verdict"}:
        assert found[column].to_numpy(float) == pytest.approx(worked[column].to_numpy(float), abs=1e-6), (
            column
        )
