"""What holds for every test."""

from hypothesis import settings

settings.register_profile(
    "cria", deadline=None
)  # machines are shared, and a kernel's first call compiles it: time says nothing of the code
settings.load_profile("cria")
