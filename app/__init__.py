"""dvt-next-step: what to do after a negative leg-vein ultrasound, said to an EHR as one card."""

from typing import Final

__version__: Final = "0.1.0"
