"""Read the new deadline out of a correction's French prose, or say nothing.

In:   the text of ``infosRectif``.
Out:  the old and the new wall-clock time with the sentence that says so, and the lots of which alone it
      does; nothing when no sentence speaks of the deadline, when two new dates compete, when no word
      leads to the date as the deadline's, or when nobody can tell whether it is the whole purchase's.

A date is the deadline's only where nothing but little words stand between it and "date limite de remise des
offres", or a verb that moves it there ("reportée au") and has no other subject: what else has a date, a
document, a meeting, a dispatch, cannot be listed.  A sentence that refuses, asks or supposes tells no date;
nor does a day whose hour cannot be read, for the day alone would be later than the truth.

The words are in ``deadline_words``; they are held against texts that were made plain, for many write without
accents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alerting.domain.notice import Clock, RawChange, RawTime
from alerting.feeds.formats.deadline_words import (
    ARROW,
    ASIDE,
    BEFORE,
    BEGINS_WITH_LOT,
    CAUSE,
    CAUSE_BEHIND,
    CLOSED,
    CONTINUES,
    ENDED,
    ENDS_WITH_LOT,
    FROM,
    GOES_ON_WITH_HOUR,
    HANDS_IN,
    HAVE_UNTIL,
    HEADING,
    HOUR_APART,
    HOUR_IN_FRONT,
    INSTEAD,
    LEADS,
    LEADS_TO_LOT,
    LIMITED,
    LOT,
    LOT_HEADING,
    LOTS_IN_A_ROW,
    MOVE_OF,
    MOVED,
    NEW,
    NEW_SUBJECT,
    OLD,
    OLD_VALUE,
    OTHER_CLOCK,
    POINTS_TO_LOT,
    PREPOSITIONAL,
    PUBLISHED,
    REFUSES,
    REFUSES_NOTHING,
    SPEAKS_OF_DEADLINE,
    SPEAKS_OF_OTHERS,
    SPEAKS_OF_STAGES,
    TO,
    TO_HAND_IN,
    UNDER_HEADING,
    UNFINISHED,
    UNTIL,
    VERB,
    WITHOUT_AWARD,
)
from alerting.text.french_dates import DATE, DAY_LENGTH, has_hour, is_stretch, read_date
from alerting.text.lot_words import find_lots
from alerting.text.phrases import plain


# So far before a date stand the words that lead to it.
_REACH = 300
# A longer text corrects more than a deadline; nobody writes one into a notice.
_LONGEST = 20_000
SENTENCE_END = re.compile(r"(?<=[.;])\s+(?=[A-ZÉÀ«])")
# In capitals nothing tells whether a sentence ends at a semicolon.
SENTENCE_END_OF_CAPITALS = re.compile(r"(?<=\.)\s+(?=[A-ZÉÀ«])")


@dataclass(frozen=True, slots=True)
class NewDeadline:
    """Wall-clock times in ISO 8601 without offset, the sentence that states them, and of which lots alone.

    ``lots`` is empty of the whole purchase, and None where that cannot be told.
    """

    before: str | None
    after: str
    evidence: str
    lots: tuple[str, ...] | None = ()


def find_new_deadlines(text: str) -> tuple[NewDeadline, ...]:
    """Return the new deadlines that *text* states: one of the whole purchase, or those of some lots.

    >>> [(new.after, new.lots) for new in find_new_deadlines(
    ...     "La date limite est reportée au 22 septembre 2026 à 12h00 pour le lot n° 2.")]
    [('2026-09-22T12:00', ('2',))]
    """
    sentences = [(sentence, _without_cause(plain(sentence))) for sentence in _sentences(text)]
    if any(map(_ends, sentences)):
        return ()
    told = [_Told.of(sentence, words) for sentence, words in sentences if not _speaks_of_others(words)]
    found, rivals = _found(told)
    # A day alone does not compete with an hour of it.
    known = {after for deadline in found for after in (deadline.after, deadline.after[:DAY_LENGTH])}
    if not found or not rivals <= known:
        return ()
    if any(len(deadline.after) == DAY_LENGTH for deadline in found) and any(
        _tells_hour_apart(words) for _, words in sentences
    ):
        return ()
    of_whole = [deadline for deadline in found if not deadline.lots]
    if not of_whole:
        return tuple(found) if _each_lot_once(found) else ()
    is_clear = len({deadline.after for deadline in found}) == 1 and all(each.lots == () for each in found)
    if not is_clear or _is_of_lots(sentences):
        return ()
    return (next((deadline for deadline in found if deadline.before is not None), found[0]),)


def _found(told: Iterable[_Told]) -> tuple[list[NewDeadline], set[str | None]]:
    """Return the deadlines that sentences tell, and the new dates that compete with them."""
    found: list[NewDeadline] = []
    rivals: set[str | None] = set()
    for each in told:
        if not _states_deadline(each.plain):
            rivals.update(each.new)
        elif (deadline := _in_sentence(each)) is not None:
            found.append(deadline)
        elif _is_about_deadline(each.plain):  # It states two, or one that cannot be read.
            rivals.update(each.new)
    return found, rivals


def _ends(sentence: tuple[str, str]) -> bool:
    """Tell whether a sentence, as it is written and as the patterns read it, ends or stops the purchase."""
    if ENDED.search(sentence[1]) is not None:
        return True
    return WITHOUT_AWARD.search(sentence[1]) is not None and find_lots(sentence[0]) == ()


def _without_cause(words: str) -> str:
    """Return a plain sentence with blanks for what it begins with to say why: "suite à la visite du 3 mars,".

    So with what it ends with behind a date.  A cause that has to do with the deadline itself, or with stages,
    stays.
    """
    cause, behind = CAUSE.match(words), CAUSE_BEHIND.search(words)
    if cause is not None and not _has_to_do(cause[0]):
        words = " " * cause.end() + words[cause.end() :]
    if behind is not None and not _has_to_do(behind[0]) and DATE.search(words[: behind.start()]):
        words = words[: behind.start()] + " " * len(behind[0])
    return words


def _has_to_do(cause: str) -> bool:
    return SPEAKS_OF_DEADLINE.search(cause) is not None or SPEAKS_OF_STAGES.search(cause) is not None


def _speaks_of_others(words: str) -> bool:
    return SPEAKS_OF_OTHERS.search(words) is not None or SPEAKS_OF_STAGES.search(words) is not None


def _states_deadline(words: str) -> bool:
    if SPEAKS_OF_DEADLINE.search(words) is None and HANDS_IN.search(words) is None:
        return False
    return REFUSES.search(REFUSES_NOTHING.sub(" ", words)) is None


def _is_about_deadline(words: str) -> bool:
    """Tell whether some of the words that speak of the deadline are not said of another thing."""
    spoken = SPEAKS_OF_DEADLINE.finditer(words)
    return HANDS_IN.search(words) is not None or any(not _is_aside(words[: each.start()]) for each in spoken)


def _tells_hour_apart(words: str) -> bool:
    """Tell whether a sentence without a date has the hour of one that another sentence names."""
    return DATE.search(words) is None and HOUR_APART.search(words) is not None


def _each_lot_once(found: list[NewDeadline]) -> bool:
    dates = {(lot, deadline.after) for deadline in found for lot in deadline.lots or ()}
    return len({lot for lot, _ in dates}) == len(dates)


def _is_of_lots(sentences: Sequence[tuple[str, str]]) -> bool:
    """Tell whether some sentence says that the correction is about some lots alone.

    Args:
        sentences: Each as it is written, and as the patterns read it.
    """
    limited = (each for each, words in sentences if LIMITED.search(words) or LOT_HEADING.search(words))
    return any(find_lots(sentence) != () for sentence in limited)


def read_changes(prose: Iterable[str], *, published: RawTime | None = None) -> tuple[RawChange, ...]:
    """Return what corrections written in prose change: the deadline where one is told, else words alone.

    No correction moves a deadline to the day of its own publication, or before it.
    """
    return tuple(change for text in prose for change in _changes(text, published))


def _changes(text: str, published: RawTime | None) -> Iterator[RawChange]:
    found = find_new_deadlines(text)
    if published is not None and any(new.after[:DAY_LENGTH] <= published.text[:DAY_LENGTH] for new in found):
        found = ()
    if not found:
        yield RawChange("text", after=text, evidence=text)
    for deadline in found:
        before = RawTime(deadline.before, Clock.PARIS) if deadline.before is not None else None
        after = RawTime(deadline.after, Clock.PARIS)
        for lot_id in deadline.lots or (None,):
            yield RawChange("deadline_at", before, after, deadline.evidence, lot_id)


@dataclass(frozen=True, slots=True)
class _Told:
    """A sentence, and its dates: those that held, and those that hold; None is a date that cannot be read.

    ``plain`` is the sentence as the patterns read it; ``led`` are those to which words lead as the deadline.
    """

    sentence: str
    plain: str
    old: tuple[str | None, ...]
    new: tuple[str | None, ...]
    led: frozenset[str | None]

    @classmethod
    def of(cls, sentence: str, plain: str) -> _Told:
        dates, gaps = DATE.finditer(plain), _gaps(plain)
        old: list[str | None] = []
        new: list[str | None] = []
        led: set[str | None] = set()
        words, is_led = "", False
        for date, before, after in zip(dates, gaps, gaps[1:], strict=False):
            words = f"{words}{before}"[-_REACH:]
            read = _deadline(date, after)
            if PUBLISHED.search(before) is None:
                (old if _is_old(before, after) else new).append(read)
            is_led = (
                (is_led and ARROW.search(before) is not None)
                or _is_led(words, has_hour=has_hour(date))
                or (HAVE_UNTIL.search(words) is not None and TO_HAND_IN.search(after) is not None)
            )
            if is_led:
                led.add(read)
            words += "§"
        return cls(sentence, plain, tuple(old), tuple(new), frozenset(led))


def _gaps(words: str) -> list[str]:
    """Return what stands before, between and behind the dates of a plain sentence."""
    dates = list(DATE.finditer(words))
    ends = [0, *(date.end() for date in dates)]
    starts = [*(date.start() for date in dates), len(words)]
    return [words[end:start] for end, start in zip(ends, starts, strict=True)]


def _is_led(words: str, *, has_hour: bool) -> bool:
    """Tell whether the words before a date lead to it as to the deadline.

    Args:
        words: What stands before it in its sentence.
        has_hour: An hour stands behind the date; "avant le" a day without one is the day before, or that day.
    """
    lead = LEADS.search(words)
    if (
        lead is None
        or HOUR_IN_FRONT.search(lead["between"])
        or (not has_hour and BEFORE.search(lead["between"]))
    ):
        return False
    spoken = max(SPEAKS_OF_DEADLINE.finditer(words), key=re.Match.start, default=None)
    if spoken is None or _is_aside(words[: spoken.start()]):
        return False
    if lead["deadline"]:
        return True
    to = next((pattern for name, pattern in TO.items() if lead[name]), None)
    # The verb itself goes along: a colon is read by what is behind it.
    clause = words[spoken.end() : lead.end() - len(lead["between"])]
    is_its_own = NEW_SUBJECT.search(PREPOSITIONAL.sub(" ", clause)) is None
    return is_its_own and (to is None or to.search(lead["between"]) is not None)


def _is_aside(words: str) -> bool:
    """Tell whether words before those of the deadline make them another thing's: "préalable à la ..."."""
    aside = ASIDE.search(words)
    if aside is None:
        return False
    return aside["of"] is None or MOVE_OF.search(words[: aside.start()]) is None


