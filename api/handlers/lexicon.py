"""The organisation's own words."""

from __future__ import annotations

from api.route import Call
from api.schema.base import Listing, Nothing
from api.schema.lexicon import Lexicon, NewLexicon


async def lexicon(call: Call[Nothing]) -> Lexicon:
    """Show the words that are in force beside the shipped ones."""
    return Lexicon.of(await call.use_cases.lexicon.published())


async def lexicon_history(call: Call[Nothing]) -> Listing[Lexicon]:
    """List every version, newest first."""
    return call.whole(Lexicon, await call.use_cases.lexicon.history())


async def propose_lexicon(call: Call[NewLexicon]) -> Lexicon:
    """Propose a whole new document; a second person puts it in force."""
    return Lexicon.of(await call.use_cases.lexicon.propose(call.caller, call.input.document))
