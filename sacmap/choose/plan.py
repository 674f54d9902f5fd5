"""A plan: where the money and the week of action go, fixed before the event so that it can be judged after it.

`sacmap.choose.make_plan` makes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import geopandas as gpd
import numpy as np
import shapely

from sacmap.choose.plan_record import (
    Budget,
    CrimeType,
    Funded,
    Month,
    NoticeRecord,
    PlanStudy,
    Week,
    inconsistency,
)
from sacmap.errors import InputError
from sacmap.files.json_shape import own_record

#: Decimals of a degree that boundaries are compared at: about a decimetre.
DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan, with everything needed to judge it later.

    study: the study's record; data_to: the last month of the data; budget: the money in full; hardening: area_id,
    money, homes, prevented; theme: the crime type the week of action answers; week: target, buffer, control,
    buffer_control, weights, buffer_weights, alternatives, months and what the action should be about; before: crimes
    of the theme in the current months compared, by area; level: the count to expect in the next such months; excess:
    as in the Change table; volatility: of areas from period to period; before_months and by_month: the months of
    `before`, and each area's counts in them; past: each area's count in each baseline period; boundaries: a digest of
    each area's boundary; warnings: code and text.
    """

    study: PlanStudy
    data_to: Month
    hardening: Sequence[Funded]
    week: Week
    before: Mapping[str, int]
    smallest_detectable_fall: int
    theme: CrimeType
    budget: Budget
    level: Mapping[str, float]
    excess: Mapping[str, float]
    volatility: float
    before_months: Sequence[Month]
    by_month: Mapping[str, Sequence[int]]
    past: Mapping[str, Sequence[int]]
    boundaries: Mapping[str, str]
    boundaries_file: str
    inputs: Sequence[Mapping[str, object]]
    warnings: Sequence[NoticeRecord] = field(default_factory=list)

    @property
    def told(self) -> dict[str, str]:
        """The text of its notices by their codes."""
        return {one["code"]: one["text"] for one in self.warnings}

    @property
    def funded(self) -> list[str]:
        """The areas that get money."""
        return [one["area_id"] for one in self.hardening if one["homes"]]

    def record(self, version: str) -> dict[str, object]:
        """Return the plan for plans/NAME.json, the contract's keys first."""
        return {"sacmap": version} | asdict(self)


def plan_of(text: str, path: str) -> Plan:
    """Return the plan of a JSON record that `sacmap plan` wrote.

    Raises
    ------
    InputError
        If it is not such a record.
    """
    raw = own_record(text, path, Plan, what="a plan", writer="sacmap plan")
    plan = Plan(**{name: raw[name] for name in Plan.__dataclass_fields__})
    if wrong := inconsistency(plan):
        raise InputError(f"{path} is not a plan: {wrong}.", "Give a file that `sacmap plan` wrote.")
    return plan


def digests(areas: gpd.GeoDataFrame, *, in_parts: bool = False) -> dict[str, str]:
    """Return a digest of each area's boundary, the same however its rings start or turn.

    GeoPackage and shapefiles make a polygon a multipolygon of one part, which is the same boundary too. `in_parts`
    gives the digests of these, which plans that were made from such files may have.
    """
    shapes = areas.geometry.to_numpy()
    single = shapely.get_num_geometries(shapes) == 1
    shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    if in_parts:
        shapes[single] = [shapely.MultiPolygon([polygon]) for polygon in shapes[single]]
    polygons = shapely.normalize(shapely.transform(shapes, lambda at: at.round(DECIMALS)))
    return {
        str(area): hashlib.sha256(shapely.to_wkb(polygon, byte_order=1)).hexdigest()[:16]
        for area, polygon in zip(areas["area_id"], polygons, strict=True)
    }
