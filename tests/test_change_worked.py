import numpy as np
import pandas as pd
import pytest

from sacmap.measure.verdict import MODEL_COLUMNS, Law, compare


@pytest.mark.parametrize(
    ("name", "comparator", "months"),
    [
        ("3-periods", None, 12),
        ("1-period", None, 12),
        ("force-comparator", (9000, 3100), 12),
        ("5-months", None, 5),
        ("few-areas", None, 12),
        ("zeros", None, 12),
    ],
)
def test_the_worked_answers_to_six_decimals(data, name, comparator, months):
    worked = pd.read_csv(data / "reference" / f"compare-example-{name}.csv")
    periods = [column for column in worked if column.startswith("baseline_")]
    found = compare(worked[periods].to_numpy(), worked["current"], comparator, months=months)
    assert list(found["verdict"]) == list(worked["verdict"])
    for column in set(MODEL_COLUMNS) - {"verdict"}:
        assert found[column].to_numpy(float) == pytest.approx(worked[column].to_numpy(float), abs=1e-6), (
            column
        )


def test_the_worked_answer_of_the_one_law():
    # 438 expected, k 0.0385, 570 counted.
    law = Law(np.array([438.0]), np.array([0.0385]), np.array([570.0]), 0.02)
    assert law.present[0] == pytest.approx(562.61, abs=0.01)
    assert law.excess[0] == pytest.approx(124.61, abs=0.01)
    assert law.level(law.excess)[0] == pytest.approx(525.23, abs=0.01)
