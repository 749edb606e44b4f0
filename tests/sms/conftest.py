from hypothesis import settings

settings.register_profile("unhurried", deadline=None, print_blob=True)  # a busy machine is no failure
settings.load_profile("unhurried")
