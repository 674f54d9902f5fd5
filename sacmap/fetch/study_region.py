"""The area for which a study fetches crimes from the API, and the force of each of these crimes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from sacmap import months, tables
from sacmap.fetch.api import Api
from sacmap.fetch.boxes import Box, extent_box
from sacmap.forces import TRANSPORT_POLICE

#: The force given to crimes that lie neither in the force's neighbourhoods nor in the study's areas.
ELSEWHERE = "another force"
#: The rarest type first: its crimes show where to cut the boxes of the other types.
ORDER = ("robbery", "burglary", "vehicle-crime")


class Region:
    """The part of the country that a study covers: a force's neighbourhoods and the study's areas.

    The API does not say which force recorded a crime. A crime inside these polygons is assigned to the force, unless
    it is marked as British Transport Police. A crime without a location belongs to the force in the request.

    `force` is the force's slug, `name` that for the column force; some of the polygons, in EPSG:4326, may be empty;
    `size` is the number of the force's neighbourhoods, for estimates.
    """

    def __init__(self, api: Api, force: str, name: str, polygons: np.ndarray, size: int) -> None:
        self._api, self._force = api, force
        self.name, self.size = name, size
        there = polygons[~shapely.is_empty(polygons)]
        west, south, east, north = (float(edge) for edge in shapely.total_bounds(there))
        self.extent: Box = extent_box((west, south, east, north))
        self._tree = shapely.STRtree(there)
        middles = shapely.centroid(there)
        api.guide(shapely.get_x(middles), shapely.get_y(middles))

    def held(self, month: str, publication: str) -> bool:
        """Whether the store has all of a month, as of this publication."""
        return self._api.holds(month, ORDER, self.extent, self._force, publication)

    def kept(self, month: str, before: str = "9999-12") -> str | None:
        """Return the newest publication before `before` for which the store has all of a month, or None."""
        older = (name for name in self._api.publications() if name < before)
        return next((name for name in older if self.held(month, name)), None)

    def ask(self, month: str, kind: str, publication: str) -> pd.DataFrame:
        """Return the Crimes rows of a month and crime type, sorted by police.uk's number, without a location last."""
        located = self._api.crimes(month, kind, self.extent, publication)
        nowhere = self._api.no_location(month, kind, self._force, publication)
        parts = [located.assign(force=self._forces_of(located)), nowhere.assign(force=self.name)]
        return pd.concat(parts, ignore_index=True)[tables.CRIMES.names]

    def changes(self, month: str, kind: str, publication: str, now: pd.DataFrame) -> str:
        """Return in words how the force's count differs from the last publication in the store; "" if it does not."""
        before = self.kept(month, publication)
        if before is None:
            return ""
        then = self.ask(month, kind, before)
        was, is_now = (int((rows["force"] == self.name).sum()) for rows in (then, now))
        text = f"{months.in_words(month)} {tables.IN_WORDS[kind]} {was:,} → {is_now:,}"
        return text if was != is_now else ""

    def _forces_of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the force of each located crime. Each map point is looked up once."""
        points = rows[["lon", "lat"]].drop_duplicates()
        there = points["lon"].notna().to_numpy()
        found = self._tree.query(shapely.points(points[there].to_numpy()), predicate="intersects")[0]
        inside = np.zeros(int(there.sum()), dtype=bool)
        inside[found] = True
        mine = rows.merge(points[there].assign(mine=inside), on=["lon", "lat"], how="left")["mine"].eq(True)
        return np.where(rows["btp"], TRANSPORT_POLICE, np.where(mine, self.name, ELSEWHERE)).astype(object)
