"""What the library may do at all: no code made at run time, no process, no thread, no connection.

The command line, which serves and starts processes, is held to less.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "gossamer"
FILES = sorted(PACKAGE.rglob("*.py"))
LIBRARY = [file for file in FILES if file.relative_to(PACKAGE).parts[0] != "cli"]

#: All that is imported beside Gossamer itself: what opens a connection, starts a process or reads code from
#: data is not there.
IMPORTED = {
    "__future__", "atexit", "base64", "binascii", "collections", "contextlib", "contextvars",
    "dataclasses", "enum", "functools", "gc", "hashlib", "importlib", "inspect", "itertools",
    "json", "keyword", "logging", "math", "opentelemetry", "os", "pathlib", "re", "sys", "tempfile",
    "threading", "time", "traceback", "types", "typing", "typing_extensions", "urllib.parse",
    "weakref", "wrapt",
}  # fmt: skip
#: Of these modules no more than this is used.
USED = {
    "importlib": {"import_module"},
    "os": {"environ", "register_at_fork"},
    "tempfile": {"gettempdir"},
    "threading": {"Lock", "RLock", "get_ident"},
}
MAKES_CODE = {"__import__", "builtins", "compile", "eval", "exec"}
#: What the command line does not do, either.
NEVER_IMPORTED = {"code", "codeop", "ctypes", "dill", "marshal", "pickle", "runpy", "shelve"}


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports_of(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Each module that is imported, and what of it; None: the module itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, None) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert not node.level
            yield from ((node.module, name.name) for name in node.names)


def uses_of(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What is used of a module: imported by name, or as its attribute."""
    yield from ((module, name) for module, name in imports_of(tree) if name is not None)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node.attr


def test_the_library_imports_nothing_that_reaches_out() -> None:
    found = set()
    for file in LIBRARY:
        tree = tree_of(file)
        for module, _ in imports_of(tree):
            top = module.partition(".")[0]
            if top != "gossamer" and not {module, top} & IMPORTED:
                found.add((file.name, module))
        for module, name in uses_of(tree):
            if name not in USED.get(module, {name}):
                found.add((file.name, f"{module}.{name}"))
    assert found == set()


def test_no_code_is_made_at_run_time() -> None:
    found = set()
    for file in FILES:
        tree = tree_of(file)
        used = {name for pair in uses_of(tree) if pair[0] == "os" for name in pair[1:]}
        tops = {module.partition(".")[0] for module, _ in imports_of(tree)}
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
        bad = NEVER_IMPORTED & tops | MAKES_CODE & names | {"system", "popen"} & used | {"shell"} & keywords
        found |= {(file.name, each) for each in bad}
    assert found == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import os.path, socket", {("os.path", None), ("socket", None)}),
        ("from os import system", {("os", "system")}),
    ],
)
def test_the_imports_of_a_file_are_all_found(code: str, found: set[tuple[str, str | None]]) -> None:
    assert set(imports_of(ast.parse(code))) == found


def test_the_library_is_looked_at() -> None:
    assert len(LIBRARY) > 50
    assert ("os", "fork") in set(uses_of(ast.parse("import os\nos.fork()")))
