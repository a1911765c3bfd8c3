"""Everybody can read a digest: each text stands out from what is behind it, by day and by night."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.digest_cases import everything, rendered


# WCAG 2.2, 1.4.3, AA: for texts of any size.
ENOUGH = 4.5
VOID = {"br", "meta", "link", "hr", "img"}
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
HEX = re.compile(r"#([0-9a-f]{6})\b")


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def dark_rules(html: str) -> list[tuple[str, dict[str, str]]]:
    """Return selector and colours of each rule for the dark, in order."""
    [block] = re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", html, re.DOTALL)
    return [
        (selector.strip(), colours_of(body))
        for selectors, body in RULE.findall(block)
        for selector in selectors.split(",")
    ]


def colours_of(style: str) -> dict[str, str]:
    """Return the text and background colours that declarations set."""
    pairs = [part.partition(":") for part in style.split(";") if ":" in part]
    return {
        name.strip(): found[0]
        for name, _, value in pairs
        if name.strip() in {"color", "background-color"} and (found := HEX.search(value))
    }


def plain_rules(html: str) -> list[tuple[str, dict[str, str]]]:
    """Return selector and colours of each rule that holds by day and by night."""
    [sheet] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return [
        (selector.strip(), colours_of(body)) for selector, body in RULE.findall(sheet.partition("@media")[0])
    ]


class Colours(HTMLParser):
    """Works out text and background colour of every text that is shown."""

    def __init__(self, rules: list[tuple[str, dict[str, str]]]) -> None:
        super().__init__()
        self.rules = rules
        self.stack = [("", {"color": "#000000", "background-color": "#ffffff"}, True)]
        self.texts = []

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        own = colours_of(facts.get("style", ""))
        for selector, colours in self.rules:
            if selector == tag or selector.removeprefix(".") in (facts.get("class") or "").split():
                own |= colours
        shown = (
            self.stack[-1][2]
            and tag not in {"style", "title"}
            and "display:none" not in facts.get("style", "")
        )
        if tag not in VOID:
            self.stack.append((tag, self.stack[-1][1] | own, shown))

    def handle_endtag(self, tag):
        assert self.stack.pop()[0] == tag

    def handle_data(self, data):
        tag, colours, shown = self.stack[-1]
        if shown and data.strip():
            self.texts.append((tag, colours["color"], colours["background-color"], data.strip()))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(scheme):
    """
    In the mail with an item of every look, each text has the contrast that WCAG asks for (AA).
    """
    html = str(rendered(everything()).html)
    page = Colours([*plain_rules(html), *(dark_rules(html) if scheme == "dark" else [])])

    page.feed(html)

    assert len(page.texts) > 100
    assert len({(text, behind) for _, text, behind, _ in page.texts}) > 15
    faint = [
        (said, text, behind, round(contrast(text, behind), 2))
        for _, text, behind, said in page.texts
        if contrast(text, behind) < ENOUGH
    ]
    assert faint == []


def test_contrast_is_measured_as_wcag_does():
    """
    Black on white has 21, a grey that just passes 4.54, one that fails 4.48.
    """
    found = [round(contrast(colour, "#ffffff"), 2) for colour in ("#000000", "#767676", "#777777")]

    assert found == [21.0, 4.54, 4.48]
