"""What several tests build: comparisons of made-up rows, crimes on a made-up police.uk, tables, a plan."""

import csv
import random
import zipfile

import openpyxl
import pandas as pd
from conftest import csv_text, square
from police_uk import crime

from sacmap import tables
from sacmap.areas.boundaries import areas_from_rings, read_areas
from sacmap.choose.plan import Plan
from sacmap.comparison import compare_areas
from sacmap.fetch.street import read
from sacmap.months import span
from sacmap.study import make_study


def compare_files(crimes, boundaries, current, baseline, **more):
    study = make_study({"current": current, "baseline": baseline, "crimes": (str(crimes),), **more})
    reading = read(study.crimes, keep=tables.SAC_TYPES)
    return compare_areas(study, reading, read_areas(boundaries))


ASH, BIRCH = {"lon": "0.005", "lat": "52.005"}, {"lon": "0.015", "lat": "52.005"}


def compare_rows(folder, rows, current, baseline, **more):
    """Compare made-up rows over two squares, A and B, side by side."""
    path = folder / "a.csv"
    path.write_text(csv_text(*rows))
    periods = {"current": current} | ({"baseline": baseline} if baseline else {})
    study = make_study(periods | {"crimes": (str(path),), **more})
    areas = areas_from_rings({("A", "Ash"): square(0), ("B", "Birch"): square(1)})
    return compare_areas(study, read(study.crimes, keep=tables.SAC_TYPES), areas)


FORCE = "northamptonshire"
NAME = "Northamptonshire Police"
WANTED = (*span("2023-01:2023-03"), *span("2024-01:2024-03"))
KINDS = ("burglary", "robbery", "vehicle-crime")
AREAS = areas_from_rings({(f"A{n}", f"Area {n}"): [tuple(p) for p in square(n)] for n in range(4)})


def crimes_of(months=WANTED, per_month=60, seed=3):
    """Crimes in four squares, some in a fifth place, some with no location; BTP's among them."""
    luck = random.Random(seed)
    rows = []
    for month in months:
        for _ in range(per_month):
            number = len(rows) + 1
            kind = luck.choice(KINDS)
            if luck.random() < 0.1:
                rows.append(crime(number, kind, None, month=month))
                continue
            btp = luck.random() < 0.05
            lat, lng = 52 + luck.random() * 0.01, luck.random() * 0.05
            more = {"location_type": "BTP", "persistent_id": ""} if btp else {}
            rows.append(crime(number, kind, lat, lng, month, **more))
    return rows


# A table laid out as the Home Office publishes it: a notes sheet, then a sheet a year under a title.

HEADER = ["Financial Year", "Financial Quarter", "Force Name", "CSP Name", "Offence Description", "Offence Group",
          "Offence Subgroup", "Offence Code", "Number of Offences [note 2]"]  # fmt: skip
TITLES = [["Police recorded crime by Community Safety Partnership, year ending March 2019"], [],
          ["This worksheet contains one table. Some cells refer to notes."]]  # fmt: skip
DESCRIPTIONS = {
    "28E": "Burglary Residential", "30C": "Burglary Business and Community", "34B": "Robbery of personal property",
    "45": "Theft from vehicle", "48": "Theft or unauthorised taking of motor vehicle",
    "37.2": "Aggravated vehicle taking", "126": "Interfering with a motor vehicle", "105A": "Assault without injury",
}  # fmt: skip
COUNTS = {"28E": 40, "30C": 12, "34B": 6, "45": 30, "48": 9, "37.2": 1, "126": 5, "105A": 70}


def body(year, quarters=(1, 2, 3, 4), scale=1):
    return [
        [year, quarter, "Northamptonshire", csp, DESCRIPTIONS[code], "Theft offences", "…",
         float(code) if code.replace(".", "").isdigit() else code, n * scale * (1 if csp == "Northampton" else 2)]
        for quarter in quarters
        for csp in ("Northampton", "Corby & Kettering")
        for code, n in COUNTS.items()
    ]  # fmt: skip