def _is_old(before: str, after: str) -> bool:
    """Tell whether a date held until now, by the words before and after it."""
    if ARROW.search(after) is not None or (FROM.search(before) and UNTIL.search(after)):
        return True
    old, new = _last(OLD, before), _last(NEW, before)
    return old > new if max(old, new) >= 0 else MOVED.search(after) is not None


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((found.start() for found in pattern.finditer(text)), default=-1)


def _sentences(text: str) -> list[str]:
    """Return the sentences, their blanks folded; "au lieu de ... lire ..." is one, on however many lines.

    A text that is too long has none.  Each part is looked at once.
    """
    sentences: list[list[str]] = []
    is_waiting = False
    for part in _parts(text):
        read = plain(part)
        goes_on = sentences and (is_waiting or _goes_on(plain(sentences[-1][-1]), read))
        if goes_on:
            sentences[-1].append(part)
        else:
            sentences.append([part])
            is_waiting = False
        for found in INSTEAD.finditer(read):
            is_waiting = found["lire"] is None
    return [" ".join(parts) for parts in sentences]


def _goes_on(part: str, following: str) -> bool:
    """Tell whether a sentence goes on in the part below, both as patterns read them."""
    if UNFINISHED.search(part) or CONTINUES.search(following):
        return True
    if GOES_ON_WITH_HOUR.search(following) and DATE.search(following) is None:
        return _ends_with_day(part)
    if OLD_VALUE.search(following):
        return DATE.search(part) is None and CLOSED.search(part) is None
    return HEADING.search(part) is not None and UNDER_HEADING.search(following) is not None


