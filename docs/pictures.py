"""Take pictures of digests and of the pages that they link to, by day and by night, and ask axe about each.

    .venv/bin/python docs/pictures.py FOLDER

Needs Chromium (`chromium` in the path, or CHROMIUM); the pictures in docs/pictures were taken so.
Ends with code 1 where axe finds a fault.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path


ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from alerting.delivery.tokens import LinkPurpose  # noqa: E402 - the copy beside this file
from alerting.digests.languages import Language, find_language  # noqa: E402
from alerting.digests.one_pager import render_one_pager  # noqa: E402
from alerting.web.pages import Sender, opinion_page, subscription_page  # noqa: E402
from tests.digest_cases import NOW, everything, morning, rendered  # noqa: E402 - the cases live with the tests


WIDTHS = {"phone": 390, "desktop": 720}
# As Blink numbers them.
SCHEMES = {"dark": 0, "light": 1}
# A mail is shown inside a page of the mail reader's: what a page of its own must have is not asked of it.
NOT_FOR_MAILS = {"region", "landmark-one-main"}
# A window may be wider than what is asked for; a frame is not.
MEASURE = """<iframe srcdoc="%s" style="width: %dpx; border: 0"></iframe><script>
const frame = document.querySelector('iframe');
frame.onload = () => { document.title = `height ${frame.contentDocument.documentElement.scrollHeight}`; };
</script>"""
ASK = """<script>%s</script><script>
axe.run(document).then(found => {
  const answer = document.createElement('pre');
  answer.id = 'faults';
  answer.textContent = JSON.stringify(found.violations.map(
    each => [each.id, each.nodes.map(node => node.failureSummary + ' ' + node.html.slice(0, 120))]));
  document.body.append(answer);
});
</script>"""
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def main() -> int:
    """Take every picture; say what axe says."""
    folder = Path(sys.argv[1])
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        for case, mail in faces().items():
            for device, width in WIDTHS.items():
                for scheme in SCHEMES:
                    name = f"{case}-{device}-{scheme}"
                    photograph(mail, Path(scratch), folder / f"{name}.png", width, scheme)
                    faults += [
                        f"{name}: {fault}" for fault in find_faults(mail, Path(scratch), width, scheme)
                    ]
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return min(len(faults), 1)


def faces() -> dict[str, str]:
    """Return what readers see: two digests, and the pages of their links."""
    sender = Sender("Alerte marchés", "alertes@alertes.example")
    language = find_language("fr")
    page = subscription_page(
        {
            "state": "subscribed",
            "firm_name": "Couverture Le Goff",
            "profile_name": "Toits et ardoises",
            "cadence": "daily",
            "profile_count": 2,
            "paused_until": None,
            "first_day": "2026-03-03",
            "last_day": "2027-03-02",
            "links": {purpose.value: "a-signed-token" for purpose in LinkPurpose},
        },
        sender,
        language,
    )
    return {
        "digest": str(rendered(morning()).html),
        "kinds": str(rendered(everything()).html),
        "sheet": render_one_pager(everything(), language_code="fr", now=NOW),
        "leave": page,
        **opinion_faces(sender, language),
    }


def opinion_faces(sender: Sender, language: Language) -> dict[str, str]:
    """Return the page that asks whether a contract is for the firm, and what follows the answer."""
    word = {
        "key": "add:words_out:végétalisée",
        "changes": [{"field": "words_out", "act": "add", "value": "végétalisée"}],
        "not_for_us": 3,
        "others": 1,
    }
    opinion = {
        "state": "asked",
        "language": "fr",
        "firm_name": "Couverture Le Goff",
        "profile_name": "Toits et ardoises",
        "title": "Toiture végétalisée de la crèche des Mésanges",
        "accepted": [],
    }
    return {
        "opinion-asked": opinion_page(
            {**opinion, "opinion": None, "proposals": []}, sender, language, number="7", is_done=False
        ),
        "opinion": opinion_page(
            {**opinion, "opinion": "not for us", "proposals": [word]},
            sender,
            language,
            number="7",
            is_done=True,
        ),
    }


def photograph(mail: str, scratch: Path, picture: Path, width: int, scheme: str) -> None:
    """Take the picture of a whole mail."""
    measured = browse(MEASURE % (html.escape(mail), width), scratch, (width, 400), scheme, "--dump-dom")
    height = int(re.findall(r"<title>height (\d+)", measured)[0])
    browse(mail, scratch, (width, height), scheme, f"--screenshot={picture}")


def find_faults(mail: str, scratch: Path, width: int, scheme: str) -> list[str]:
    """Return what axe finds wrong, a line each."""
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page = mail.replace("</body>", f"{ASK % axe}</body>")
    answer = browse(page, scratch, (width, 900), scheme, "--dump-dom", "--virtual-time-budget=20000")
    [faults] = re.findall(r'<pre id="faults">(.*?)</pre>', answer, re.DOTALL)
    return [
        f"{name} {nodes}" for name, nodes in json.loads(html.unescape(faults)) if name not in NOT_FOR_MAILS
    ]


def browse(page: str, scratch: Path, size: tuple[int, int], scheme: str, *options: str) -> str:
    """Show a page to Chromium; return what it writes."""
    file = scratch / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [
        os.environ.get("CHROMIUM", "chromium"), *QUIET, f"--user-data-dir={scratch / 'profile'}",
        f"--window-size={size[0]},{size[1]}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        *options, file.as_uri(),
    ]  # fmt: skip
    # The command is the one above; nothing of it comes from outside.
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
