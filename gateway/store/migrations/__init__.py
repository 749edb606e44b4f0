"""Numbered, atomic changes of the schema; a released one is never edited."""
