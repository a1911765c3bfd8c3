"""A publisher reads in French what could not be read."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from alerting.digests.check_words import say_problem, show_reject
from alerting.domain.feed import Reject


ALERTING = Path(__file__).parents[2] / "alerting"
WORDED = [
    *sorted((ALERTING / "feeds").rglob("*.py")),
    ALERTING / "pipeline/check.py",
    ALERTING / "pipeline/dry.py",
]
UNTOLD = "cela n’a pas pu être lu"


@pytest.mark.parametrize(
    ("reject", "where", "problem"),
    [
        pytest.param(
            Reject("line 1", "an HTML page instead of a feed"),
            "ligne 1",
            "une page web au lieu d’un flux",
            id="an error page",
        ),
        pytest.param(
            Reject("entry 3", "expected a title (got none)"),
            "entrée 3",
            "il fallait un titre (il n’y en a pas)",
            id="an entry without a title",
        ),
        pytest.param(
            Reject(
                "https://a.example/x",
                "an answer that breaks off (closed before its end); expected a whole one",
            ),
            "https://a.example/x",
            "la réponse s’interrompt : la liaison se ferme avant sa fin ; il la fallait entière",
            id="an answer that breaks off",
        ),
        pytest.param(
            Reject("https://a.example/x", "damaged (packed as 'br'); expected a body, plain or in gzip"),
            "https://a.example/x",
            "la réponse est comprimée par 'br' ; il fallait un contenu, tel quel ou en gzip",
            id="packed in another way",
        ),
        pytest.param(
            Reject("line 7", "not XML (Premature end of data in tag rss line 1, line 7, column 1)"),
            "ligne 7",
            "le document s’arrête avant sa fin, dans l’élément rss de la ligne 1",
            id="a document that breaks off",
        ),
        pytest.param(
            Reject(
                "line 3", "not XML (Opening and ending tag mismatch: lot line 2 and ann, line 3, column 7)"
            ),
            "ligne 3",
            "ce n’est pas du XML : l’élément lot, ouvert à la ligne 2, est fermé par ann",
            id="elements that are not within each other",
        ),
        pytest.param(
            Reject("line 1", "not XML (Start tag expected, '<' not found, line 1, column 1)"),
            "ligne 1",
            "ce n’est pas du XML : il n’y a pas d’élément au début",
            id="something else",
        ),
        pytest.param(
            Reject("line 2", "not XML (Invalid bytes in character encoding, line 2, column 43)"),
            "ligne 2",
            "des octets ne sont pas du codage de caractères que le document annonce",
            id="a code page that is not said",
        ),
        pytest.param(
            Reject("line 7", "not XML (attributes construct error, line 7, column 1)"),
            "ligne 7",
            "ce n’est pas du XML (« attributes construct error, line 7, column 1 »)",
            id="a library's words are quoted",
        ),
        pytest.param(
            Reject("https://kerlann.example/avis", "status 404; expected 200 or 304"),
            "https://kerlann.example/avis",
            "le serveur répond par le code 404 ; il fallait le code 200 ou 304",
            id="an address keeps its place",
        ),
        pytest.param(
            Reject("top level", "expected a BOAMP 'ann' with GESTION/REFERENCE/IDWEB (got 'feed')"),
            "premier élément",
            "il fallait un élément BOAMP 'ann' avec GESTION/REFERENCE/IDWEB (il y a 'feed')",
            id="another document",
        ),
        pytest.param(
            Reject("top level", "unknown format (got JSON of other names); expected boamp, rss"),
            "premier élément",
            "format inconnu (il y a du JSON qui n’a aucun des noms attendus) ; il fallait l’un de ceux-ci : boamp, rss",
            id="some other JSON",
        ),
        pytest.param(
            Reject("results[3]", "GESTION: expected an IDWEB and an object (got none)"),
            "results[3]",
            "GESTION : il fallait un IDWEB et un objet (il n’y en a pas)",
            id="a place within a record",
        ),
        pytest.param(
            Reject("line 2", "{0} brackets {x}"),
            "ligne 2",
            f"{UNTOLD} (« {{0}} brackets {{x}} »)",
            id="what has no words is quoted",
        ),
    ],
)
def test_a_reject_is_told_in_french(reject, where, problem):
    """
    The whole line is the contract: a town hall's secretary reads it.
    """
    assert show_reject(reject) == (where, problem)


def problems_of(path: Path) -> list[str]:
    """Return every text of a module that says what was expected, its holes filled."""
    tree = ast.parse(path.read_text())
    inner = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    texts = [filled(node) for node in ast.walk(tree) if node not in inner and node not in docstrings]
    return [text for text in texts if "expected " in text]


def filled(node: ast.AST) -> str:
    """Return a literal text; for what an f-string puts in, a number, or a quoted word."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(filled, node.values))
    if isinstance(node, ast.FormattedValue):
        return "'x'" if node.conversion == ord("r") else "7"
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_problem_that_the_code_words_has_french_words():
    """
    A new refusal comes with its French: no text of parsers, fetcher and check falls through to the quote.
    """
    worded = {problem: say_problem(problem) for path in WORDED for problem in problems_of(path)}

    assert len(worded) > 40
    assert [problem for problem, said in worded.items() if UNTOLD in said] == []
    assert [problem for problem, said in worded.items() if "expected" in said or "got" in said] == []
