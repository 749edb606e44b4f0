"""The lexicon: one TOML file for each theme."""
