"""Wards and LSOAs of a district, from a service that plays the ONS Open Geography's habits."""

import numpy as np
import pytest
import shapely
from command_line import command
from open_geography import Geography, Service, serving
from police_uk import Clock, web

from sacmap.areas.boundaries import geojson_of, read_areas
from sacmap.areas.open_geography import KNOWN, areas_of
from sacmap.errors import InputError, SourceError

pytestmark = pytest.mark.slow

WARDS, DISTRICTS = KNOWN["wards", "2024"], KNOWN["districts", "2024"]
LSOAS_2021, LSOAS_2011 = KNOWN["lsoas", "2021"], KNOWN["lsoas", "2011"]
BOW_TIE = shapely.Polygon([(0, 52), (0.01, 52.01), (0.01, 52), (0, 52.01)])


def box(n, up=0):
    return shapely.box(n / 100, 52 + up / 100, (n + 1) / 100, 52.01 + up / 100)


def wards(count, *, year="24", district="Northampton", first=0, named=True):
    """Rows of wards in a row, west to east."""
    return [
        (
            {f"WD{year}CD": f"E0501{n:04d}", f"WD{year}NM": f"Ward {n}", f"WD{year}NMW": "", "BNG_E": 1}
            | ({f"LAD{year}CD": "E07000154", f"LAD{year}NM": district} if named else {}),
            box(n),
        )
        for n in range(first, first + count)
    ]


FIELDS = ["FID", "WD24CD", "WD24NM", "WD24NMW", "LAD24CD", "LAD24NM", "BNG_E", "Shape__Area"]


def lsoas(year, district, count):
    code, name = f"LSOA{year}CD", f"LSOA{year}NM"
    return [
        (
            {code: f"E01{len(district):02d}{n:04d}", name: f"{district} {n // 4 + 1:03d}{'ABCD'[n % 4]}"},
            box(n),
        )
        for n in range(count)
    ]


def fetched(geography, kind="wards", district="Northampton", clock=None, layer=None, **more):
    with serving(geography) as url, web(clock or Clock()) as asking:
        return areas_of(asking, kind, district, service_url=f"{url}{layer or ''}", **more)


@pytest.mark.parametrize("flag_at", ["top", "properties"])
@pytest.mark.parametrize("most", [7, 10, 33, 2000])
def test_every_ward_of_the_district_comes_whatever_the_page(most, flag_at):
    rows = wards(33) + wards(5, district="Northamptonshire", first=50)
    geography = Geography({WARDS: Service(FIELDS, rows, most=most)})
    geography.flag_at = flag_at
    areas, layer = fetched(geography, district="northampton")
    assert list(areas["area_id"]) == [f"E0501{n:04d}" for n in range(33)]
    assert list(areas["name"])[:2] == ["Ward 0", "Ward 1"]
    assert layer.endswith(f"{WARDS}/FeatureServer/0")
    assert areas.geometry.iloc[3].equals_exact(box(3).normalize(), 1e-6) or areas.geometry.iloc[3].equals(
        box(3)
    )


def test_it_is_written_as_boundaries_that_the_map_reads(tmp_path):
    rows = wards(3)
    rows[1] = (rows[1][0], BOW_TIE)
    areas, _ = fetched(Geography({WARDS: Service(FIELDS, rows)}))
    assert "mended" in areas["mend"].iloc[1]
    path = tmp_path / "northampton-wards.geojson"
    path.write_bytes(geojson_of(areas))
    again = read_areas(path)
    assert list(again["area_id"]) == list(areas["area_id"])
    assert again.geometry.geom_equals_exact(areas.geometry, 1e-6).all()


def test_a_ward_without_a_boundary_stays_in_the_table():
    rows = wards(2)
    rows[0] = (rows[0][0], None)
    areas, _ = fetched(Geography({WARDS: Service(FIELDS, rows)}))
    assert list(areas["mend"]) == ["no boundary", ""]


def test_lsoas_are_those_named_after_the_district_alone():
    rows = lsoas("21", "Stafford", 9) + lsoas("21", "Stafford Hills", 4)
    geography = Geography({LSOAS_2021: Service(["LSOA21CD", "LSOA21NM", "LSOA21NMW"], rows, most=4)})
    areas, _ = fetched(geography, "lsoas", "Stafford")
    assert len(areas) == 9
    assert set(areas["name"].str[:9]) == {"Stafford "}


def test_the_vintage_chooses_the_service():
    geography = Geography({LSOAS_2011: Service(["LSOA11CD", "LSOA11NM"], lsoas("11", "Northampton", 5))})
    areas, _ = fetched(geography, "lsoas", vintage="2011")
    assert len(areas) == 5


