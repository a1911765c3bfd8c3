"""A firm draws a circle around its commune: it hears of what lies within, and can see why."""

from __future__ import annotations

from alerting import commands


PLACES = {
    "1": ("Remplacement de la chaudière de la mairie", "35600 Redon"),
    "2": ("Plomberie de la salle des fêtes", "56 - LA GACILLY"),
    "3": ("Plomberie du lycée", "35 - Rennes"),
    "4": ("Plomberie de trois collèges", "Morbihan"),
    "5": ("Plomberie de la gare", "Loire-Atlantique"),
    "6": ("Plomberie de la piscine", None),
}


def located(rss: str) -> str:
    """Return the feed with the place of each notice as Dublin Core states it."""
    for number, (_, place) in PLACES.items():
        stated = f"<dc:location>{place}</dc:location>" if place is not None else ""
        rss = rss.replace(f"example/{number}</link>", f"example/{number}</link>{stated}")
    return rss.replace("version='2.0'", "version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'")


def test_a_plumber_around_redon_is_told_what_lies_within_forty_kilometres(
    parts, authority, add_feed, rss, mails, tmp_path
):
    """
    Communes by distance, whatever their département; a département alone when enough of its people live within;
    an unknown place passes and is said.  What was left out says how far it is.
    """
    add_feed(parts, authority)
    authority.publish("/avis", located(rss(*((number, title) for number, (title, _) in PLACES.items()))))
    commands.add_firm("oust", "Chauffage de l'Oust", recipients=["anne@oust.example"], parts=parts)
    profile = {"id": "redon", "name": "Redon", "trades": ["plombier"], "communes": ["Redon"], "radius_km": 40}

    commands.add_profile("oust", profile, parts=parts)
    commands.run_all(parts=parts)

    ((_, _, text),) = mails(tmp_path / "maildir")
    text = " ".join(text.split())
    assert [number for number, (title, _) in PLACES.items() if title in text] == ["1", "2", "4", "6"]
    assert "votre secteur : Redon" in text
    assert "votre secteur : La Gacilly, 12 km" in text
    assert "seul le département ou la région étant précisé : Morbihan (56)" in text
    assert "lieu non précisé dans l’avis" in text
    assert [commands.why("oust", number, parts=parts)[0]["why"] for number in ("3", "5")] == [
        "place: the place is not wanted (Rennes, 59 km)",
        "place: the place is not wanted (44)",
    ]
