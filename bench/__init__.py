"""Measurements of the real daemon against the virtual GSM network; `make bench` prints them as a table."""
