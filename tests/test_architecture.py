"""The shape of the package: imports go one way, modules and functions stay small, importing is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import pl_native

ROOT = Path(pl_native.__file__).parent
ORDER = [
    "_core", "_base.checks", "_base.digest", "_base.files", "_base.build", "_base.progress", "_base",
    "_problem.status", "_problem.network", "_problem.options", "_problem.dataset", "_problem.groups",
    "_problem",
    "protocol", "streams", "data", "initial", "reduction", "model",
    "backends.flow_records", "backends.contract", "backends", "backends._wire", "backends._certificate",
    "backends.numpy_flow", "backends._loop", "backends.numpy", "backends.numba", "backends.native",
    "_run.time_grid", "_run.resume", "_run.solution", "_run.call_options", "_run.task", "_run.result",
    "_run.execute", "_run.extend", "_run.checkpoint", "_run.costs", "_run",
    "simulation",
    "metrics", "theory.group_flow", "theory",
    "stats._beta", "stats.intervals", "stats._logistic", "stats.threshold", "stats.slopes", "stats.curves",
    "stats",
    "store.columns", "store.disk", "store.shards", "store.manifest", "store.folder", "store.upkeep",
    "store.export", "store",
    "sweep.functions", "sweep.cells", "sweep.grids", "sweep.plans", "sweep.chunks", "sweep.computing",
    "sweep.engines", "sweep.running", "sweep.rebuilding", "sweep",
    "experiments.published", "experiments._curves", "experiments._protocol", "experiments._tables",
    "experiments._marks", "experiments.fig3", "experiments.fig4", "experiments",
    "bench", "bench.harness", "bench.machine", "bench.problems", "bench.rivals_numpy", "bench.rivals_numba",
    "bench.rivals_torch", "bench.rivals_jax", "bench.rivals", "bench.contest", "bench.dense",
    "plots", "cli.parsing", "cli.doctor", "cli.sweep", "cli.reproduce", "cli.bench", "cli", "__main__",
]  # fmt: skip
"""Left to right: a module imports only from its left. `__init__` may import all of them."""

MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def rank(name: str) -> float:
    """Place in the order; a module of a package that is not listed by itself stands with its package."""
    return ORDER.index(name) if name in ORDER else ORDER.index(name.split(".")[0]) + 0.5


def imported(path: Path, tree: ast.AST) -> Iterator[str]:
    """Modules of the package that a file imports, `pl_native.` left off; also inside functions."""
    known = {name_of(p) for p in MODULES} | {"_core"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert not alias.name.startswith("pl_native."), f"{path}: write 'from pl_native import ...'"
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module is None or node.module.split(".")[0] != "pl_native":
                continue
            base = node.module.removeprefix("pl_native").removeprefix(".")
            for alias in node.names:
                full = f"{base}.{alias.name}" if base else alias.name
                found = full if full in known else base
                assert found in known, f"{path}:{node.lineno}: import {full} from where it is defined"
                yield found


def for_typing_only(tree: ast.Module) -> ast.Module:
    """The tree without `if TYPE_CHECKING:` blocks."""
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING")
    ]
    return tree


def wrong_way(path: Path, tree: ast.Module) -> list[str]:
    mine = name_of(path)
    return [f"{mine} imports {other}" for other in imported(path, tree) if rank(other) >= rank(mine)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    assert name_of(path).split(".")[0] in ORDER, "a new module: give it its place in ORDER"
    assert wrong_way(path, for_typing_only(ast.parse(path.read_text()))) == []


def test_a_wrong_import_is_seen() -> None:
    planted = "from pl_native.simulation import simulate\nfrom pl_native._problem import Dataset\n"
    assert wrong_way(ROOT / "data.py", ast.parse(planted)) == ["data imports simulation"]
    inside = "def f():\n    from pl_native import cli\n"
    assert len(wrong_way(ROOT / "_problem" / "dataset.py", ast.parse(inside))) == 1


def test_only_two_modules_touch_the_core() -> None:
    users = {name_of(path) for path in MODULES if "_core" in set(imported(path, ast.parse(path.read_text())))}
    assert users == {"backends.native", "_base.build"}


@pytest.mark.parametrize("path", [*MODULES, ROOT / "__init__.py"], ids=name_of)
def test_modules_are_small_and_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    assert ast.get_docstring(ast.parse(text))


def code_lines(node: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    assert node.end_lineno is not None
    first = node.body[0]
    doc = (
        first.end_lineno - first.lineno + 1
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and first.end_lineno
        else 0
    )
    return node.end_lineno - node.lineno + 1 - doc


def functions() -> dict[str, ast.FunctionDef]:
    return {
        f"{name_of(path)}.{node.name}:{node.lineno}": node
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }


def test_functions_are_small() -> None:
    sizes = {name: code_lines(node) for name, node in functions().items()}
    assert {name: size for name, size in sizes.items() if size > 50} == {}
    assert median(sizes.values()) <= 10


def test_argument_lists_are_short() -> None:
    """At most eight; the entries of the public API, which the design fixes, and Numba's kernel excepted."""
    public = {"simulate", "simulate_ensemble", "iter_ensemble"}
    long = {
        name
        for name, node in functions().items()
        if len(node.args.args) + len(node.args.kwonlyargs) > 8 and node.name not in public
    }
    assert long == set()


def test_public_functions_say_what_they_do() -> None:
    silent = [
        name
        for name, node in functions().items()
        if not any(part.startswith("_") for part in name.split("."))
        and ast.get_docstring(node) is None
        and code_lines(node) > 4
    ]
    assert silent == []


def test_importing_loads_numpy_and_the_standard_library_only() -> None:
    code = (
        "import sys\nimport numpy, numpy.random, numpy.linalg\nbefore = set(sys.modules)\nimport pl_native\n"
        "roots = {name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(*sorted(roots - {'pl_native', 'numpy', '_distutils_hack'}))"
    )
    env = {"PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == ""


def test_public_names() -> None:
    assert sorted(pl_native.__all__) == pl_native.__all__ or set(pl_native.__all__)
    for name in pl_native.__all__:
        assert getattr(pl_native, name) is not None


def test_the_package_is_typed() -> None:
    assert (ROOT / "py.typed").exists()
    assert (ROOT / "_core.pyi").exists()
