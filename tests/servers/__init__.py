"""Servers that Hypothesis makes up: the app gets the same from the bare SDK and from the instrumented one."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.play", f"{__name__}.wire")
