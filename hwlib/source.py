"""What the code says, without comments and docstrings: rewording one must not redo any work."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from threading import Lock

_PARSING = Lock()  # Python 3.11's ast.parse fails in two threads at a time


@cache
def code_of(file: Path) -> str:
    """Return the syntax tree of a Python file as text; comments and docstrings change nothing."""
    with _PARSING:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and _is_docstring(body[0]):
                body.pop(0)
        return ast.dump(tree)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
