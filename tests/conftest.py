"""How properties are tried: on each run of CI the same cases, new ones elsewhere; slow is no failure."""

import os

from hypothesis import settings

settings.register_profile("schoolgate", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("schoolgate")
