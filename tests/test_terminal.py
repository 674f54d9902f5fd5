from sacmap.terminal import BETWEEN_LINES, Progress


def test_progress_in_a_log_is_a_line_now_and_then_and_never_one_a_part(capsys):
    now = [0.0]
    names = [f"2018-{month:02d}-kent-street.csv" for month in range(1, 13)]
    with Progress("Reading", clock=lambda: now[0]) as progress:
        progress.expect(names)
        for name in names:
            now[0] += BETWEEN_LINES / 4
            progress.step(name)
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 12 files",
        "Reading: 4 of 12 files, 2018-04-kent-street.csv done",
        "Reading: 8 of 12 files, 2018-08-kent-street.csv done",
        "Reading: 12 of 12 files, 2018-12-kent-street.csv done",
    ]


def test_progress_of_one_part_is_of_one(capsys):
    with Progress("Fetching", ("boundary", "boundaries")) as progress:
        progress.expect(["kent/A1"])
    assert capsys.readouterr().err == "Fetching: 1 boundary\n"
