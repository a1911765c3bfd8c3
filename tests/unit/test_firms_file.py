"""Firms as people write them: read whole, or refused in one line that says who, what and why."""

from __future__ import annotations

import pytest

from alerting.domain.cadence import Cadence
from alerting.domain.criteria import Criteria
from alerting.domain.match import FitKind
from alerting.domain.notice import NoticeKind
from alerting.domain.profile import Firm, Profile, Recipient
from alerting.errors import ProfileError
from alerting.matching.firms_file import read_drafts, read_firms


PERSON = '{ email = "yann@legoff.example" }'


def firm(*profiles: str, identity: str = "le-goff", more: str = "", recipients: str = PERSON) -> str:
    """Return one firm in TOML, with profiles given as their lines."""
    head = f'[[firm]]\nid = "{identity}"\nname = "Couverture Le Goff"\nrecipients = [{recipients}]\n{more}\n'
    return head + "".join(f"[[firm.profile]]\n{profile}\n" for profile in profiles)


def profile(lines: str, *, identity: str = "toits") -> str:
    """Return one profile's lines."""
    return f'id = "{identity}"\nname = "Toits"\n{lines}'


def test_a_firm_is_read_with_everything_that_it_says():
    """
    Trades by any of their names, codes without their check digit, SIRETs without spaces, euros as cents.
    """
    text = firm(
        profile(
            """
            trades = ["Plombier-Chauffagiste", "electricien"]
            cpv = ["45261000-4", "45262660"]
            words = ["gros œuvre"]
            words_out = ["formation"]
            departements = ["35", "2a"]
            nuts = ["frh0", "FR523", "DE2", "Pays de la Loire"]
            communes = ["Redon", "35600", "insee 56061"]
            radius_km = 40
            buyers = ["Ville de Vannes", "213 502 388 00019"]
            kinds = ["call", "award"]
            minimum_euros = 1000
            maximum_euros = 90000
            pass_unknown = false
            qualifications = ["QUALIBAT", "Amiante SS4", "Entreprise adaptée"]
            fit_out = ["visit", "size"]
            working_days = 8
            cadence = "weekly"
            """
        ),
        more='siret = "812 345 678 00013"',
        recipients='{ email = "yann@legoff.example", name = "Yann" }, { email = "a@b.example", language = "br" }',
    )

    criteria = Criteria(
        trades=("plombier", "electricien"),
        cpv_codes=("45261000", "45262660"),
        words=("gros œuvre",),
        words_out=("formation",),
        departements=("35", "2A"),
        nuts_codes=("FRH0", "FRH03", "DE2", "FRG"),
        communes=("35236", "35013", "35294", "56061"),
        radius_km=40,
        buyers=("Ville de Vannes", "21350238800019"),
        kinds=(NoticeKind.CALL, NoticeKind.AWARD),
        minimum_cents=100_000,
        maximum_cents=9_000_000,
        pass_unknown=False,
        qualifications=("qualibat", "amiantess4", "entrepriseadaptee"),
        fit_out=(FitKind.VISIT, FitKind.SIZE),
        working_days=8,
    )
    expected = Firm(
        firm_id="le-goff",
        name="Couverture Le Goff",
        recipients=(Recipient("yann@legoff.example", "Yann"), Recipient("a@b.example", language="br")),
        profiles=(Profile("toits", "le-goff", "Toits", criteria, Cadence.WEEKLY),),
        siret="81234567800013",
    )
    assert read_firms(text) == (expected,)


