"""Many firms at once from a table: each is asked once, and told nothing before it has said yes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy

from alerting import commands
from alerting.delivery.tokens import LinkPurpose, sign_confirm_link
from alerting.errors import ProfileError, TokenError, UnknownIdError


KERLEO = "73282932000074"
TANGUY = "35600000000048"
HEAD = "N° SIRET;Raison sociale;Code NAF;Code postal;Commune;Adresse e-mail\n"
LINES = (
    f"{KERLEO};Kerléo Chauffage;43.22A;35600;Redon;Bureau@kerleo.example\n"
    "73282932000075;Clé Fausse;43.22A;35600;Redon;a@b.example\n"
    f"{TANGUY};Toitures Tanguy;4391B;29000;Quimper;tanguy@toit.example\n"
)


@pytest.fixture
def table(tmp_path):
    """How to write a table into a file."""

    def write(text: str, *, encoding: str = "utf-8") -> str:
        path = tmp_path / "firms.CSV"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


@pytest.fixture
def enrolled(parts, authority, add_feed, table, rss):
    """Parts with an open roof, and two firms that were imported and have been sent what they get."""
    add_feed(parts, authority)
    authority.publish("/avis", rss(("7", "Réfection de la couverture en ardoise de l'école")))
    commands.import_firms(table(HEAD + LINES), parts=parts)
    commands.run_all(parts=parts)
    return parts


def link(text: str) -> str:
    """Return the token of the link to confirm that stands in a mail."""
    return re.search(r"/confirm/(\S+)", text)[1]


def test_each_line_has_its_report_and_neighbours_are_kept(parts, table):
    """
    The line with a wrong key is refused by number, field, what stands there and what should.
    """
    report = commands.import_firms(table(HEAD + LINES), parts=parts)

    assert [(row["line"], row["siret"], row["state"]) for row in report["lines"]] == [
        (2, KERLEO, "added"), (3, "73282932000075", "refused"), (4, TANGUY, "added"),
    ]  # fmt: skip
    refused = report["lines"][1]
    assert (refused["field"], refused["got"], refused["expected"]) == (
        "siret", "73282932000075", "14 digits with their key",
    )  # fmt: skip
    assert (report["added"], report["refused"], report["asked"], report["waiting"]) == (2, 1, 2, 2)
    assert {
        row["profile_id"]: (
            row["criteria"]["trades"],
            row["criteria"]["communes"],
            row["criteria"]["radius_km"],
        )
        for row in commands.list_profiles(parts=parts)
    } == {
        f"{KERLEO}-metier": (["plombier"], ["35236"], 40),
        f"{TANGUY}-metier": (["couvreur"], ["29232"], 40),
    }


def test_a_firm_is_asked_once_and_told_nothing_before_it_confirms(enrolled, settings, mails, clock):
    """
    One mail each, with a link; further runs on further days bring no more, and nothing waits to be composed.
    """
    asked = mails(settings.maildir)
    clock.go_on(days=3)
    commands.run_all(parts=enrolled)

    assert [recipient for recipient, _, _ in asked] == ["bureau@kerleo.example", "tanguy@toit.example"]
    for (_, subject, text), name in zip(asked, ("Kerléo Chauffage", "Toitures Tanguy"), strict=True):
        assert subject.replace("\N{NO-BREAK SPACE}", " ").startswith(
            "Recevoir les marchés publics de votre métier ?"
        )
        assert name in text
        assert "ardoise" not in text
    assert mails(settings.maildir) == asked
    assert commands.list_tellings(parts=enrolled) == []
    assert dict(commands.count_waiting(parts=enrolled)) == dict.fromkeys(
        ("documents", "to_index", "to_match", "to_compose", "to_deliver"), 0
    )


def test_no_line_takes_another_firms_profile(subscribed, table, tmp_path):
    """
    The id that the line's profile would have is another firm's: the line is refused, its neighbour kept.
    """
    path = tmp_path / "taken.toml"
    path.write_text(
        f"""[[firm]]\nid = "roux"\nname = "Roux"\nrecipients = [{{ email = "roux@roux.example" }}]
        [[firm.profile]]\nid = "{KERLEO}-metier"\nname = "Roux"\nwords = ["zinc"]"""
    )
    commands.import_firms(str(path), parts=subscribed)

    report = commands.import_firms(table(HEAD + LINES), parts=subscribed)

    assert [row["state"] for row in report["lines"]] == ["refused", "refused", "added"]
    assert (report["lines"][0]["field"], report["lines"][0]["got"], report["lines"][0]["expected"]) == (
        "siret", f"{KERLEO}-metier", "a firm whose profile's id is free (firm 'roux' has it)",
    )  # fmt: skip
    owners = {row["profile_id"]: row["firm_id"] for row in commands.list_profiles(parts=subscribed)}
    assert owners[f"{KERLEO}-metier"] == "roux"
    assert KERLEO not in {row["firm_id"] for row in commands.list_firms(parts=subscribed)}


def test_the_link_shows_and_then_confirms_once(enrolled, settings, mails):
    """
    Showing changes nothing; saying yes lets the profile be matched and told; saying it again does no more.
    """
    (_, _, text) = next(mail for mail in mails(settings.maildir) if mail[0] == "tanguy@toit.example")
    token = link(text)
    shown = commands.show_confirmation(token, parts=enrolled)
    still = commands.show_confirmation(token, parts=enrolled)["state"]
    done = commands.confirm_by_link(token, parts=enrolled)
    again = commands.confirm_by_link(token, parts=enrolled)
    commands.run_all(parts=enrolled)

    assert shown == {
        "state": "asked", "language": "fr", "firm_name": "Toitures Tanguy", "email": "tanguy@toit.example",
        "trades": ["Couverture, zinguerie"], "communes": ["Quimper (29)"], "radius_km": 40,
    }  # fmt: skip
    assert (still, done["state"], again) == ("asked", "confirmed", done)
    told = [(row["profile_id"], row["kind"]) for row in commands.list_tellings(parts=enrolled)]
    assert told == [(f"{TANGUY}-metier", "new")]
    assert [recipient for recipient, _, _ in mails(settings.maildir)].count("tanguy@toit.example") == 2


def test_an_address_whose_mail_never_left_is_asked_when_it_comes_back(parts, table, settings, mails):
    """
    The list says b, then c before anything was sent, then b again: b is asked once, and c no more.
    """
    line = f"{KERLEO};Kerléo Chauffage;43.22A;35600;Redon;%s@kerleo.example\n"
    asked = []
    for name in ("b", "c", "b"):
        asked.append(commands.import_firms(table(HEAD + line % name), parts=parts)["asked"])
        if name == "c":
            commands.run_all(parts=parts)
    commands.run_all(parts=parts)

    assert asked == [1, 1, 1]
    assert sorted(mail[0] for mail in mails(settings.maildir)) == ["b@kerleo.example", "c@kerleo.example"]


def test_a_firm_that_confirms_before_its_mail_left_is_asked_no_more(parts, table, settings, mails):
    """
    By telephone, the mail being queued still: it is not sent, and says why.
    """
    commands.import_firms(table(HEAD + LINES), parts=parts)
    commands.confirm_firm(KERLEO, parts=parts)
    commands.run_all(parts=parts)

    assert [mail[0] for mail in mails(settings.maildir)] == ["tanguy@toit.example"]
    (row,) = commands.list_deliveries(firm_id=KERLEO, parts=parts)
    assert (row["state"], row["answer"]) == ("suppressed", "the firm has confirmed")


def test_an_operator_confirms_by_the_firms_id(enrolled):
    """
    Once; and of a firm that does not wait for it, it is refused in one line.
    """
    report = commands.confirm_firm(KERLEO, parts=enrolled)

    assert report == {"firm_id": KERLEO, "state": "confirmed", "waiting": 1}
    with pytest.raises(
        UnknownIdError, match=f"^firm '{KERLEO}': no firm of that id waits for its confirmation$"
    ):
        commands.confirm_firm(KERLEO, parts=enrolled)


def test_importing_twice_changes_nothing_and_sends_nothing(enrolled, table, settings, mails):
    """
    In another encoding, with other headings, another order and another delimiter: the same firms.
    """
    before = mails(settings.maildir)
    text = (
        "courriel,dénomination,SIRET,APE,VILLE,remarque\n"
        f'bureau@kerleo.example,"Kerléo Chauffage",732 829 320 00074,4322A,REDON,"a, b"\n'
        f"tanguy@toit.example,Toitures Tanguy,{TANGUY},43.91B,Quimper,\n"
    )
    report = commands.import_firms(table(text, encoding="cp1252"), parts=enrolled)
    commands.run_all(parts=enrolled)

    assert [row["state"] for row in report["lines"]] == ["unchanged", "unchanged"]
    assert report["asked"] == 0
    assert mails(settings.maildir) == before


def test_another_address_of_a_firm_that_rests_is_asked_and_the_old_one_no_more(
    enrolled, table, settings, mails
):
    """
    The old address's link is void; going back to it asks nobody a second time.
    """
    (_, _, text) = next(mail for mail in mails(settings.maildir) if mail[0] == "tanguy@toit.example")
    other = HEAD + f"{TANGUY};Toitures Tanguy;4391B;29000;Quimper;jean@toit.example\n"
    changed = commands.import_firms(table(other), parts=enrolled)
    gone = commands.confirm_by_link(link(text), parts=enrolled)
    commands.run_all(parts=enrolled)
    back = commands.import_firms(table(HEAD + LINES), parts=enrolled)

    assert [(row["state"], row["fields"]) for row in changed["lines"]] == [("changed", ["email"])]
    assert gone == {"state": "gone"}
    assert [recipient for recipient, _, _ in mails(settings.maildir)].count("jean@toit.example") == 1
    assert ([row["state"] for row in back["lines"]], back["asked"]) == (
        ["unchanged", "refused", "changed"],
        0,
    )


def test_what_a_confirmed_firm_reads_is_no_longer_the_tables(enrolled, table):
    """
    Its name may change; its address, trade and place are its own.
    """
    commands.confirm_firm(TANGUY, parts=enrolled)
    other = HEAD + f"{TANGUY};Tanguy et fils;4322A;35600;Redon;other@toit.example\n"
    report = commands.import_firms(table(other), parts=enrolled)

    assert [(row["state"], row["fields"]) for row in report["lines"]] == [("changed", ["name"])]
    assert report["asked"] == 0
    rows = {row["firm_id"]: row for row in commands.list_firms(parts=enrolled)}
    assert (rows[TANGUY]["name"], rows[TANGUY]["unconfirmed_since"]) == ("Tanguy et fils", None)


def test_who_was_erased_or_came_otherwise_is_not_entered(enrolled, table):
    """
    An erased firm is not written to again; a firm that an operator added keeps what it has.
    """
    commands.erase_firm(KERLEO, parts=enrolled)
    commands.add_firm(
        "corre", "Corre", recipients=["c@corre.example"], siret="40483304800022", parts=enrolled
    )
    text = (
        HEAD + LINES.splitlines(keepends=True)[0] + "40483304800022;Corre;4322A;35600;Redon;x@corre.example\n"
    )
    report = commands.import_firms(table(text), parts=enrolled)

    assert [(row["state"], row["expected"]) for row in report["lines"]] == [
        ("refused", "a firm that was not erased or ended (alerting firms add)"),
        ("refused", "a firm that is not known; firm 'corre' has it"),
    ]
    assert report["asked"] == 0


def test_a_firm_that_was_erased_under_another_id_is_not_entered_again(parts, table):
    """
    Its number is gone from every table; the list that has it again is refused all the same.
    """
    commands.add_firm("kerleo", "Kerléo", recipients=["k@kerleo.example"], siret=KERLEO, parts=parts)
    commands.erase_firm("kerleo", parts=parts)

    report = commands.import_firms(table(HEAD + LINES.splitlines(keepends=True)[0]), parts=parts)

    assert [(row["state"], row["expected"]) for row in report["lines"]] == [
        ("refused", "a firm that was not erased or ended (alerting firms add)")
    ]
    with parts.database.begin() as connection:
        stored = connection.execute(sqlalchemy.text("SELECT * FROM firms")).one()
    assert KERLEO not in map(str, stored)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (f"{KERLEO};;4322A;35600;Redon;a@b.example", ("name", "", "1 to 200 characters")),
        (
            f"{KERLEO};K;6201Z;35600;Redon;a@b.example",
            ("naf", "6201Z", "a code of NAF, like 43.22A, of one of the trades (alerting trades list)"),
        ),
        (f"{KERLEO};K;4322A;;;a@b.example", ("commune", "", "a commune or a postcode")),
        (f"{KERLEO};K;4322A;;Nulle-Part;a@b.example", ("commune", "Nulle-Part", "a name, a postcode or an INSEE code")),
        (f"{KERLEO};K;4322A;35600;Redon;nobody", ("email", "nobody", "an e-mail address")),
        (f"{KERLEO};K", ("naf", "", "a code of NAF, like 43.22A, of one of the trades (alerting trades list)")),
        (f"{KERLEO};Kerléo\0;4322A;35600;Redon;a@b.example", ("name", r"'Kerléo\x00'", "characters that can be printed")),
        (f"{KERLEO[:-1]}5;K;4322A;35600;Redon;a@b.example", ("siret", f"{KERLEO[:-1]}5", "14 digits with their key")),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_says_why(parts, table, line, refusal):
    (row,) = commands.import_firms(table(HEAD + line), parts=parts)["lines"]

    assert (row["field"], row["got"], row["expected"]) == refusal
    assert commands.list_firms(parts=parts) == []


def test_a_siret_stands_once_in_a_table(parts, table):
    """
    The second line is refused, with the number of the first; a quoted cell may hold a line's end.
    """
    first = f'{KERLEO};"Kerléo\nChauffage";43.22A;35600;Redon;a@b.example\n'
    report = commands.import_firms(table(HEAD + first + first), parts=parts)

    assert [(row["line"], row["state"], row.get("expected")) for row in report["lines"]] == [
        (2, "added", None), (4, "refused", "each once; line 2 has it"),
    ]  # fmt: skip


def test_a_file_that_is_no_table_is_refused_in_one_line(parts, table):
    with pytest.raises(
        ProfileError, match=r"^firms table: line 1: expected a column for naf, email, commune \(got"
    ):
        commands.import_firms(table("SIRET;Nom\n1;2\n"), parts=parts)
    with pytest.raises(ProfileError, match=r"^firms table: expected a line of headings \(got nothing\)$"):
        commands.import_firms(table(""), parts=parts)


def test_a_link_of_another_purpose_or_of_nobody_confirms_nothing(enrolled, settings):
    """
    A token that we signed for somebody who is no more shows so; any other is refused.
    """
    assert commands.confirm_by_link(sign_confirm_link(settings.secret, 999), parts=enrolled) == {
        "state": "gone"
    }
    with pytest.raises(TokenError, match=LinkPurpose.CONFIRM.value):
        commands.confirm_by_link("forged", parts=enrolled)


def test_a_firm_that_has_not_confirmed_leaves_the_hours_of_others_alone(
    subscribed, authority, table, rss, clock
):
    """
    The roofer reads at seven.  While a list waits for its answer, what comes at eleven waits for the next morning.
    """
    with subscribed.database.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE profiles SET cadence = 'daily'"))
    commands.import_firms(table(HEAD + LINES), parts=subscribed)
    authority.publish("/avis", rss(("7", "Réfection de la toiture de la mairie")))
    commands.run_all(parts=subscribed)
    clock.moment = datetime(2026, 3, 3, 6, 5, tzinfo=UTC)
    commands.run_all(parts=subscribed)
    authority.publish("/avis", rss(("8", "Toiture du gymnase")))
    clock.go_on(hours=4)
    commands.run_all(parts=subscribed)
    at_eleven = [row["title"] for row in commands.list_tellings(parts=subscribed)]

    clock.go_on(hours=20)
    commands.run_all(parts=subscribed)

    assert at_eleven == ["Réfection de la toiture de la mairie"]
    assert "Toiture du gymnase" in [row["title"] for row in commands.list_tellings(parts=subscribed)]


def test_what_is_larger_than_any_list_is_refused_before_it_is_read_whole(parts, tmp_path):
    """
    A device without end, and a list of 17 MB.
    """
    endless, large = tmp_path / "firms.csv", tmp_path / "large.txt"
    endless.symlink_to("/dev/zero")
    large.write_bytes(HEAD.encode() + b";" * (17 << 20))

    for path in (endless, large):
        with pytest.raises(ProfileError) as caught:
            commands.import_firms(str(path), parts=parts)
        assert str(caught.value) == f"{path}: expected at most 16 MB; split a longer list into several files"


def test_a_list_shows_the_lines_that_were_refused_and_counts_the_others(run_alerting, settings, tmp_path):
    """
    With --verbose all are shown.  A list may be called .txt.
    """
    path = tmp_path / "firms.txt"
    path.write_text(HEAD + LINES, encoding="utf-16")

    short = run_alerting(settings, "firms", "import", str(path))
    long = run_alerting(settings, "firms", "import", str(path), "--verbose")

    assert (short.returncode, long.returncode) == (2, 2)
    assert "2 added, 0 changed, 0 unchanged, 1 refused, 2 asked" in short.stdout
    assert "0 added, 0 changed, 2 unchanged, 1 refused, 0 asked" in long.stdout
    for siret, is_shown in ((KERLEO, False), ("73282932000075", True), (TANGUY, False)):
        assert (siret in short.stdout) is is_shown
        assert siret in long.stdout


def test_a_line_that_changes_a_firm_says_what_it_changes(run_alerting, settings, tmp_path):
    path = tmp_path / "firms.csv"
    path.write_text(HEAD + LINES)
    run_alerting(settings, "firms", "import", str(path))
    path.write_text((HEAD + LINES).replace("Bureau@kerleo", "devis@kerleo").replace("43.22A", "4391B"))

    said = run_alerting(settings, "firms", "import", str(path), "--verbose").stdout

    (changed,) = [line for line in said.splitlines() if " changed " in line and KERLEO in line]
    assert [cell.strip() for cell in changed.split("│")][3:5] == ["changed", "email, naf"]


def test_the_mail_that_asks_names_the_list_that_the_address_is_from(parts, table, mails):
    """
    Where whoever imports it says so.
    """
    first, _, last = LINES.splitlines(keepends=True)
    commands.import_firms(table(HEAD + first), list_name="CMA de Bretagne", parts=parts)
    commands.import_firms(table(HEAD + last), parts=parts)
    commands.run_all(parts=parts)

    texts = {recipient: " ".join(text.split()) for recipient, _, text in mails(parts.settings.maildir)}

    assert (
        "Nous tenons l’adresse de Kerléo Chauffage d’un fichier d’entreprises\u00a0: CMA de Bretagne."
        in texts["bureau@kerleo.example"].replace(" :", "\u00a0:")
    )
    assert "Toitures Tanguy nous a été signalée par un fichier d’entreprises." in texts["tanguy@toit.example"]


def test_a_lists_name_that_no_mail_can_show_is_refused_and_so_is_one_for_a_file_of_ours(
    parts, table, firms_file
):
    with pytest.raises(ProfileError, match=r"^list: expected a name of 1 to 200 characters"):
        commands.import_firms(table(HEAD + LINES), list_name="CMA\nBcc: x", parts=parts)
    with pytest.raises(ProfileError, match=r"expected a list \(.csv, .txt, .tsv\) where a list is named"):
        commands.import_firms(firms_file, list_name="CMA", parts=parts)

    assert commands.list_firms(parts=parts) == []


def test_a_second_import_opens_no_run_and_the_lines_around_one_that_is_taken_are_added(
    parts, table, tmp_path
):
    """
    Whom nobody is asked for needs no run; where one of the new lines is in the way of another firm's profile,
    its neighbours are entered and asked all the same.
    """
    path = tmp_path / "taken.toml"
    path.write_text(
        f"""[[firm]]\nid = "roux"\nname = "Roux"\nrecipients = [{{ email = "roux@roux.example" }}]
        [[firm.profile]]\nid = "{KERLEO}-metier"\nname = "Roux"\nwords = ["zinc"]"""
    )
    commands.import_firms(str(path), parts=parts)

    first, second = (commands.import_firms(table(HEAD + LINES), parts=parts) for _ in range(2))

    with parts.database.begin() as connection:
        runs = connection.scalar(sqlalchemy.text("SELECT count(*) FROM digest_runs"))
    assert (first["added"], first["refused"], first["asked"]) == (1, 2, 1)
    assert (second["unchanged"], second["refused"], second["asked"], runs) == (1, 2, 0, 1)


def test_a_list_of_many_new_firms_takes_no_more_statements_than_one_firm(parts, table):
    """
    Neither does one of many firms that are known.
    """
    statements = []
    sqlalchemy.event.listen(
        parts.database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )
    good = LINES.replace("73282932000075", "40483304800022")

    def count(lines: str) -> int:
        statements.clear()
        report = commands.import_firms(table(HEAD + lines), parts=parts)
        assert report["refused"] == 0
        return len(statements)

    first, *others = good.splitlines(keepends=True)
    one, several, again = count(first), count("".join(others)), count(good)

    assert (several, again < one) == (one, True)


def test_a_firm_whose_city_was_read_without_its_arrondissement_is_unchanged(parts, table):
    """
    The profile of an earlier list asks for the whole city; another city is a change, and is shown with its number.
    """
    line = f"{TANGUY};Toitures Tanguy;4391B;{{}};tanguy@toit.example\n"

    states = [
        (row["state"], row.get("fields"))
        for place in ("75000;Paris", "75013;Paris", "13001;Marseille", "69003;Lyon")
        for row in commands.import_firms(table(HEAD + line.format(place)), parts=parts)["lines"]
    ]

    assert states == [
        ("added", None), ("unchanged", None), ("changed", ["commune"]), ("changed", ["commune"]),
    ]  # fmt: skip