def sheets():
    return {
        "Cover": [["Police recorded crime open data"], ["Published by the Home Office"]],
        "2017-18": [*TITLES, HEADER, *body("2017/18")],
        "2018-19": [
            *TITLES,
            HEADER,
            *body("2018/19", scale=2),
            [],
            ["Source: police recorded crime, Home Office"],
        ],
    }


def write_xlsx(path, content):
    """Write a workbook, to a path or a stream: the rows of each sheet by its name."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in content.items():
        sheet = book.create_sheet(name)
        for cells_of_row in rows:
            sheet.append(cells_of_row)
    book.save(path)


def write_ods(path, content):
    """Write an ODS as spreadsheet programs do: numbers as values, and empty cells to the sheet's edge as repeats."""

    def cell(value):
        if isinstance(value, str):
            text = value.replace("&", "&amp;").replace("<", "&lt;")
            return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )

    edge = '<table:table-cell table:number-columns-repeated="1015"/>'
    tables_xml = "".join(
        f'<table:table table:name="{name}">'
        + "".join(f"<table:table-row>{''.join(map(cell, line))}{edge}</table:table-row>" for line in rows)
        + f'<table:table-row table:number-rows-repeated="1000000">{edge}</table:table-row></table:table>'
        for name, rows in content.items()
    )
    spaces = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", mime, zipfile.ZIP_STORED)
        file.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/></manifest:manifest>',
        )
        file.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content{spaces}><office:body>'
            f"<office:spreadsheet>{tables_xml}</office:spreadsheet></office:body></office:document-content>",
        )


def write_csv(path, content):
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([*TITLES, HEADER, *content["2017-18"][4:], *content["2018-19"][4:]])


def write_parquet(path, content):
    rows = [*content["2017-18"][4:], *[line for line in content["2018-19"][4:] if len(line) > 1]]
    frame = pd.DataFrame(rows, columns=HEADER).astype({"Offence Code": str})
    frame["Offence Code"] = frame["Offence Code"].str.removesuffix(".0")
    frame.to_parquet(path)


WRITERS = {"ods": write_ods, "xlsx": write_xlsx, "csv": write_csv, "parquet": write_parquet}


RANGE = {"low": 0.0, "mid": 0.2, "high": 0.53}


def plan_of_four(page, street="On or near High Street", prevented=RANGE, visit="leaflets"):
    """A plan over the four areas of a small page: one on each side."""
    a, b, c, d = (str(area) for area in page.areas["area_id"])
    measure = {"measure": "Locks", "price": 150.0, "homes": 66.7, "spread": RANGE, "lately_burgled": RANGE}
    return Plan(
        study={},
        data_to="2018-07",
        hardening=[{"area_id": b, "money": 9900.0, "homes": 66, "prevented": prevented}],
        week={
            "target": [a],
            "buffer": [b],
            "control": [c],
            "buffer_control": [d],
            "weights": {c: 2.5, d: 0.5},
            "buffer_weights": {c: 1.5, d: 1.0},
            "alternatives": [{"target": [a], "excess": 31.2, "best_share": 0.83}],
            "months": ["November", "December"],
            "about": "burglary",
            "streets": [{"street": street, "crimes": 9}],
            "visited": [{"area_id": a, "since": "2018-06-01", "until": "2018-06-07", "action": visit}],
        },
        before={a: 60, b: 41, c: 15, d: 4},
        smallest_detectable_fall=23,
        budget={
            "money": 10000.0, "spent": 9900.0, "price": 150.0, "illustration": True, "multiplier": 1.0,
            "prevented": prevented, "cost_of_burglary": 5930.0, "break_even": 1.69, "rate_per_1000_homes": 20.0,
            "rate_is_known": True, "reaches": [measure],
        },
        theme="sac", excess={a: 14.0, b: 1.0, c: -1.0, d: 0.0},
        level={a: 50.0, b: 41.0, c: 16.0, d: 4.0},
        past={a: [44], b: [40], c: [17], d: [4]},
        volatility=0.02,
        before_months=["2018-07"],
        by_month={},
        boundaries={},
        boundaries_file="b.geojson",
        inputs=[],
        warnings=[{"code": "smallest-fall", "text": "At least 23 must be prevented."}],
    )  # fmt: skip
