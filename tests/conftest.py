"""How properties are tried: the same cases on each run of CI, new ones elsewhere; a busy machine is no failure."""

import os

from hypothesis import settings

settings.register_profile("schoolgate", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("schoolgate")
