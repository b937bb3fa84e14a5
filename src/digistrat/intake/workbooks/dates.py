"""Numbers that a spreadsheet shows as dates, in its two calendars."""

from __future__ import annotations

import datetime as dt

_EPOCH_1900, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)


def serial_date(serial: float, *, date1904: bool = False) -> dt.datetime | dt.time | None:
    """Date, or below 1 the time of day, that a serial number stands for.

    In the calendar from 1900 the first 59 days are one later than the epoch suggests, because the
    29 February 1900 that it counts never was; that day, like any before the calendar or after the
    year 9999, gives None. Rounded to milliseconds.

    Examples
    --------
    >>> serial_date(43191), serial_date(0.5), serial_date(60)
    (datetime.datetime(2018, 4, 1, 0, 0), datetime.time(12, 0), None)
    """
    if not 0 <= serial < 2_958_466 or (not date1904 and 60 <= serial < 61):
        return None
    days, milliseconds = divmod(round(serial * 86_400_000), 86_400_000)
    if days == 0 and serial < 1:
        return (dt.datetime.min + dt.timedelta(milliseconds=milliseconds)).time()
    if date1904:
        epoch = _EPOCH_1904
    else:
        epoch = _EPOCH_1900 + dt.timedelta(days=1) if days < 60 else _EPOCH_1900
    try:
        return epoch + dt.timedelta(days=days, milliseconds=milliseconds)
    except OverflowError:
        return None
