"""The documentation cannot drift: its code and its commands are run, and its links lead somewhere."""

import contextlib
import os
import random
import re
import shlex
import shutil
import subprocess
import unicodedata
import zipfile
from pathlib import Path

import geopandas
import pytest
import shapely
from builders import sheets, write_ods
from conftest import csv_text, row
from open_geography import Geography, Service, serving
from police_uk import Police, serve

from sacmap import months
from sacmap.areas.open_geography import KNOWN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_readers")]

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)(?: title=\"(.+?)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, kind):
    """The fenced blocks of one kind in a page."""
    return [text for name, _, text in BLOCK.findall(page.read_text(encoding="utf-8")) if name == kind]


@pytest.fixture(scope="module")
def beside_the_demo(tmp_path_factory, practice):
    """A folder with the practice borough's files where `sacmap demo` puts them."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(practice.study.parent, folder / "maps" / "practice")
    return folder


def test_the_python_of_the_pages_runs_and_does_what_they_say(beside_the_demo, monkeypatch, capsys):
    monkeypatch.chdir(beside_the_demo)
    names = {}
    for page in ("notebook.md", "page.md"):
        for code in blocks(ROOT / "docs" / page, "python"):
            exec(compile(code, f"docs/{page}", "exec"), names)
    assert "-118 crimes, 95% -196 to -40" in capsys.readouterr().out
    assert Path("burglary.html").stat().st_size > 100_000
    assert not re.search(r"<(script|img)[^>]* src=|<link", Path("burglary.html").read_text(encoding="utf-8"))
    assert "Burglary" in (html := names["shown"].get_root().render())
    assert "Northampton" in html


def test_the_tutorial_s_commands_run_and_print_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for kind, title, text in BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
        if title:
            Path(title).write_text(text, encoding="utf-8")
        if kind == "console":
            for command, said in commands(text):
                printed = run(command, capsys)
                assert [line for line in said if line not in printed] == [], command


SIDE = 5


@pytest.fixture(scope="module")
def files_of_pages(tmp_path_factory):
    """A folder with what the commands of the other pages name, made once, and its wards."""
    folder = tmp_path_factory.mktemp("pages")
    with contextlib.chdir(folder):
        return folder, write_files_of_pages()


@pytest.fixture
def grid(files_of_pages, tmp_path, monkeypatch):
    """Where the commands of a page run, with its own copy of the files they name."""
    folder, wards = files_of_pages
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return wards


def write_files_of_pages():
    """Write 25 wards and eleven years of crimes here, under the names the pages use; return the wards."""
    corner = [(column * 0.01, 52 + line * 0.01) for line in range(SIDE) for column in range(SIDE)]
    luck = random.Random(5)
    with zipfile.ZipFile("crimes.zip", "w") as archive:
        for month in months.span("2014-04:2025-12"):
            rows = [
                row(month, kind, f"{x + 0.005:.3f}", f"{y + 0.005:.3f}")
                for x, y in corner
                for kind in luck.sample(["Burglary", "Robbery", "Vehicle crime", "Vehicle crime"], 2)
            ]
            archive.writestr(f"{month}/{month}-northamptonshire-street.csv", csv_text(*rows))
    for name in ("2018.zip", "2025-12.zip", "northamptonshire.zip"):
        shutil.copy("crimes.zip", name)
    wards = geopandas.GeoDataFrame(
        {"WD19CD": [f"E{n:02d}" for n in range(len(corner))], "WD19NM": "Ward", "households": 900}
        | {"LAD19NM": ["Northampton" if n < 15 else "Kettering" for n in range(len(corner))]},
        geometry=[shapely.box(x, y, x + 0.01, y + 0.01) for x, y in corner],
        crs="EPSG:4326",
    )
    wards.to_file("wards.geojson")
    wards.to_file("wards.gpkg", layer="wards")
    Path("study.toml").write_text(
        'crimes = "2018.zip"\nboundaries = "wards.geojson"\ncurrent = "2017-04:2018-03"\nbaseline = "2014-04:2017-03"\n'
    )
    Path("actions.csv").write_text("date,area_id,action,homes\n2018-05-14,E07,locks,20\n")
    write_ods(Path("prc-csp.ods"), sheets())
    return wards


@pytest.fixture
def services(grid, no_waiting):
    """Options that lead a command of the network to servers of this machine, by the command."""
    police = Police(clock=no_waiting, latest="2025-12")
    police.neighbourhoods["northamptonshire"] = {
        area: ("Ward", list(shape.exterior.coords))
        for area, shape in zip(grid["WD19CD"], grid.geometry, strict=True)
    }
    whole = Path("crimes.zip").read_bytes()
    police.archives = {f"{month}.zip": whole for month in months.span("2018-03:2025-12")}
    wards = [({"WD19CD": area, "WD19NM": "Ward", "LAD19NM": "Northampton"}, shape) for area, shape in
             zip(grid["WD19CD"], grid.geometry, strict=True)]  # fmt: skip
    lsoas = [({"LSOA21CD": "E01", "LSOA21NM": "West Northamptonshire 001A"}, grid.geometry.iloc[0])]
    geography = Geography(
        {
            KNOWN["wards", "2019"]: Service(["FID", "WD19CD", "WD19NM", "LAD19NM"], wards),
            KNOWN["lsoas", "2021"]: Service(["FID", "LSOA21CD", "LSOA21NM"], lsoas),
        }
    )
    with serve(police) as base, serving(geography) as folder:
        api = f"--store store --api-url {base}/api"
        yield {
            "sacmap boundaries northamptonshire": api,
            "sacmap boundaries --": f"--service-url {folder}",
            "sacmap fetch": f"{api} --archive-url {base}/archive --yes",
        }


OTHERS = sorted(
    page for page in (ROOT / "docs").glob("*.md") if page.name not in {"commands.md", "tutorial.md"}
)
SPOKEN = [(page.name, line) for page in OTHERS for kind in ("", "sh") for text in blocks(page, kind)
          for line in text.splitlines() if line.startswith("sacmap ")]  # fmt: skip


def test_the_commands_of_every_page_are_found():
    assert {name for name, _ in SPOKEN} >= {
        "boundaries.md",
        "evaluation.md",
        "fetching.md",
        "reconcile.md",
        "scale.md",
    }


@pytest.mark.parametrize("page", sorted({name for name, _ in SPOKEN}))
def test_the_commands_of_a_page_run_as_written(page, services, capsys):
    for command in [line for name, line in SPOKEN if name == page]:
        more = next((words for start, words in services.items() if command.startswith(start)), "")
        run(f"{command.removeprefix('sacmap ')} {more}", capsys)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(("code", "passes"), [(0, True), (3, True), (2, False), (4, False)])
def test_the_step_of_a_ci_service_passes_whole_maps_and_those_with_gaps_alone(tmp_path, code, passes):
    (step,) = re.findall(r"- run: (sacmap watch .*)", (ROOT / "docs" / "routine.md").read_text("utf-8"))
    # Such a service stops at the first command that fails, also within a pipe.
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        [*shell, f"sacmap() {{ echo rose; return {code}; }}; {step}"],
        env=os.environ | {"GITHUB_STEP_SUMMARY": str(summary)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert (done.returncode == 0) is passes
    assert summary.read_text() == "rose\n"


def commands(text):
    """Each command of a console block with the lines shown under it."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ sacmap "):
            found.append((line.removeprefix("$ sacmap "), []))
        else:
            found[-1][1].append(line)
    return found


def run(command, capsys):
    """What a command prints, to either stream; it must end whole."""
    from sacmap.cli import sacmap

    code = sacmap(shlex.split(command), standalone_mode=False)
    out, err = capsys.readouterr()
    assert code in {None, 0}, f"{command}\n{out}{err}"
    return (out + err).replace(os.sep, "/")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}"


def anchors(page):
    """The anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [unicodedata.normalize("NFKD", re.sub(r"[`*_]", "", heading)).lower() for heading in headings]
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip()) for heading in plain}


def test_every_code_that_decides_where_a_notice_is_shown_is_that_of_a_notice():
    from sacmap.notices import MINOR, TOLD_FIRST, WEIGHTY

    every = (ROOT / "sacmap").rglob("*.py")
    source = "".join(path.read_text("utf-8") for path in every if path.name != "notices.py")
    unmade = [code for code in {*TOLD_FIRST, *MINOR, *WEIGHTY} if f'"{code}"' not in source]
    assert not unmade, "sacmap makes no such notice"
