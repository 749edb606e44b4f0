"""A group of families: one text for each number, each in its own language."""

from __future__ import annotations

from typing import Final

from gateway.cli.demo.walk import PARENTS, Walk

WORDS: Final = {
    "en": "The concert begins at six. Your family is welcome.",
    "cy": "Mae'r cyngerdd yn dechrau am chwech. Mae croeso i'ch teulu.",
    "ur": "محفل موسیقی چھ بجے شروع ہوگی۔ آپ کے اہل خانہ کو خوش آمدید۔",
}
CONTACTS: Final = (
    (PARENTS[2], "Mother of Carys", "cy"),
    (PARENTS[2], "Mother of Dewi", "cy"),  # two pupils, one telephone
    (PARENTS[3], "Father of Fatima", "ur"),
    (PARENTS[4], "Father of Grace", ""),
)


async def texts_are_in_the_familys_language(walk: Walk) -> None:
    """3.3 and 4.3: approved versions in three languages, to a group that came from a list."""
    for language, words in WORDS.items():
        draft = {"name": "concert", "language": language, "purpose": "event_notice", "body": words}
        made = await walk.ok("author", "POST", "/v1/templates", draft)
        await walk.ok("head", "POST", f"/v1/templates/{made['id']}/approve")
    await walk.ok("office", "POST", "/v1/groups", {"name": "choir", "label": "The choir"})
    lines = [f"{number},{name},{language},choir" for number, name, language in CONTACTS]
    text = "\n".join(["number,name,language,groups", *lines, ""])
    report = await walk.world.upload("office", "/v1/contacts/import", text)
    walk.show.check(report["added"] == len(CONTACTS), f"{len(CONTACTS)} contacts are in the group “choir”")
    before = {number: len(walk.world.texts(number)) for number, _, _ in CONTACTS}
    body = {"template": "concert", "recipients": [{"group": "choir"}]}
    batch = await walk.ok("office", "POST", "/v1/batches", body)
    walk.show.check(
        sorted(result["language"] for result in batch["results"]) == sorted(WORDS),
        "one text for each of three numbers: Welsh, Urdu, and English where nothing else is known",
    )
    for result in batch["results"]:
        await walk.reaches(result["id"], "delivered", 25)
    for number, language in ((PARENTS[2], "cy"), (PARENTS[3], "ur"), (PARENTS[4], "en")):
        got = walk.world.texts(number)[before[number] :]
        walk.show.check(len(got) == 1 and WORDS[language] in got[0], f"the handset shows: {got[0]}")
        walk.texts += got
