"""Data only: one TOML file per language; `policy.optout.lexicon` reads them."""
