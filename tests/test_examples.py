"""Every public function has an example in its docstring, and every example of the package runs."""

import doctest
import importlib
import pkgutil
import warnings
import zipfile

import pytest
from conftest import csv_text, row, write_squares

import sacmap
from sacmap import months

STEPS = [name for name in sacmap.__all__ if callable(getattr(sacmap, name)) and name[0].islower()]
MODULES = sorted(found.name for found in pkgutil.walk_packages(sacmap.__path__, "sacmap."))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """A folder with the files that the examples name: two wards, and four years of a force."""
    folder = tmp_path_factory.mktemp("examples")
    wards = [{"WD24CD": f"W{n}", "WD24NM": f"Ward {n}"} for n in range(4)]
    write_squares(folder / "wards.geojson", *wards)
    with zipfile.ZipFile(folder / "crimes.zip", "w") as archive:
        for month in months.span("2022-04:2026-03"):
            now = month >= "2025-04"
            rows = [
                row(month, lon=f"{n * 0.01 + 0.005:.6f}", lat="52.005000", kind=kind)
                for n in range(4)
                for kind in ("Burglary", "Robbery", "Vehicle crime", "Drugs", "Drugs")
                for _ in range(4 if now and n == 0 else 1 if now and n == 1 else 2)
            ]
            archive.writestr(f"{month}/{month}-northamptonshire-street.csv", csv_text(*rows))
    return folder


def run_examples(thing, name, but=()):
    """Run the examples in the docstrings of a thing, but for those of some names; return how many there are."""
    names = {step: getattr(sacmap, step) for step in sacmap.__all__}
    names["study"] = sacmap.Study(current="2025-04:2026-03", baseline="2022-04:2025-03")
    failures, tried = [], 0
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    for test in doctest.DocTestFinder().find(thing, name, globs=None):
        if test.name in but:
            continue
        test.globs = {**test.globs, **{key: value for key, value in names.items() if key not in test.globs}}
        tried += len(test.examples)
        runner.run(test, out=failures.append)
    assert not failures, "".join(failures)
    return tried


@pytest.mark.parametrize("name", STEPS)
def test_the_example_of_every_public_function_runs(name, examples, monkeypatch, tmp_path):
    monkeypatch.chdir(examples)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run_examples(getattr(sacmap, name), name) > 0


@pytest.mark.slow
def test_every_other_example_of_the_package_runs(examples, monkeypatch):
    monkeypatch.chdir(examples)
    public = {f"{step.__module__}.{step.__qualname__}" for step in (getattr(sacmap, name) for name in STEPS)}
    tried = [
        run_examples(importlib.import_module(name), name, public)
        for name in MODULES
        if name != "sacmap.__main__"
    ]
    assert sum(tried) > 0