PROFILE = "firm 'le-goff', profile 'toits'"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param(
            'departements = ["35"]',
            "matches everything; expected at least one of trades, cpv, words, buyers",
            id="only a place",
        ),
        pytest.param(
            'words_out = ["formation"]\nminimum_euros = 5',
            "matches everything; expected at least one of trades, cpv, words, buyers",
            id="only what is not wanted",
        ),
        pytest.param(
            'words = ["pour les marchés"]',
            "words: matches everything; expected a word that tells (got 'pour les marchés')",
            id="only words of every notice",
        ),
        pytest.param('words = ["?"]', "words: expected a word or a phrase (got '?')", id="no word at all"),
        pytest.param(
            'words = ["toit"]\nwords_out = [""]',
            "words_out: expected a word or a phrase (got '')",
            id="nothing to leave out",
        ),
        pytest.param(
            'trades = ["plombié"]',
            "trade 'plombié' is not known (nearest: plombier); expected one of `alerting trades list`, or words or cpv",
            id="a trade that is not known",
        ),
        pytest.param(
            'cpv = ["4526100"]',
            "a CPV code must be 8 digits with an optional '-' and check digit (got '4526100')",
            id="a short code",
        ),
        pytest.param(
            'cpv = ["45330001"]',
            "expected a code of the CPV (got '45330001', which is none)",
            id="a code that does not exist",
        ),
        pytest.param(
            'words = ["toit"]\ndepartements = ["96"]',
            "expected the number of a département like '35' or '2A', or the name of one or of a région (got '96')",
            id="a département that is none",
        ),
        pytest.param(
            'words = ["toit"]\ndepartements = ["Bretagne sauf Finistère"]',
            "a profile leaves no place out; expected '22', '35', '56' (got 'Bretagne sauf Finistère')",
            id="a département that is left out",
        ),
        pytest.param(
            'words = ["toit"]\ndepartements = ["Bretagne hors 22, 29 et sur le 44"]',
            "a profile leaves no place out; expected '35', '56', '44' (got 'Bretagne hors 22, 29 et sur le 44')",
            id="a département beside those that are left out",
        ),
        pytest.param(
            'words = ["toit"]\ndepartements = ["Finistère Sud"]',
            "no part of a département or région can be asked for; expected '29', or communes with radius_km"
            " (got 'Finistère Sud')",
            id="a part of a département",
        ),
        pytest.param(
            'words = ["toit"]\ndepartements = ["grand ouest"]',
            "expected the number of a département like '35' or '2A', or the name of one or of a région (got 'grand ouest')",
            id="an area that means several things",
        ),
        pytest.param(
            'words = ["toit"]\nnuts = ["Occitanie (hors 31, 66)"]',
            "nuts: a profile leaves no place out; expected '09', '11', '12', '30', '32', '34', '46', '48', '65',"
            " '81', '82' (got 'Occitanie (hors 31, 66)')",
            id="départements that are left out of a région",
        ),
        pytest.param(
            'words = ["toit"]\nnuts = ["Antilles"]',
            "nuts: expected departements = ['971', '972', '977', '978'] (got 'Antilles')",
            id="an area without a code",
        ),
        pytest.param(
            'words = ["toit"]\nnuts = ["France entière"]',
            "nuts: no place at all asks for all of France; expected an area of it, or nothing"
            " (got 'France entière')",
            id="all of France",
        ),
        pytest.param(
            'words = ["toit"]\nnuts = ["Metz"]',
            "nuts: expected a NUTS code like 'FRH0' or 'FRH03', or the name of a région (got 'Metz')",
            id="a town that begins with the letters of Montenegro",
        ),
        pytest.param(
            'words = ["toit"]\nnuts = ["ZZ1"]',
            "nuts: expected a NUTS code like 'FRH0' or 'FRH03', or the name of a région (got 'ZZ1')",
            id="a country that is none",
        ),
        pytest.param(
            'words = ["toit"]\nnuts = ["FRX9"]',
            "nuts: expected a NUTS code like 'FRH0' or 'FRH03', or the name of a région (got 'FRX9')",
            id="an area that is none",
        ),
        pytest.param(
            'words = ["toit"]\ncommunes = ["Kerlann"]',
            "commune 'Kerlann' is not known; expected a name, a postcode or an INSEE code",
            id="a commune that is none",
        ),
        pytest.param(
            'words = ["toit"]\ncommunes = ["Saint-Denis"]',
            "commune 'Saint-Denis': expected one (got 4: Saint-Denis (974), Saint-Denis (93), Saint-Denis (11),"
            " Saint-Denis (30))",
            id="a commune that is four",
        ),
        pytest.param(
            'words = ["toit"]\nradius_km = 40',
            "radius_km: expected communes to be around (got none)",
            id="a radius around nothing",
        ),
        pytest.param(
            'words = ["toit"]\ncommunes = ["Redon"]\nradius_km = 501',
            "radius_km: expected 1 to 500 (got 501)",
            id="a radius that is too large",
        ),
        pytest.param(
            'words = ["toit"]\nqualifications = ["Qualiplouf"]',
            "qualification 'Qualiplouf' is not known; expected one of qualibat, qualifelec, rge, qualipv, qualipac, qualisol,"
            " qualibois, qualipaysage, mase, amiante ss3, amiante ss4, entreprise adaptée, ESAT, SIAE,"
            " entreprise d'insertion, association intermédiaire, ESS",
            id="a qualification that is none",
        ),
        pytest.param(
            'words = ["toit"]\nfit_out = ["time"]',
            "fit_out: expected one of qualification, reserved, visit, deposit, size (got 'time')",
            id="what hangs on the clock cannot be left out",
        ),
        pytest.param(
            'words = ["toit"]\nworking_days = 61',
            "working_days: expected 0 to 60 (got 61)",
            id="more working days than a notice has",
        ),
        pytest.param(
            'buyers = ["213502388"]',
            "buyers: expected a SIRET, 14 digits with their key (got '213502388')",
            id="a SIREN for a SIRET",
        ),
        pytest.param('buyers = ["-"]', "buyers: expected a name or a SIRET (got '-')", id="no buyer"),
        pytest.param(
            'words = ["toit"]\nkinds = ["avis"]',
            "kinds: expected one of call, correction, cancellation, award, planning, other (got 'avis')",
            id="a kind that is none",
        ),
        pytest.param(
            'words = ["toit"]\ncadence = "hourly"',
            "cadence: expected one of immediate, daily, weekly (got 'hourly')",
            id="a cadence that is none",
        ),
        pytest.param(
            'words = ["toit"]\nminimum_euros = -1',
            "minimum_euros: expected 0 up to below 1000000000000 (got -1)",
            id="less than nothing",
        ),
        pytest.param(
            'words = ["toit"]\nminimum_euros = 9\nmaximum_euros = 5',
            "expected minimum_euros up to maximum_euros (got 9 and 5)",
            id="an empty range",
        ),
        *(
            pytest.param(
                f'words_out = ["formation"]\n{field} = "35"',
                f"{field}: expected a list like ['35'] (got '35')",
                id=f"{field}: a text for a list",
            )
            for field in (
                [
                    "trades",
                    "cpv",
                    "words",
                    "departements",
                    "nuts",
                    "communes",
                    "buyers",
                    "kinds",
                    "qualifications",
                    "fit_out",
                    "weekdays",
                ]
            )
        ),
        pytest.param(
            "cpv = 45261000",
            "cpv: expected a list like ['45261000'] (got 45261000)",
            id="a number for a list",
        ),
        pytest.param(
            "communes = [35600]",
            "communes: expected text in quotes, like '35600' (got 35600)",
            id="a number in a list of texts",
        ),
        pytest.param(
            "departements = [3.5]",
            "departements: expected text in quotes or a whole number, without its unit (got 3.5)",
            id="a fraction of a département",
        ),
        pytest.param(
            "nuts = { a = 1 }", "nuts: expected a list (got {'a': 1})", id="a table for a list of texts"
        ),
        pytest.param(
            'pass_unknown = "oui"', "pass_unknown: expected true or false (got 'oui')", id="a word for yes"
        ),
        pytest.param(
            'cadence = ["daily"]', "cadence: expected text in quotes (got ['daily'])", id="a list for a text"
        ),
        pytest.param(
            'mots = ["toit"]',
            "unknown field 'mots'; expected id, name, trades, cpv, words, words_out, departements,"
            " nuts, communes, radius_km, buyers, kinds, minimum_euros, maximum_euros, pass_unknown, strictness,"
            " qualifications, fit_out, working_days, cadence, hour, weekdays, item_limit, reminder_days",
            id="a field that does not exist",
        ),
        pytest.param(
            'words = ["toit"]\nradius_km = "30 km"',
            "radius_km: expected a whole number, without its unit (got '30 km')",
            id="a number with its unit",
        ),
        pytest.param(
            'words = ["toit"]\nwords_out = ["sauf éclairage public"]',
            "words_out: expected what is left out alone, like 'éclairage public' (got 'sauf éclairage public')",
            id="what is left out, with the word that says so",
        ),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_by_name(lines, message):
    """
    The whole line is the contract: who wrote what, and what is expected.
    """
    with pytest.raises(ProfileError) as caught:
        read_firms(firm(profile(lines)))

    assert str(caught.value) == f"{PROFILE}: {message}"


