"""How far circles around communes reach: which départements they hold enough of.

In:   middles of communes and a radius.
Out:  départements, and the share of people who live within.

Source: docs/adr/0007.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from alerting.domain.place import Point, distance_km
from alerting.reference.communes import Commune, all_communes, communes_by_departement


# Share of a département's people who must live within a circle for a notice that names no more than the
# département: docs/adr/0007 says why.
SHARE_REACHED = 0.15
KM_OF_A_DEGREE = 111.0


@lru_cache(maxsize=50_000)
def departements_reached(centres: tuple[Point, ...], radius_km: int) -> frozenset[str]:
    """Return the départements of which enough people live within circles, see ``SHARE_REACHED``.

    Args:
        centres: The ``middles`` of one commune: the circles count together.
        radius_km: How far around each.
    """
    return frozenset(
        departement
        for departement, communes in communes_by_departement().items()
        if share_within(communes, centres, radius_km) >= SHARE_REACHED
    )


@lru_cache(maxsize=50_000)
def departements_touched(centres: tuple[Point, ...], radius_km: int) -> frozenset[str]:
    """Return the départements in which a commune lies within one of some circles, in whole kilometres."""
    north = (radius_km + 1) / KM_OF_A_DEGREE
    return frozenset(
        commune.departement
        for commune in all_communes()
        for centre in centres
        if abs(commune.middle.latitude - centre.latitude) <= north
        and round(distance_km(commune.middle, centre)) <= radius_km
    )


def share_within(communes: Sequence[Commune], centres: Sequence[Point], radius_km: int) -> float:
    """Return the share of some communes' people who live within one of some circles."""
    north = radius_km / KM_OF_A_DEGREE
    near = [
        commune
        for commune in communes
        if any(abs(commune.middle.latitude - centre.latitude) <= north for centre in centres)
    ]
    within = (
        commune.population
        for commune in near
        if any(distance_km(commune.middle, centre) <= radius_km for centre in centres)
    )
    return sum(within) / max(1, sum(commune.population for commune in communes)) if near else 0.0
