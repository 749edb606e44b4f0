"""Schoolgate: a self-hosted SMS gateway that schools can trust."""