GOOD = profile('words = ["toit"]')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[[firm]", r"firms file: not TOML (", id="no TOML"),
        pytest.param(
            "a = " + "[" * 20_000, "firms file: not TOML that can be used (nested too deeply)", id="too deep"
        ),
        pytest.param("a = " + "1" * 5_000, "firms file: not TOML (", id="a number of 5,000 digits"),
        pytest.param("", "firms file: expected [[firm]] tables (got none)", id="an empty file"),
        pytest.param(
            '[firm]\nid = "a"',
            "firms file: firm: expected [[firm]] tables (got {'id': 'a'})",
            id="single brackets around firm",
        ),
        pytest.param(
            "[[firms]]\nid = 'a'",
            "firms file: unknown field 'firms'; expected firm",
            id="firms for firm",
        ),
        pytest.param(
            firm(GOOD, recipients=""),
            "firm 'le-goff': expected at least one recipient (got none)",
            id="nobody to write to",
        ),
        pytest.param(
            firm(GOOD, recipients='"yann@legoff.example"'),
            "firm 'le-goff': recipients: expected a list like [{ email = \"yann@legoff.example\" }]"
            " (got 'yann@legoff.example')",
            id="an address for a recipient",
        ),
        pytest.param(
            firm(GOOD, recipients='{ mail = "yann@legoff.example" }'),
            "firm 'le-goff': recipients: unknown field 'mail'; expected email, name, language",
            id="a recipient's field that does not exist",
        ),
        pytest.param(
            firm(GOOD, recipients='{ email = "yann at legoff" }'),
            "firm 'le-goff': expected an e-mail address (got 'yann at legoff')",
            id="no address",
        ),
        pytest.param(
            firm(GOOD, recipients=f'{PERSON}, {{ email = "Yann@LeGoff.example" }}'),
            "firm 'le-goff': recipient: expected each once (got 'yann@legoff.example' twice)",
            id="one address twice",
        ),
        pytest.param(
            firm(GOOD, more='siret = "73282932000075"'),
            "firm 'le-goff': siret: expected a SIRET, 14 digits with their key (got '73282932000075')",
            id="a SIRET with a wrong key",
        ),
        pytest.param(
            firm(GOOD, more='siret = "123"'),
            "firm 'le-goff': siret: expected a SIRET, 14 digits with their key (got '123')",
            id="no SIRET",
        ),
        pytest.param(
            firm(GOOD, identity="le goff"),
            "firm 'le goff': id: expected 1 to 100 characters without spaces (got 'le goff')",
            id="an id with a space",
        ),
        pytest.param(
            firm(GOOD) + firm(identity="le-goff"),
            "firms file: firm id: expected each once (got 'le-goff' twice)",
            id="one firm twice",
        ),
        pytest.param(
            firm(GOOD) + firm(GOOD, identity="morvan"),
            "firms file: profile id: expected each once (got 'toits' twice)",
            id="one profile id of two firms",
        ),
        pytest.param(
            firm('id = "toits"\nname = " "\nwords = ["toit"]'),
            f"{PROFILE}: name: expected some words on one line (got ' ')",
            id="a profile without a name",
        ),
        pytest.param(
            firm('id = "toits"\nname = "Toits\\nBcc: b"\nwords = ["toit"]'),
            f"{PROFILE}: name: expected some words on one line (got 'Toits\\nBcc: b')",
            id="a name of two lines",
        ),
        pytest.param(
            firm('name = "Toits"\nwords = ["toit"]'),
            "firm 'le-goff', profile None: expected id (got none)",
            id="a profile without an id",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(text, message):
    """
    The line starts with the firm, or with the file where no firm is to blame.
    """
    with pytest.raises(ProfileError) as caught:
        read_firms(text)

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_mark_of_windows_notepad_is_no_part_of_a_file():
    """
    Saved as "UTF-8 with BOM", a file says what it says without.
    """
    assert read_firms("\ufeff" + firm(GOOD)) == read_firms(firm(GOOD))


@pytest.mark.parametrize(
    ("places", "departements", "nuts_codes"),
    [
        ('departements = ["tout le 35", "Dpt 44", "l\'Orne", "dans le 22"]', ("35", "44", "61", "22"), ()),
        ('departements = ["Corse", "Morbihan et Ille et Vilaine"]', ("2A", "2B", "56", "35"), ()),
        ('departements = ["22-29", "Belfort", 35]', ("22", "29", "90", "35"), ()),
        (
            'departements = ["22 29", "35 – 56,", "971 972", "Seine St Denis"]',
            ("22", "29", "35", "56", "971", "972", "93"),
            (),
        ),
        ('departements = ["PACA"]', ("04", "05", "06", "13", "83", "84"), ()),
        ('nuts = ["PACA", "IDF", "DOM"]', (), ("FRL", "FR1", "FRY")),
        ('departements = ["35"]\nnuts = ["Nouvelle-Calédonie", "ITC4"]', ("35", "988"), ("ITC4",)),
    ],
)
def test_areas_are_read_as_firms_say_them(places, departements, nuts_codes):
    """
    "PACA" and "METZ" had the form of a code of another country, of which nothing was ever told.
    """
    text = f"""[[firm]]\nid = "a"\n[[firm.profile]]\nid = "p"\nwords = ["toit"]\n{places}\n"""

    (profile,) = read_drafts(text)

    assert (profile.criteria.departements, profile.criteria.nuts_codes) == (departements, nuts_codes)
