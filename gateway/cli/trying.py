"""What `schoolgate policy try` judges by, and how it explains a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.options import PLACES
from gateway.cli.output import complain, listing, say

if TYPE_CHECKING:
    from policy.content import Finding
    from policy.settings import PolicySettings
    from policy.words import Words

_VERDICTS: Final = {
    "ALLOW": "nothing in its words speaks against it. Template and consent are judged when it is sent.",
    "HOLD": "it would wait until a second person has read it.",
    "DENY": "it would be refused.",
}


@dataclass(frozen=True, slots=True)
class Judge:
    """The policy and the words that a text is judged by."""

    settings: PolicySettings
    words: Words | None  # the organisation's own, with the shipped ones

    @classmethod
    def of(cls, policy: Path | None, config: Path | None) -> Judge:
        """Return the judge of the installation that is configured here, else the shipped one.

        `policy` is another policy file. What cannot be read is an error where `config` names it; else it is
        said, and the shipped lists judge.
        """
        from policy.settings import PolicySettings

        if config is not None:
            return cls._installed(policy, config)
        if policy is not None:
            return cls(PolicySettings.load(policy), None)
        return cls._found() or cls(PolicySettings.load(), None)

    @classmethod
    def _found(cls) -> Judge | None:
        """Return the judge of an installation in a usual place; None without one that can be read."""
        from gateway.config import ConfigError
        from policy.settings import PolicyFileError

        for place in PLACES:
            try:
                if place.exists():
                    return cls._installed(None, place)
            except (ConfigError, PolicyFileError, OSError) as exc:
                complain([f"{place} is passed over, and the shipped policy and words judge: {exc}"])
        return None

    @classmethod
    def _installed(cls, policy: Path | None, path: Path) -> Judge:
        from gateway.config import load
        from gateway.store.lexicon import stored
        from policy.settings import PolicySettings
        from policy.words import OwnWords, compile_words

        config = load(path)
        settings = PolicySettings.load(policy or config.policy.file)
        published = stored(config.store.path)
        if published is None:
            return cls(settings, None)
        version, document = published
        return cls(settings, compile_words(OwnWords.kept(document), version))

    def __str__(self) -> str:
        """Say by which words."""
        own = f" and version {self.words.version} of your own" if self.words else ""
        return f"Judged by the shipped words{own}."


def answer(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the verdict and every reason, with the words that gave it."""
    from policy.verdict import Decision

    found = tuple(findings)
    decision = Decision(tuple(finding.reason for finding in found))
    return {"outcome": decision.outcome.value, "reasons": [_reason(finding) for finding in found]}


def _reason(finding: Finding) -> dict[str, Any]:
    about = {"words": finding.words, "theme": finding.theme, "rule": _rule(finding.reason.clause)}
    return finding.reason.as_dict() | about


def _rule(clause: str) -> str:
    from policy.rules.wording import RULES

    return next(rule.name for rule in RULES if clause in rule.clauses)


def explain(text: str, findings: tuple[Finding, ...], excused: Iterable[str], judge: Judge) -> None:
    """Say what the verdict is, which words gave it by which list and rule, and what to do."""
    verdict = answer(findings)
    say(f"{verdict['outcome']}: {_VERDICTS[verdict['outcome']]}")
    if findings:
        say(_marked(text, [finding.words for finding in findings]))
        rows = [
            (r["words"], r["theme"], r["rule"], r["clause"], r["outcome"], r["code"], r["message"])
            for r in verdict["reasons"]
        ]
        names = ("words", "list", "rule", "clause", "outcome", "code", "why, and what to do")
        listing("Because of", names, rows)
    for words in excused:
        say(f'"{words}" is harmless in its context.')
    say("\n".join(_advice(verdict["reasons"], judge)))


def _marked(text: str, found: Iterable[str]) -> str:
    """Return the text with what was found in brackets, as far as it stands there so."""
    for words in dict.fromkeys(found):
        if words and words in text:
            text = text.replace(words, f"[{words}]", 1)
    return text


def _advice(reasons: Iterable[dict[str, Any]], judge: Judge) -> Iterator[str]:
    if any(reason["theme"] for reason in reasons):
        yield "Is a word harmless with you? Two people can change the list: schoolgate lexicon propose FILE"
    yield str(judge)
