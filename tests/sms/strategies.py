"""Values for the properties of the codecs."""

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from gateway.sms import Address, Coding, Deliver, StatusReport, Submit, UserData, Validity, national
from gateway.sms.alphabet import ESCAPE
from gateway.sms.validity import Form

octet = st.integers(0, 255)


def letters(locking=0, single=0):
    """Return every character that a pair of tables can write."""
    table = national.LOCKING.get(locking, national.LOCKING[0])
    found = set(table) | set(national.SINGLE[single].values())
    return "".join(sorted(found - {chr(ESCAPE), national.GAP}))


# Any text, with the characters that matter for splitting often enough.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
gsm_texts = st.text(st.sampled_from(letters() + "€[]" * 20), max_size=700)
emoji_texts = st.text(st.sampled_from("aЖ😀👩\u200d"), max_size=400)
national_texts = st.sampled_from(national.CHOICES).flatmap(
    lambda pair: st.text(st.sampled_from(letters(*pair)), max_size=400)
)
any_texts = texts | gsm_texts | emoji_texts | national_texts

numbers = st.builds(
    Address,
    st.text("0123456789*#abc", max_size=20),
    st.sampled_from([0, 1, 2, 3, 4, 6, 7]),
    st.integers(0, 15),
)
names = st.text(st.sampled_from(letters().replace("[", "")), max_size=5).map(Address.named)
addresses = numbers | names
service_centres = st.none() | numbers

zones = st.integers(-79, 79).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
times = st.datetimes(datetime(1990, 1, 2), datetime(2089, 12, 30), timezones=zones).map(  # noqa: DTZ001
    lambda when: when.replace(microsecond=0)
)
stamps = st.binary(min_size=7, max_size=7)


@st.composite
def data(draw):
    coding = Coding(draw(octet))
    header = draw(st.none() | st.binary(max_size=30))
    taken = 0 if header is None else 1 + len(header)
    if coding.septets:
        most = (140 - taken) * 8 // 7
        content = bytes(draw(st.lists(st.integers(0, 127), max_size=most)))
    else:
        content = draw(st.binary(max_size=140 - taken))
    return UserData(coding, content, header)


validities = (
    st.none()
    | st.builds(Validity, st.just(Form.RELATIVE), st.binary(min_size=1, max_size=1))
    | st.builds(Validity, st.sampled_from([Form.ENHANCED, Form.ABSOLUTE]), stamps)
)
delivers = st.builds(
    Deliver,
    data=data(),
    sender=addresses,
    stamp=stamps,
    pid=octet,
    flags=octet.map(lambda bits: bits & 0b1011_1100) | octet.map(lambda bits: bits & 0b1011_1100 | 3),
    smsc=service_centres,
    trailing=st.binary(max_size=5),
)
submits = st.builds(
    Submit,
    data=data(),
    recipient=addresses,
    mr=octet,
    pid=octet,
    validity=validities,
    status_report=st.booleans(),
    reject_duplicates=st.booleans(),
    reply_path=st.booleans(),
    smsc=service_centres,
    trailing=st.binary(max_size=5),
)
reports = st.builds(
    StatusReport,
    mr=octet,
    recipient=addresses,
    stamp=stamps,
    discharge=stamps,
    status=octet,
    flags=octet.map(lambda bits: bits & 0b1111_1100 | 2),
    smsc=service_centres,
    trailing=st.binary(max_size=20),
)