def test_a_layer_that_names_no_district_is_cut_by_the_district_s_own_boundary():
    plain = [name for name in FIELDS if not name.startswith("LAD")]
    rows = wards(8, named=False)
    geography = Geography(
        {
            WARDS: Service(plain, rows, most=3),
            DISTRICTS: Service(
                ["LAD24CD", "LAD24NM"],
                [({"LAD24CD": "E1", "LAD24NM": "Northampton"}, shapely.box(0, 51.9, 0.0449, 52.1)),
                 ({"LAD24CD": "E2", "LAD24NM": "Daventry"}, shapely.box(0.0449, 51.9, 1, 52.1))],
            ),
        }
    )  # fmt: skip
    areas, _ = fetched(geography)
    assert list(areas["name"]) == [f"Ward {n}" for n in range(4)]
    assert any("esriSpatialRelIntersects" in path for path in geography.paths)
    with pytest.raises(InputError, match="no district called 'Nowhere'"):
        fetched(geography, district="Nowhere")


def test_a_service_renamed_is_found_in_the_catalogue():
    services = dict.fromkeys(
        ["Wards_May_2024_Boundaries_UK_BGC_V2", "Wards_December_2024_Boundaries_UK_BSC", "WD_MAY_2023_UK_BGC",
         "WD24_LAD24_UK_LU", "LAD_DEC_2024_UK_BGC"], Service(FIELDS, wards(2)))  # fmt: skip
    geography = Geography(services)
    assert fetched(geography)[1].endswith("/Wards_May_2024_Boundaries_UK_BGC_V2/FeatureServer/0")
    services["Wards_DEC_2024_UK_BGC_V3"] = services["WD_MAY_2023_UK_BGC"]
    assert fetched(geography)[1].endswith("/Wards_DEC_2024_UK_BGC_V3/FeatureServer/0")
    with pytest.raises(
        SourceError, match=r"no boundaries of wards for 1999.\nGive another --vintage \(2019, 2022"
    ):
        fetched(geography, vintage="1999")


@pytest.mark.parametrize("end", ["/FeatureServer/0", "/FeatureServer", "/FeatureServer/0/"])
def test_a_layer_can_be_named_outright(end):
    rows = wards(2, year="31")
    fields = [name.replace("24", "31") for name in FIELDS]
    geography = Geography({"Mine": Service(fields, rows)})
    assert len(fetched(geography, layer=f"/Mine{end}")[0]) == 2


def test_a_district_with_an_apostrophe_is_asked_for_safely():
    geography = Geography({WARDS: Service(FIELDS, wards(2, district="King's Lynn"))})
    assert len(fetched(geography, district="King's Lynn")[0]) == 2
    with pytest.raises(InputError, match="has no wards for a district called"):
        fetched(geography, district="x' OR '1'='1")


def test_the_command_writes_the_file_and_tells_the_mends(tmp_path):
    rows = wards(3)
    rows[1] = (rows[1][0], BOW_TIE)
    with serving(Geography({WARDS: Service(FIELDS, rows)})) as url:
        done = command("boundaries", "--wards", "Northampton", "--service-url", url, cwd=tmp_path)
        gone = command("boundaries", "--wards", "Nowhere", "--service-url", url, cwd=tmp_path)
        offline = command(
            "boundaries", "--wards", "Northampton", "--service-url", url, "--offline", cwd=tmp_path
        )
    unheard = command("boundaries", "kent", "--offline", "--store", "store", cwd=tmp_path)
    path = tmp_path / "boundaries" / "northampton-wards.geojson"
    assert (done.returncode, done.stdout) == (0, f"{path.relative_to(tmp_path)}\n")
    assert len(read_areas(path)) == 3
    assert "Ward 1: " in done.stderr
    assert "Open Government Licence" in done.stderr
    assert gone.returncode == 2
    assert "no wards for a district called 'Nowhere'" in gone.stderr
    assert not (tmp_path / "boundaries" / "nowhere-wards.geojson").exists()
    assert offline.returncode == 2
    assert "--offline uses no network" in offline.stderr
    assert unheard.returncode == 4
    assert "download the boundaries in a browser" in unheard.stderr


# Faults.


def once(wrong, *, at=1, times=1):
    return lambda number, path: wrong if at <= number < at + times else None


@pytest.mark.parametrize(
    ("wrong", "times"),
    [
        ({"error": {"code": 500, "message": "Error performing query", "details": []}}, 2),
        ({"error": {"code": 504, "message": "Your request has timed out.", "details": []}}, 1),
        ({"error": {"code": 429, "message": "Too many requests", "details": []}}, 1),
        (b"<!DOCTYPE html><title>Service unavailable</title>", 1),
    ],
)
def test_f03_an_error_inside_a_200_that_may_pass_is_asked_again(wrong, times):
    clock = Clock()
    geography = Geography({WARDS: Service(FIELDS, wards(4), most=3)})
    geography.fault = once(wrong, at=2, times=times)
    assert len(fetched(geography, clock=clock)[0]) == 4
    assert len(clock.slept) >= times


def test_f03_an_error_inside_a_200_that_stays_is_told_and_not_asked_for_ever():
    geography = Geography({WARDS: Service(FIELDS, wards(4))})
    geography.fault = once({"error": {"code": 500, "message": "Error"}}, times=99)
    with pytest.raises(SourceError, match="an error inside a 200: 500"):
        fetched(geography)
    assert len(geography.paths) < 20


