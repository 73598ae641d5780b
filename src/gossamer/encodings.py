"""Which encodings are at hand to count tokens with? Those of tiktoken, where their files are.

tiktoken is an optional library, imported by `load_encodings()`. It downloads its encodings; here they are
used only where their files are in its cache already, and nothing is ever fetched.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha1, sha256
from importlib import import_module
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final, NamedTuple

from gossamer.errors import logger, swallow

Encode = Callable[[str], list[int]]


class _File(NamedTuple):
    """A file that tiktoken downloads."""

    address: str
    digest: str

    @property
    def name(self) -> str:
        """Its name in the cache."""
        return sha1(self.address.encode(), usedforsecurity=False).hexdigest()


_FILES: Final = {
    "o200k_base": _File(
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": _File(
        "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}
#: Encodings that differ from another in special tokens alone, which are never looked for.
_ALIKE: Final = {"o200k_harmony": "o200k_base"}

_MOST_MODELS: Final = 256  # names that are remembered; an app can make them up


def load_encodings() -> Encodings | None:
    """The encodings that are at hand. None, and a warning, where there are none to count with."""
    try:
        tiktoken = import_module("tiktoken")
        encoding_of = import_module("tiktoken.model").encoding_name_for_model
        known = import_module("tiktoken_ext.openai_public").ENCODING_CONSTRUCTORS
    except Exception as error:
        logger.warning(
            "No tokens are counted: count_tokens needs tiktoken, which cannot be imported (%s). "
            "pip install 'gossamer[tiktoken]' brings it.",
            type(error).__name__,
        )
        return None
    try:
        encoders = _encoders(tiktoken.get_encoding, known)
        return Encodings(encoders, encoding_of) if encoders else None
    except Exception as error:
        swallow(error)
        return None


class Encodings:
    """What turns texts into tokens, by model."""

    def __init__(self, encoders: dict[str, Encode], encoding_of: Callable[[str], str]) -> None:
        self._encoders = encoders
        self._encoding_of = encoding_of
        self._of_others = next(encoders[name] for name in _FILES if name in encoders)
        self._of_model: dict[str, Encode | None] = {}

    def of(self, model: str | None) -> Encode | None:
        """The encoding of a model; None when it is known, and not here."""
        if type(model) is not str:
            return self._of_others
        try:
            return self._of_model[model]
        except KeyError:
            pass
        try:
            name = self._encoding_of(model)
        except KeyError:
            encode: Encode | None = self._of_others  # compatible servers do not tell what they count with
        else:
            encode = self._encoders.get(_ALIKE.get(name, name))
        if len(self._of_model) < _MOST_MODELS:
            self._of_model[model] = encode
        return encode


def _encoders(get_encoding: Callable[[str], Any], known: Any) -> dict[str, Encode]:
    """Of the encodings whose files are there; what is wrong with the others is told."""
    folder = _cache()
    encoders, faults = {}, []
    for name, file in _FILES.items():
        fault = _fault(file, folder, known.get(name))
        if fault is None:
            try:
                encoders[name] = get_encoding(name).encode_ordinary
                continue
            except Exception as error:
                fault = f"tiktoken cannot read it ({type(error).__name__})"
        faults.append(f"{name} (file {file.name}: {fault})")
    if faults:
        _tell(faults, folder, partly=bool(encoders))
    return encoders


def _cache() -> Path | None:
    """Where tiktoken keeps what it has downloaded; None where it keeps nothing."""
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        folder = os.environ.get(variable)
        if folder is not None:
            return Path(folder) if folder else None
    return Path(gettempdir(), "data-gym-cache")


def _fault(file: _File, folder: Path | None, constructor: Any) -> str | None:
    """Why tiktoken would download this file, if it would."""
    asked_for = getattr(getattr(constructor, "__code__", None), "co_consts", ())
    if not {file.address, file.digest} <= {value for value in asked_for if type(value) is str}:
        return "this release of tiktoken asks for another"
    if folder is None:
        return "tiktoken's cache is off"
    try:
        found = (folder / file.name).read_bytes()
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read ({type(error).__name__})"
    return None if sha256(found).hexdigest() == file.digest else "has other content than it should"


def _tell(faults: list[str], folder: Path | None, *, partly: bool) -> None:
    logger.warning(
        "%s: tiktoken lacks %s. They are looked for in %s, and not downloaded. tiktoken.get_encoding(NAME) "
        "downloads one where that is allowed: set TIKTOKEN_CACHE_DIR to the same folder there and here.",
        "The tokens of some models are not counted" if partly else "No tokens are counted",
        ", ".join(faults),
        folder if folder is not None else "no folder, as TIKTOKEN_CACHE_DIR or DATA_GYM_CACHE_DIR is empty",
    )
