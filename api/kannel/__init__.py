"""Kannel's sendsms, for programs that can make one GET or form POST and no more. Off unless configured."""

from api.kannel.route import add_route

__all__ = ["add_route"]
