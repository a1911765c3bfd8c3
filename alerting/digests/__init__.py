"""Choose what a digest tells, and write it: French first, HTML and its text twin."""
