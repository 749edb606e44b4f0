"""The database: schema, sealing, one way to write. It knows nothing of the radio."""

from gateway.store.database import Database, StoreDamaged, StoreUnavailable
from gateway.store.seal import KeyFileError, Keyring, SealBrokenError, create_key_file, load_key_file

__all__ = [
    "Database",
    "KeyFileError",
    "Keyring",
    "SealBrokenError",
    "StoreDamaged",
    "StoreUnavailable",
    "create_key_file",
    "load_key_file",
]
