"""What every test shares: where the real data are, and small police.uk files."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "shared" / "data"

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


@pytest.fixture(scope="session")
def data():
    """The folder of real files; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the real data are not beside the project")
    return DATA


def row(
    month="2018-10",
    kind="Burglary",
    lon="-0.900000",
    lat="52.240000",
    *,
    crime_id="",
    force="Northamptonshire Police",
    street="On or near High Street",
):
    """One row of a police.uk street file."""
    return f"{crime_id},{month},{force},{force},{lon},{lat},{street},E01000001,Somewhere 001A,{kind},,"


def csv_text(*rows, header=HEADER, end="\r\n"):
    """A whole street file."""
    return end.join([header, *rows]) + end


def square(n, size=0.01):
    """The closed ring of a square of about a kilometre near 52° north, the nth from west to east."""
    x, y = round(n * size, 6), 52.0
    corners = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return [[round(a, 6), round(b, 6)] for a, b in corners]
