"""How often: a few examples, the same each time, in the suite; many new ones in `make fuzz`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
settings.register_profile("fuzz", max_examples=2_000, **QUIET)
settings.register_profile("night", max_examples=50_000, **QUIET)
