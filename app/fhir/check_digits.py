"""The check digits of SNOMED CT and LOINC: a typing error in a code is found before a patient meets it."""

from __future__ import annotations

import re
from typing import Final

SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"

_LOINC_CODE: Final = re.compile(r"([0-9]{1,7})-([0-9])", re.ASCII)
_SNOMED_CODE: Final = re.compile(r"[1-9][0-9]{5,17}", re.ASCII)

# Verhoeff's scheme: the multiplication table of the dihedral group D5 and the powers of its permutation.
_PRODUCT: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTATION: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def has_valid_check_digit(system: str, code: str) -> bool:
    """False only for a SNOMED CT or LOINC code whose last digit contradicts the others."""
    if system == SNOMED:
        return _is_snomed(code)
    if system == LOINC:
        return _is_loinc(code)
    return True


def _is_snomed(code: str) -> bool:
    if not _SNOMED_CODE.fullmatch(code):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _PRODUCT[check][_PERMUTATION[place % 8][int(digit)]]
    return check == 0


def _is_loinc(code: str) -> bool:
    """Mod 10 (Luhn): every second digit, from the right, counts double."""
    match = _LOINC_CODE.fullmatch(code)
    if match is None:
        return False
    digits = [int(digit) for digit in reversed(match[1])]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[::2]]
    return (sum(doubled) + sum(digits[1::2]) + int(match[2])) % 10 == 0
