"""What holds for every test."""

from hypothesis import HealthCheck, settings

# Machines are shared, and a kernel's first call compiles it: time says nothing of the code.
settings.register_profile("cria", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cria")
