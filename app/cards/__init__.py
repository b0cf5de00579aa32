"""A decision as one CDS Hooks card: its words, its draft orders, and its machine-readable form."""
