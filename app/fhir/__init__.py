"""The record: tolerant typed reading, subject, dates, codings, value sets, and the outbound client."""
