"""From facts to named values: the arithmetic of the decision table, and finding the facts in a record."""
