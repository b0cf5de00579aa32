"""The proof: a pathway as formulas, and what a solver shows of every situation at once. Only `check` needs it."""
