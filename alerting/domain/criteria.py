"""What a profile asks for: a closed language, AND over its criteria, OR within each.

What they mean for a notice, ``alerting.domain.decide`` alone says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alerting.domain.analysed import Phrase
from alerting.domain.cpv import cpv_prefix
from alerting.domain.fit import FitCriteria
from alerting.domain.match import FitKind
from alerting.domain.notice import NoticeKind
from alerting.domain.place import PlaceCriteria
from alerting.domain.trade import POINTS_NEEDED, Strictness


WORKING_DAYS_TO_ANSWER = 5
#: France is some thousand kilometres long: a circle of more is no place.
LARGEST_RADIUS_KM = 500
DEFAULT_KINDS = frozenset({NoticeKind.CALL, NoticeKind.CORRECTION})


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a profile asks for.  An empty criterion asks nothing.

    Args:
        trades: Names of ``alerting.reference.trades``; each stands for CPV prefixes and words.
        cpv_codes: Eight digits; a code covers its subtree ("45330000" covers "45332200").
        words: Any of them, a word or a phrase, as the firm wrote them.
        words_out: None of them.
        departements: "22", "2A"; the place of work, else the buyer's.  Any place criterion met is enough.
        nuts_codes: Areas of any level, "FRH0"; each stands for all that lies in it.
        communes: INSEE codes of communes to work in, or around.
        radius_km: How far around the communes; None is the communes alone.
        buyers: SIRETs or names.
        kinds: Kinds of notice that may bring a new procedure; empty means calls and their corrections.
        minimum_cents, maximum_cents: Of the lot or procedure, in EUR cents.
        pass_unknown: Whether a fact that the notice does not state passes.
        strictness: How clearly a notice must ask for one of the trades.
        qualifications: What the firm has of ``alerting.reference.demands``.
        fit_out: Demands that the firm cannot meet and does not want to hear of.
        working_days: How many the firm needs to answer; fewer left are said.
    """

    trades: tuple[str, ...] = ()
    cpv_codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    words_out: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    nuts_codes: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    radius_km: int | None = None
    buyers: tuple[str, ...] = ()
    kinds: tuple[NoticeKind, ...] = ()
    minimum_cents: int | None = None
    maximum_cents: int | None = None
    pass_unknown: bool = True
    strictness: Strictness = Strictness.NORMAL
    qualifications: tuple[str, ...] = ()
    fit_out: tuple[FitKind, ...] = ()
    working_days: int = WORKING_DAYS_TO_ANSWER


@dataclass(frozen=True, slots=True)
class Topic:
    """One way to say what a firm does beside its trades: the profile's own codes, or its own words.

    Args:
        criterion: "cpv" or "words"; goes into the reason.
        cpv_codes: Eight digits; each covers its subtree.
        phrases: Stems in a row, any of them.
        prefixes: What a code in one of the subtrees begins with.
    """

    criterion: str
    cpv_codes: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    prefixes: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # Made once: every code of every lot is held against them.
        object.__setattr__(self, "prefixes", tuple(map(cpv_prefix, self.cpv_codes)))

    def covers(self, code: str) -> bool:
        """Tell whether a CPV code lies in one of the subtrees."""
        return code.startswith(self.prefixes)


@dataclass(frozen=True, slots=True)
class TopicCriteria:
    """What a firm does.  ``trades`` and ``topics`` are alternatives: one of them is enough.

    Args:
        trades: Trade ids.
        points_needed: How clearly a trade must be asked for.
        topics: The profile's own codes and words.
        phrases_out: Must not stand in the notice, nor in a lot that is to fit.
        asks: Whether anything is asked of the topic.
        needs_codes: Whether only a notice's CPV codes can say that its topic is the profile's.  Where words
            may say it too, a text without them is a statement; without codes nothing is stated.
    """

    trades: tuple[str, ...] = ()
    points_needed: float = POINTS_NEEDED[Strictness.NORMAL]
    topics: tuple[Topic, ...] = ()
    phrases_out: tuple[Phrase, ...] = ()
    asks: bool = False
    needs_codes: bool = False


@dataclass(frozen=True, slots=True)
class ValueCriteria:
    """What a firm can take on, in EUR cents."""

    minimum_cents: int | None = None
    maximum_cents: int | None = None

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked of the value."""
        return self.minimum_cents is not None or self.maximum_cents is not None

    def covers(self, cents: int) -> bool:
        """Tell whether an amount lies within."""
        return (self.minimum_cents or 0) <= cents and (
            self.maximum_cents is None or cents <= self.maximum_cents
        )


@dataclass(frozen=True, slots=True)
class BuyerCriteria:
    """For whom a firm works: SIRETs, or phrases of the name.

    Args:
        sirets, phrases: Any of them is enough.
        names_nobody: Whether buyers are asked for of whom none can be looked for: nobody is met.
    """

    sirets: frozenset[str] = frozenset()
    phrases: tuple[Phrase, ...] = ()
    names_nobody: bool = False

    @property
    def asks(self) -> bool:
        """Tell whether anything is asked of the buyer."""
        return bool(self.sirets or self.phrases) or self.names_nobody


@dataclass(frozen=True, slots=True)
class FrameCriteria:
    """What must hold beside the topic."""

    place: PlaceCriteria = field(default_factory=PlaceCriteria)
    value: ValueCriteria = ValueCriteria()
    buyer: BuyerCriteria = BuyerCriteria()
    fit: FitCriteria = field(default_factory=FitCriteria)
    kinds: frozenset[NoticeKind] = DEFAULT_KINDS
    pass_unknown: bool = True


@dataclass(frozen=True, slots=True)
class CompiledCriteria:
    """Criteria whose words have become stems and whose trades are known ones; both parts must hold."""

    topic: TopicCriteria = TopicCriteria()
    frame: FrameCriteria = FrameCriteria()
