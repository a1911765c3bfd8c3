"""Places as the matching sees them: points, spots that notices state, circles that firms draw.

Distances are as the crow flies between the middles of communes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from alerting.domain.match import MET, REFUSED, SCORE_OF_UNKNOWN, UNKNOWN, Reason


EARTH_RADIUS_KM = 6371.0
_FRANCE = "FR"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the earth, in degrees (WGS 84)."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that a notice states, as precisely as it states it.

    Args:
        name: As it is told: "Redon", "35", "FRH0".
        departements: Those in which it lies: one of a commune, several of a region; none abroad.
        nuts_code: As stated, of any level.
        points: The middle of its commune, or of each commune of its postcode; of a whole city those of its
            arrondissements too, of a name that several communes bear those of all; empty for an area.
        is_one_of: Whether it is one of several communes that bear the name, nobody knows which.
    """

    name: str
    departements: tuple[str, ...] = ()
    nuts_code: str | None = None
    points: tuple[Point, ...] = ()
    is_one_of: bool = False

    @property
    def is_country(self) -> bool:
        """Tell whether no more is stated than the country, and it is France."""
        return self.nuts_code == _FRANCE

    @property
    def is_somewhere(self) -> bool:
        """Tell whether it is stated, and yet not known where."""
        return self.is_one_of or self.is_country

    @property
    def area(self) -> str:
        """Return the département, or the code of the wider area."""
        return self.departements[0] if len(self.departements) == 1 else self.nuts_code or self.name


@dataclass(frozen=True, slots=True)
class LocatedNotice:
    """Where a notice's work is done, as far as it says.

    Args:
        work: Of the notice as a whole.
        lots: Of each lot, in the notice's order, as far as it says so itself.
        buyer: Where its buyer sits.
    """

    work: tuple[Spot, ...] = ()
    lots: tuple[tuple[Spot, ...], ...] = ()
    buyer: Spot | None = None

    @property
    def whole(self) -> tuple[Spot, ...]:
        """Return where the work of the whole is done: as the notice says, else as its lots do."""
        return self.work or tuple(spot for spots in self.lots for spot in spots)

    @property
    def of_lots(self) -> tuple[tuple[Spot, ...], ...]:
        """Return where each lot's work is done: as it says itself, else where the whole's is."""
        whole = self.whole
        return tuple(spots or whole for spots in self.lots)