def _ends_with_day(part: str) -> bool:
    """Tell whether a part ends with a day that has no hour yet."""
    last = max(DATE.finditer(part), key=re.Match.end, default=None)
    return last is not None and not has_hour(last) and not part[last.end() :].strip(" ,:–-")


def _parts(text: str) -> Iterator[str]:
    """Yield what ends at a full stop, a semicolon or the end of its line, blanks folded."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in filter(None, lines) if sum(map(len, lines)) <= _LONGEST else ():
        yield from (SENTENCE_END_OF_CAPITALS if _is_in_capitals(line) else SENTENCE_END).split(line)


def _is_in_capitals(line: str) -> bool:
    """Tell whether most letters are capitals: "12h00" and "(Heure de Paris)" do not count against it."""
    return sum(map(str.isupper, line)) > sum(map(str.islower, line))


def _in_sentence(told: _Told) -> NewDeadline | None:
    old = set(told.old)
    if len(set(told.new)) != 1 or len(old) > 1 or told.new[0] is None or told.new[0] not in told.led:
        return None
    return NewDeadline(next(iter(old), None), told.new[0], told.sentence, _lots_of(told))


def _lots_of(told: _Told) -> tuple[str, ...] | None:
    """Return of which lots alone a sentence tells the deadline; None where that cannot be told."""
    lots, cause = find_lots(told.sentence), len(told.plain) - len(told.plain.lstrip())
    if lots != find_lots(told.sentence[cause : len(told.plain.rstrip())]):
        return None
    if not lots:
        return lots
    gaps = _gaps(told.plain)
    named = [number for number, gap in enumerate(gaps) if LOT.search(gap)]
    if len(named) > 1:  # "lot 1 : le 5 mars, lot 2 : le 5 mars".
        return lots if named == list(range(len(gaps) - 1)) else None
    return lots if _is_said_of_lots(told.plain) else None


def _is_said_of_lots(words: str) -> bool:
    """Tell whether a sentence names lots as those whose deadline it tells."""
    mentions = list(LOT.finditer(words))
    first, last = mentions[0].start(), mentions[-1].start()
    spoken = next(SPEAKS_OF_DEADLINE.finditer(words), None)
    if LOTS_IN_A_ROW.fullmatch(words[first:last]) is None:
        return False
    if spoken is None or first < spoken.start():
        between = words[last : spoken.start()] if spoken is not None else ""
        return BEGINS_WITH_LOT.fullmatch(words[:first]) is not None and VERB.search(between) is None
    date = max((date.end() for date in DATE.finditer(words[:first])), default=0)
    lead = words[max(date, min(spoken.end(), first)) : first]
    if LEADS_TO_LOT.fullmatch(lead) is None:
        return False
    is_behind_date = date > spoken.end()
    return not is_behind_date or bool(POINTS_TO_LOT.search(lead) or ENDS_WITH_LOT.match(words[last:]))


def _deadline(date: re.Match[str], after: str) -> str | None:
    """Return a date as a deadline, a moment of Paris's clock; None where it cannot be read as one."""
    return None if is_stretch(date, after) or OTHER_CLOCK.search(after) else read_date(date, after)