def test_a_refusal_inside_a_200_is_not_asked_again():
    geography = Geography({WARDS: Service(FIELDS, wards(4))})
    geography.fault = once({"error": {"code": 400, "message": "Cannot perform query.", "details": ["where"]}})
    with pytest.raises(SourceError, match=r"refused the question: Cannot perform query.; where"):
        fetched(geography)
    assert len(geography.paths) == 2


def test_a_service_that_ignores_the_offset_is_refused_and_never_counts_twice():
    geography = Geography({WARDS: Service(FIELDS, wards(9), most=4)})
    geography.pages = False
    with pytest.raises(SourceError, match="twice: its pages overlap"):
        fetched(geography)


def test_rows_that_go_missing_between_count_and_pages_stop_it():
    geography = Geography({WARDS: Service(FIELDS, wards(4))})
    geography.fault = once({"count": 6})
    with pytest.raises(SourceError, match="has 6 matching rows, but gave 4"):
        fetched(geography)


def one_feature(ring):
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"features": [{"properties": {"WD24CD": "E1", "WD24NM": "A"}, "geometry": shape}]}


@pytest.mark.parametrize(
    ("at", "wrong", "words"),
    [
        (0, {"name": "x"}, "without a list of fields"),
        (0, {"fields": [{"name": "CTRY24CD"}]}, "no fields for the code and name of wards"),
        (0, {"fields": [[[]], "WD24CD", None, 7]}, "no fields for the code and name of wards"),
        (1, {"count": True}, "how many rows match"),
        (1, {}, "how many rows match"),
        (2, {"type": "FeatureCollection"}, "without a list of features"),
        (2, {"features": [{"properties": {"WD24CD": "E1"}, "geometry": None}]}, "gave a row without WD24CD, WD24NM"),
        (2, {"features": [{"properties": {"WD24CD": "E1", "WD24NM": "A"}, "geometry": {"type": "Blob"}}]},
         "gave a row without"),
        (2, one_feature([[0, 52], [1e308, 52], [0, 53], [0, 52]]), "E1 corners that are not longitude and latitude"),
        (2, one_feature([[434_000, 387_000], [435_000, 387_000], [435_000, 388_000], [434_000, 387_000]]),
         "E1 corners that are not longitude and latitude"),
    ],
)  # fmt: skip
def test_f04_json_of_another_shape_names_what_is_missing(at, wrong, words):
    geography = Geography({WARDS: Service(FIELDS, wards(1))})
    geography.fault = once(wrong, at=at)
    with pytest.raises(SourceError, match=words):
        fetched(geography)


def of_district(shape):
    """A service whose wards name no district, and whose district has this boundary."""
    plain = [name for name in FIELDS if not name.startswith("LAD")]
    district = ({"LAD24CD": "E1", "LAD24NM": "Northampton"}, shape)
    wards_alone = Service(plain, wards(4, named=False))
    return Geography({WARDS: wards_alone, DISTRICTS: Service(["LAD24CD", "LAD24NM"], [district])})


def test_f60_a_service_that_has_more_rows_than_are_ever_read_is_refused_before_they_are_asked_for():
    geography = of_district(box(0))
    geography.fault = lambda _, path: {"count": 10**9} if "returnCountOnly" in path else None
    with pytest.raises(InputError, match="holds 1,000,000,000 areas"):
        fetched(geography)
    assert "outFields" not in "".join(geography.paths)


def test_f61_a_district_that_crosses_itself_without_end_is_refused_by_name():
    points = np.random.default_rng(1).uniform((0, 52), (0.02, 52.02), (300, 2))
    with pytest.raises(InputError, match=r"mostly in area E1, .* cross themselves"):
        fetched(of_district(shapely.Polygon(points)))


def test_f61_a_ward_that_crosses_itself_without_end_is_told_as_one_of_the_service():
    points = np.random.default_rng(1).uniform((0, 52), (0.02, 52.02), (300, 2))
    [(named, _)] = wards(1)
    with pytest.raises(InputError, match="the Open Geography service, mostly in area E05010000"):
        fetched(Geography({WARDS: Service(FIELDS, [(named, shapely.Polygon(points))])}))


def test_a_district_without_a_boundary_is_told():
    with pytest.raises(SourceError, match="has no boundary for Northampton"):
        fetched(of_district(None))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "No area was given"),
        (("--wards", " "), "No area was given"),
        (("--wards", "Northampton", "--lsoas", "Northampton"), "More than one of force, --wards and --lsoas"),
        (("northamptonshire", "--wards", ""), "More than one of force, --wards and --lsoas"),
    ],
)
def test_a_command_without_one_area_says_whether_there_is_none_or_more(words, said, tmp_path):
    refused = command("boundaries", *words, cwd=tmp_path)
    assert (refused.returncode, said in refused.stderr) == (2, True)


def test_a_catalogue_that_holds_anything_but_services_has_none():
    geography = Geography({})
    geography.fault = lambda _, path: (
        {"services": [[[]], None, "x", 7]} if path == "/services?f=json" else None
    )
    with pytest.raises(SourceError, match="no boundaries of wards for 2024"):
        fetched(geography)
