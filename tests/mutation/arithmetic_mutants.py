"""Every small change of the arithmetic that a programmer could make by mistake: one mutant each, as changed source.

A mutant's id names the module, the function and which of its comparisons (constants, ...) is meant; it stays the same
while the function does.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

COMPARISONS: Final[dict[type[ast.cmpop], Sequence[type[ast.cmpop]]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
}
NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "first": "last", "last": "first"}
UNTOUCHED: Final = {"annotation", "returns", "decorator_list", "bases", "type_comment"}
"""Members of a node that decide nothing."""


@dataclass(frozen=True, slots=True)
class SourceMutant:
    """One change of one module: `source` is the whole changed module."""

    id: str
    kind: str
    sentence: str
    module: str
    source: str


@dataclass(frozen=True, slots=True)
class _Change:
    """What stands at `holder[key]` (or holder.key) becomes `now`."""

    kind: str
    scope: str
    line: int
    holder: Any  # a list of nodes, or a node
    key: Any  # its index, or the member's name
    now: Any


def source_mutants(module: str, source: str) -> list[SourceMutant]:
    """All mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    found: list[SourceMutant] = []
    counts: Counter[str] = Counter()
    for change in list(_changes(tree, "module")):
        before = _get(change)
        _put(change, change.now)
        changed = ast.unparse(ast.fix_missing_locations(tree))
        _put(change, before)
        name = f"{module.removeprefix('app.')}:{change.scope}:{change.kind}"
        counts[name] += 1
        sentence = f"line {change.line}: {_said(before)} becomes {_said(change.now)}"
        found.append(SourceMutant(f"{name}.{counts[name]}", change.kind, sentence, module, changed))
    return found


def _get(change: _Change) -> Any:  # noqa: ANN401 -- a node, an operator or a plain value
    return change.holder[change.key] if isinstance(change.holder, list) else getattr(change.holder, change.key)


def _put(change: _Change, value: Any) -> None:  # noqa: ANN401 -- a node, an operator or a plain value
    if isinstance(change.holder, list):
        change.holder[change.key] = value
    else:
        setattr(change.holder, change.key, value)


def _said(value: object) -> str:
    if isinstance(value, (ast.expr, ast.stmt)):
        return " ".join(ast.unparse(value).split())[:70]
    return type(value).__name__ if isinstance(value, ast.AST) else repr(value)


def _changes(node: ast.AST, scope: str) -> Iterator[_Change]:
    """The changes inside a node. `scope`: the function it stands in."""
    for name, value in ast.iter_fields(node):
        if name in UNTOUCHED:
            continue
        entries = list(enumerate(value)) if isinstance(value, list) else [(name, value)]
        holder = value if isinstance(value, list) else node
        for key, child in entries:
            if (
                not isinstance(child, ast.AST)
                or _is_docstring(child)
                or isinstance(child, (ast.Import, ast.ImportFrom))
            ):
                continue
            inner = f"{scope}.{child.name}" if isinstance(child, (ast.FunctionDef, ast.ClassDef)) else scope
            inner = inner.removeprefix("module.")
            yield from _of(child, inner, holder, key)
            yield from _changes(child, inner)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _of(node: ast.AST, scope: str, holder: Any, key: Any) -> Iterator[_Change]:  # noqa: ANN401 -- see _Change
    """The changes of this very node, which stands at holder[key]."""
    line = getattr(node, "lineno", 0)
    named = scope != "module"  # the loader holds the names declared in a module against the pathway files
    for kind, now in (*_operators(node), *_values(node, named=named), *_statements(node)):
        yield _Change(kind, scope, line, holder, key, now)
    if isinstance(node, (ast.If, ast.IfExp)) and not _is_left_alone(node.test):
        yield _Change("condition", scope, line, node, "test", ast.UnaryOp(ast.Not(), node.test))


def _is_left_alone(test: ast.expr) -> bool:
    """Conditions that are changed in another way, and the one that only a type checker reads."""
    changed_itself = isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp))
    return changed_itself or (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING")


def _operators(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=ops):
            for index, operator in enumerate(ops):
                for other in COMPARISONS[type(operator)]:
                    yield "comparison", _with_operator(node, index, other())
        case ast.BoolOp(op=joined):
            yield "and-or", ast.BoolOp(ast.Or() if isinstance(joined, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "not-or-minus", operand
        case ast.BinOp(op=operation) if type(operation) in OPERATORS:
            yield "operator", ast.BinOp(node.left, OPERATORS[type(operation)](), node.right)
        case _:
            pass


def _values(node: ast.AST, *, named: bool) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Constant(value=bool() as truth):
            yield "constant", ast.Constant(not truth)
        case ast.Constant(value=int() as number):
            yield "constant", ast.Constant(number + 1)
            yield "constant", ast.Constant(number - 1)
        case ast.Constant(value=str() as word) if named:
            yield "word", ast.Constant(f"{word}?")
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield "name", ast.Name(NAMES[name], ast.Load())
        case _:
            pass


def _statements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Expr() | ast.AugAssign() | ast.Break() | ast.Continue():
            yield "statement", ast.Pass()
        case ast.Return(value=ast.Constant(value=False | None)):
            pass  # nothing is false, too
        case ast.Return(value=ast.AST()):
            yield "return", ast.Return(None)
        case _:
            pass


def _with_operator(node: ast.Compare, index: int, operator: ast.cmpop) -> ast.Compare:
    changed = deepcopy(node)
    changed.ops[index] = operator
    return changed
