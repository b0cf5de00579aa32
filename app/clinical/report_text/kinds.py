"""The names that the rules know: the meanings of words, and the sections of a report."""

from enum import StrEnum
from typing import Final


class Section(StrEnum):
    """Where in a report a sentence stands. Without a heading it is the body."""

    BODY = ""
    INDICATION = "indication"
    TECHNIQUE = "technique"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    ADDENDUM = "addendum"


BACKGROUND: Final = frozenset({Section.INDICATION, Section.TECHNIQUE, Section.COMPARISON})
"""Sections that hold no result. What sounds like a finding there is one all the same."""


class Kind(StrEnum):
    """What a word or phrase means: the lists of report_words.yaml, and what needs no list."""

    DEEP_CLOT = "deep_clot"
    CLOT = "clot"
    SUPERFICIAL_CLOT = "superficial_clot"
    NOT_COMPRESSING = "not_compressing"
    NOT_COMPRESSED = "not_compressed"
    WORRYING = "worrying"
    CHRONIC_CLOT = "chronic_clot"
    NEGATION = "negation"
    NEGATED_AFTER = "negated_after"
    FALSE_NEGATION = "false_negation"
    NO_OTHER = "no_other"
    NO_EXTENSION_OF = "no_extension_of"
    RESTRICTING = "restricting"
    EXCEPTION = "exception"
    TURNING = "turning"
    CANNOT_EXCLUDE = "cannot_exclude"
    DOUBT = "doubt"
    DOUBT_AFTER = "doubt_after"
    CANNOT_EXCLUDE_AFTER = "cannot_exclude_after"
    UNPROVEN = "unproven"
    BOILERPLATE = "boilerplate"
    QUESTION = "question"
    HISTORY = "history"
    EARLIER = "earlier"
    HISTORY_AFTER = "history_after"
    OTHER_PERSON = "other_person"
    GONE = "gone"
    NOT_GONE = "not_gone"
    CHRONIC = "chronic"
    ACUTE = "acute"
    PRESENT = "present"
    CALM_STUDY = "calm_study"
    CALM_VEIN = "calm_vein"
    NOT = "not"
    CFV = "cfv"
    FEMORAL = "femoral"
    POPLITEAL = "popliteal"
    PERONEAL = "peroneal"
    POSTERIOR_TIBIAL = "posterior_tibial"
    CALF = "calf"
    CALF_MUSCLE = "calf_muscle"
    ILIAC = "iliac"
    CAVA = "cava"
    PROXIMAL = "proximal"
    REGION_GROIN = "region_groin"
    REGION_THIGH = "region_thigh"
    REGION_KNEE = "region_knee"
    REGION_CALF = "region_calf"
    REGION_ABOVE_KNEE = "region_above_knee"
    DEEP_VEINS = "deep_veins"
    SUPERFICIAL = "superficial"
    JUNCTION = "junction"
    ARTERY = "artery"
    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    OTHER_LEG = "other_leg"
    NOT_SEEN = "not_seen"
    NOT_SCANNED = "not_scanned"
    LIMITED = "limited"
    NOT_LIMITED = "not_limited"
    STOPPED = "stopped"
    NONDIAGNOSTIC = "nondiagnostic"
    UNSETTLED = "unsettled"
    WHOLE_LEG = "whole_leg"
    PROXIMAL_ONLY = "proximal_only"
    FLOW = "flow"
    FLOW_NORMAL = "flow_normal"
    FLOW_MONOPHASIC = "flow_monophasic"
    FLOW_CONTINUOUS = "flow_continuous"
    FLOW_ASYMMETRIC = "flow_asymmetric"
    FLOW_PULSATILE = "flow_pulsatile"
    FLOW_ABSENT = "flow_absent"
    OBSTRUCTION = "obstruction"
    BAKERS_CYST = "bakers_cyst"
    HEMATOMA = "hematoma"
    LYMPH_NODES = "lymph_nodes"
    REPEAT = "repeat"
    ADVISED = "advised"
    NOT_ADVISED = "not_advised"
    DAY = "day"
    CENTIMETRE = "centimetre"
    MILLIMETRE = "millimetre"
    AWAY = "away"
    NOT_EXTENDING = "not_extending"
    UPPER_END = "upper_end"
    ARM = "arm"
    ABDOMEN_STUDY = "abdomen_study"
    ARTERIAL_STUDY = "arterial_study"
    MAPPING_STUDY = "mapping_study"
    REFLUX_STUDY = "reflux_study"
    PRIOR_STUDY = "prior_study"
    NO_RESULT = "no_result"
    JOINING = "joining"
    STUDY = "study"
    LINKING = "linking"
    PLAIN = "plain"
    WEIGHTLESS = "weightless"

    # what needs no list
    UNKNOWN = "?"
    NUMBER = "#"
    COMMA = ","
    COLON = ":"
    OPEN = "("
    CLOSE = ")"
    ASKED = "asked"
    STOP = "."

    @property
    def is_listed(self) -> bool:
        """Whether report_words.yaml lists its words."""
        return self not in _UNLISTED

    @property
    def is_target(self) -> bool:
        """Whether it is a thrombus or a sign of one."""
        return self in TARGETS


_UNLISTED: Final = frozenset(
    {Kind.UNKNOWN, Kind.NUMBER, Kind.COMMA, Kind.COLON, Kind.OPEN, Kind.CLOSE, Kind.ASKED, Kind.STOP}
)
TARGETS: Final = frozenset(
    {
        Kind.DEEP_CLOT, Kind.CLOT, Kind.SUPERFICIAL_CLOT, Kind.NOT_COMPRESSING, Kind.NOT_COMPRESSED, Kind.WORRYING,
        Kind.CHRONIC_CLOT,
    }
)  # fmt: skip
