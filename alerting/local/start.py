"""Begin a program of the laptop: a Ctrl-C is heard before its imports, which take a second or two.

In:   the name of a module that has a ``main``, and its arguments.
Out:  its exit code; 130 and one line when it was asked to stop before it could say so itself; 1 and one line
      when its disk is full, wherever it meets that.
"""

from __future__ import annotations

import errno
import importlib
import sys

from alerting.local.signals import Stopped, stop_signals_raise


EXIT_STOPPED = 130
EXIT_NO_ROOM = 1
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def main(arguments: list[str]) -> int:
    """Run ``python -m alerting.local.start MODULE ARGUMENTS``; return the exit code."""
    stop_signals_raise()
    try:
        module = importlib.import_module(arguments[0])
        return int(module.main(arguments[1:]))
    except Stopped:
        sys.stderr.write("Stopped; nothing is left running\n")
        return EXIT_STOPPED
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        expected = "expected a folder with room that can be written to; then start again"
        sys.stderr.write(f"{error.filename or '.local'}: cannot be written ({error.strerror}); {expected}\n")
        return EXIT_NO_ROOM


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
