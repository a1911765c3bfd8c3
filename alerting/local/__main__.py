"""``python -m alerting.local up``, ``... down``, ``... clean``: see ``alerting.local.verbs``."""

from __future__ import annotations

import sys

from alerting.local.start import main


if __name__ == "__main__":
    sys.exit(main(["alerting.local.verbs", *sys.argv[1:]]))
