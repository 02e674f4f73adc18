"""The log as people may read it."""

from __future__ import annotations

import logging

from core.domain.readable_text import readable


class LogLines(logging.Formatter):
    """Names of files and words of servers reach the log, and must not drive the terminal it is read in."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as text."""
        return readable(super().format(record))
