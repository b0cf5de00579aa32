"""Pathways: what a pathway folder may say, loading it, and deciding on named facts."""
