"""Make a certificate that signs itself: `python -m gateway.selfsigned CERTIFICATE KEY NAME…`.

It runs in a process of its own: what makes certificates takes 8 MB, and is needed once in two years.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway import whole_file
from gateway.clock import utc_now

LASTS: Final = timedelta(days=825)  # no longer: some systems refuse more
_EARLIER: Final = timedelta(hours=1)  # for clients whose clock is behind


def make(names: list[str], now: datetime) -> tuple[bytes, bytes]:
    """Return a certificate for these host names and addresses and its key (P-256), both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Schoolgate")])
    public = key.public_key()
    builder = x509.CertificateBuilder(name, name, public, x509.random_serial_number())
    builder = builder.not_valid_before(now - _EARLIER).not_valid_after(now + LASTS)
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("crl_sign", "encipher_only", "decipher_only", "key_cert_sign"),
        ),
        False,
    )
    for extension, critical in (
        (x509.SubjectAlternativeName([_name(each) for each in names]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.KeyUsage(digital_signature=True, **usage), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), private


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def main() -> None:
    """Make both files."""
    certificate, key, *names = sys.argv[1:]
    shown, secret = make(names, utc_now())
    whole_file.replace(Path(key), secret)
    whole_file.replace(Path(certificate), shown, 0o644)


if __name__ == "__main__":
    main()