@dataclass(frozen=True, slots=True)
class PlaceCriteria:
    """Where a firm works: any of it is enough.

    Args:
        departements: Those named, and those of the areas named.
        foreign_codes: NUTS codes of areas outside France; each stands for all that lies in it.
        centres: Middles of communes; of a whole city those of its arrondissements too.
        radius_km: How far around each; 0 is the commune alone.
        reached: Départements of which the circles hold enough, see ``alerting.reference.communes``.
        touched: Départements that they touch.
        names_nothing: Whether places are asked for of which none exists: nothing is met, stated or not.
    """

    departements: frozenset[str] = frozenset()
    foreign_codes: frozenset[str] = frozenset()
    centres: tuple[Point, ...] = ()
    radius_km: int = 0
    reached: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    names_nothing: bool = False

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked of the place."""
        return bool(self.departements or self.foreign_codes or self.centres) or self.names_nothing

    def holds(self, spot: Spot) -> bool:
        """Tell whether a spot lies in one of the areas, or is wider and holds one."""
        if any(departement in self.departements for departement in spot.departements):
            return True
        stated = spot.nuts_code
        return stated is not None and any(
            stated.startswith(code) or code.startswith(stated) for code in self.foreign_codes
        )

    def distance_km(self, spot: Spot) -> int | None:
        """Return how far a spot is from the nearest centre, in whole kilometres; None of an area."""
        distances = (distance_km(centre, point) for centre in self.centres for point in spot.points)
        nearest = min(distances, default=None)
        return None if nearest is None else round(nearest)


def judge_spots(asked: PlaceCriteria, spots: tuple[Spot, ...], buyer: Spot | None) -> Reason:
    """Judge where work is done.

    The buyer's own place counts where the work's is not stated, or no more of it than an area that holds the
    buyer.  An area is met where the circles hold enough of one of its départements; a name that several
    communes bear is unknown where one of them is asked for, and France wherever in it the firm works.
    """
    if asked.names_nothing:
        return Reason("place", REFUSED, facts=_said(asked, spots))
    if not spots:
        return Reason("place", UNKNOWN) if buyer is None else _judge_buyer(asked, buyer)
    known = tuple(spot for spot in spots if not spot.is_somewhere)
    judged = _judge_known(asked, known, buyer)
    if judged is None and len(known) < len(spots):
        judged = _judge_somewhere(asked, spots, buyer)
    return judged or Reason("place", REFUSED, facts=_said(asked, spots))


def _judge_known(asked: PlaceCriteria, spots: tuple[Spot, ...], buyer: Spot | None) -> Reason | None:
    """Return how spots that are known meet what is asked; None where they do not."""
    if (near := _within_reach(asked, spots)) is not None:
        return Reason("place", MET, facts=(near,))
    if (held := next((spot for spot in spots if asked.holds(spot)), None)) is not None:
        return Reason("place", MET, facts=(held.area,))
    areas = tuple(spot for spot in spots if not spot.points)
    home = set() if buyer is None else set(buyer.departements)
    if buyer is not None and any(home.intersection(spot.departements) for spot in areas):
        near = _within_reach(asked, (buyer,))
        if near is not None:
            return Reason("buyer_place", MET, facts=(near,), clarity=SCORE_OF_UNKNOWN)
    return _reached(asked, areas)


def _judge_somewhere(asked: PlaceCriteria, spots: tuple[Spot, ...], buyer: Spot | None) -> Reason | None:
    """Return what a name of several communes, or France, says of what is asked; None: elsewhere."""
    namesakes = tuple(spot for spot in spots if spot.is_one_of)
    for spot in namesakes:
        if _within_reach(asked, (spot,)) is not None or asked.holds(spot):
            return Reason("namesake", UNKNOWN, facts=(spot.name,))
    country = next((spot for spot in spots if spot.is_country), None)
    if country is None:
        return None
    if buyer is not None and (asked.holds(buyer) or _within_reach(asked, (buyer,)) is not None):
        near = _within_reach(asked, (buyer,)) or buyer.name
        return Reason("buyer_place", MET, facts=(near,), clarity=SCORE_OF_UNKNOWN)
    works_in = asked.departements | asked.touched
    is_there = not works_in.isdisjoint(country.departements)
    return Reason("country", UNKNOWN) if is_there else None


def distance_km(one: Point, other: Point) -> float:
    """Return the distance of two points in kilometres (haversine).

    >>> round(distance_km(Point(47.656, -2.079), Point(47.656, -2.079)))
    0
    >>> round(distance_km(Point(48.111, -1.679), Point(47.656, -2.079)))
    59
    """
    north, other_north = radians(one.latitude), radians(other.latitude)
    half_north, half_east = (other_north - north) / 2, radians(other.longitude - one.longitude) / 2
    chord = sin(half_north) ** 2 + cos(north) * cos(other_north) * sin(half_east) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))


def _judge_buyer(asked: PlaceCriteria, buyer: Spot) -> Reason:
    if (near := _within_reach(asked, (buyer,))) is not None:
        return Reason("buyer_place", MET, facts=(near,), clarity=SCORE_OF_UNKNOWN)
    if asked.holds(buyer):
        return Reason("place", MET, facts=(buyer.area,))
    reached = None if buyer.points else _reached(asked, (buyer,))
    return reached or Reason("place", REFUSED, facts=_said(asked, (buyer,)))


def _within_reach(asked: PlaceCriteria, spots: tuple[Spot, ...]) -> str | None:
    """Return the nearest spot that lies within a circle, and its distance, in words."""
    distances = [(far, spot.name) for spot in spots if (far := asked.distance_km(spot)) is not None]
    nearest = min(distances, default=None)
    return None if nearest is None or nearest[0] > asked.radius_km else _far(*nearest)


def _reached(asked: PlaceCriteria, areas: tuple[Spot, ...]) -> Reason | None:
    for spot in areas:
        if not asked.reached.isdisjoint(spot.departements):
            return Reason("area", MET, facts=(spot.area,), clarity=SCORE_OF_UNKNOWN)
    return None


def _said(asked: PlaceCriteria, spots: tuple[Spot, ...]) -> tuple[str, ...]:
    """Return what is stated of a place that is refused: how far it is, or its area."""
    distances = ((spot, asked.distance_km(spot)) for spot in spots)
    return tuple(dict.fromkeys(spot.area if far is None else _far(far, spot.name) for spot, far in distances))


def _far(km: int, name: str) -> str:
    return f"{name}, {km} km" if km else name
