"""Exactly once: every way in which a call can end, on both clients, beside the same call without Gossamer."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.app", f"{__name__}.scenario")
