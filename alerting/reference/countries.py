"""Countries, as notices write them: two letters, three, or in words.

In:   what an address states as its country.
Out:  the two letters by which NUTS codes of that country begin; None for what is not known.

France's overseas départements and territories have letters of their own, and are France here.
Source: ISO 3166-1; NUTS 2024, where Greece is EL.
"""

from __future__ import annotations

import re


_FRANCE = "FR"
_OF_FRANCE = frozenset(["FR", "FRA", "FRANCE"])
_OVERSEAS = {
    "GP": "971", "GLP": "971", "MQ": "972", "MTQ": "972", "GF": "973", "GUF": "973", "RE": "974",
    "REU": "974", "PM": "975", "SPM": "975", "YT": "976", "MYT": "976", "BL": "977", "BLM": "977",
    "MF": "978", "MAF": "978", "TF": "984", "ATF": "984", "WF": "986", "WLF": "986", "PF": "987",
    "PYF": "987", "NC": "988", "NCL": "988",
}  # fmt: skip
_OTHER_TWO = {"GR": "EL", "GB": "UK"}
_TWO_LETTERS = re.compile(r"[A-Z]{2}")
_THREE_LETTERS = {
    "ALB": "AL", "AND": "AD", "AUT": "AT", "BEL": "BE", "BGR": "BG", "BIH": "BA", "CHE": "CH", "CYP": "CY",
    "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE", "FIN": "FI", "GBR": "UK", "GRC": "EL",
    "HRV": "HR", "HUN": "HU", "IRL": "IE", "ISL": "IS", "ITA": "IT", "LIE": "LI", "LTU": "LT", "LUX": "LU",
    "LVA": "LV", "MCO": "MC", "MDA": "MD", "MKD": "MK", "MLT": "MT", "MNE": "ME", "NLD": "NL", "NOR": "NO",
    "POL": "PL", "PRT": "PT", "ROU": "RO", "SRB": "RS", "SVK": "SK", "SVN": "SI", "SWE": "SE", "TUR": "TR",
    "UKR": "UA", "USA": "US",
}  # fmt: skip
_IN_WORDS = {
    "UNITED KINGDOM": "UK", "ENGLAND": "UK", "SCOTLAND": "UK", "WALES": "UK", "ESPAÑA": "ES", "SPAIN": "ES",
    "DEUTSCHLAND": "DE", "GERMANY": "DE", "BELGIQUE": "BE", "BELGIUM": "BE", "ITALIA": "IT", "ITALY": "IT",
    "LUXEMBOURG": "LU", "SUISSE": "CH", "PORTUGAL": "PT", "ESPAGNE": "ES", "ALLEMAGNE": "DE", "ITALIE": "IT",
}  # fmt: skip


def find_overseas(text: str | None) -> str | None:
    """Return the number of the département or collectivity whose own letters a country's are.

    >>> find_overseas("NC"), find_overseas("REU"), find_overseas("FR")
    ('988', '974', None)
    """
    return _OVERSEAS.get(" ".join((text or "").upper().split()))


def is_country(letters: str) -> bool:
    """Tell whether two letters are those of a country near enough to be asked for, or of France.

    >>> is_country("DE"), is_country("PA")
    (True, False)
    """
    return letters == _FRANCE or letters in _THREE_LETTERS.values()


def find_country(text: str | None) -> str | None:
    """Return the two letters of a country.

    >>> find_country("AUT"), find_country("fr"), find_country("GR"), find_country("REU"), find_country("?")
    ('AT', 'FR', 'EL', 'FR', None)
    """
    stated = " ".join((text or "").upper().split())
    if stated in _OF_FRANCE or stated in _OVERSEAS:
        return _FRANCE
    if _TWO_LETTERS.fullmatch(stated) is not None:
        return _OTHER_TWO.get(stated, stated)
    return _THREE_LETTERS.get(stated) or _IN_WORDS.get(stated)
