"""The shape of the sources: imports and includes go one way, files stay small, the plan is true.

Each check is run twice: on the sources, and on a planted fault that it must find.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import pl_native
import shape

ROOT = Path(__file__).parents[1]
PACKAGE = Path(pl_native.__file__).parent
PYTHON = shape.tree_of(PACKAGE, ".py")
CPP = shape.tree_of(ROOT / "cpp", ".hpp", ".inl", ".cpp")
PLAN = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

FOLDERS = [
    "_core", "_base", "_problem", "protocol", "streams", "data", "initial", "reduction", "model", "backends",
    "_run", "simulation", "metrics", "theory", "stats", "store", "sweep", "experiments", "plots", "report",
    "bench", "cli", "__main__",
]  # fmt: skip
CPP_FOLDERS = ["kernel", "parallel", "problem", "proof", "stabilised", "euler/flow/capture", "bindings"]
"""Left to right: each uses only what stands to its left; those joined by "/" do not use each other."""

TWICE = {"certificate": "the criterion's own, looked for at every row, and what a proof finds of a state"}
PAIRS = [{"theory", "experiments/statements"}]  # a statement, and the simulations that check it
CPP_TWICE = {
    "state": "of a run: what every method has, and what the flow adds",
    "kinks": "pairs at z = 0: what a step asks of them, and what a proof does",
    "rounding": "of one sum, and what every bound of a proof is made of",
    "step": "one step of each adaptive method",
    "threads": "and what Python may ask of it",
}
"""File names that stand in two folders, and the one thing that both are about."""


def module_folder(module: str) -> str:
    return module.split(".")[0]


# the plan


def test_imports_go_one_way() -> None:
    assert shape.wrong_way(shape.imports(PYTHON), FOLDERS, module_folder) == []
    planted = {
        "data.py": "from pl_native.simulation import simulate",
        "simulation.py": "import pl_native as pl",
    }
    order = ["data", "simulation"]
    assert shape.wrong_way(shape.imports(planted), order, module_folder) == ["data uses simulation"]
    within = {"_run/task.py": "def f():\n    from pl_native import cli", "cli/__init__.py": ""}
    assert shape.wrong_way(shape.imports(within), ["_run", "cli"], module_folder) == ["_run.task uses cli"]
    for order, fault in (
        (["data"], "simulation: has no place in the order"),
        (["data/simulation"], "data uses simulation"),
        (["simulation", "data", "report"], "report: in the order, not in the tree"),
    ):
        assert shape.wrong_way(shape.imports(planted), order, module_folder) == [fault]


def test_includes_go_one_way() -> None:
    assert shape.wrong_way(shape.includes(CPP), CPP_FOLDERS, shape.folder_of) == []
    for file, other in (("kernel/pass.inl", "problem/rows.hpp"), ("flow/jets.cpp", "capture/adams.hpp")):
        planted = {file: f'#include <vector>\n#include "{other}"\n', other: "#pragma once\n"}
        order = ["kernel", "problem", "euler/flow/capture"]
        assert f"{file} uses {other}" in shape.wrong_way(shape.includes(planted), order, shape.folder_of)


def test_there_are_no_circles() -> None:
    assert shape.circles(shape.imports(PYTHON)) == []
    assert shape.circles(shape.includes(CPP)) == []
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pl_native._problem.a import A\n"
    planted = {"_problem/a.py": "from pl_native._problem import b", "_problem/b.py": typed}
    assert shape.circles(shape.imports(planted)) == ["_problem.a -> _problem.b -> _problem.a"]
    headers = {"flow/a.hpp": '#include "flow/b.hpp"', "flow/b.hpp": '#include "flow/a.hpp"'}
    assert shape.circles(shape.includes(headers)) == ["flow/a.hpp -> flow/b.hpp -> flow/a.hpp"]


def test_imports_and_includes_name_where_a_thing_is() -> None:
    assert shape.imported_oddly(PYTHON) == []
    assert shape.included_oddly(CPP) == []
    for line in ("from . import data", "import pl_native.data", "from pl_native import Dataset",
                 "from pl_native.types import Dataset"):  # fmt: skip
        assert len(shape.imported_oddly({"data.py": line})) == 1, line
    assert shape.included_oddly({"flow/jets.cpp": '#include "jets.hpp"', "flow/jets.hpp": ""}) != []


def core_users(tree: shape.Tree) -> set[str]:
    return {module for module, others in shape.imports(tree).items() if "_core" in others}


def test_only_two_modules_touch_the_core() -> None:
    assert core_users(PYTHON) == {"backends.native", "_base.build"}
    for line in ("from pl_native import _core", "from pl_native._core import euler",
                 "importlib.import_module('pl_native._core')"):  # fmt: skip
        assert core_users({"data.py": f"def f():\n    {line}"}) == {"data"}


def test_only_the_bindings_know_python() -> None:
    assert shape.knows_python(CPP) == []
    planted = (
        "#include <pybind11/pybind11.h>",
        "#include <Python.h>",
        "PyErr_CheckSignals();",
        "py::dict d;",
    )
    for text in planted:
        assert shape.knows_python({"flow/jets.cpp": text, "bindings/flow.cpp": text}) == ["flow/jets.cpp"]


def test_no_name_stands_for_two_things() -> None:
    assert shape.twice(PYTHON, TWICE, PAIRS) == []
    assert shape.twice(CPP, CPP_TWICE) == []
    planted = {"data.py": "", "store/_data.py": "", "theory/__init__.py": "", "stats/__init__.py": ""}
    assert shape.twice(planted, {}) == ["data in ['.', 'store']"]
    assert shape.twice(planted, {}, [{".", "store"}]) == []
    assert shape.twice(planted, {"data": "the same", "grid": "gone"}) == ["grid: allowed twice, stands once"]


def test_no_type_is_defined_twice() -> None:
    assert shape.types_twice(CPP) == []
    body = "namespace pl {\nstruct Cell {\n  int a; struct Part {};\n};\nenum class Kind : int { kA };\n}\n"
    hidden = "namespace pl {\nnamespace {\nstruct Cell {};\n}\nint f() { struct Kind {}; return 0; }\n}\n"
    planted = {"flow/a.hpp": body, "proof/b.cpp": hidden, "kernel/c.inl": body}
    assert shape.types_twice(planted) == []
    assert shape.types_twice(planted | {"proof/d.hpp": "namespace pl {\nstruct Cell : A<B> {};\n}"}) == [
        "Cell in ['flow/a.hpp', 'proof/d.hpp']"
    ]


# the page


def order_of(page: str) -> list[list[str]]:
    """The indented lists of names under "The plan"."""
    section = page.partition("## The plan\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"(?:^    .*\n)+", section, re.M)
    return [[name.strip() for name in block.replace("\n", " ").strip(" ,").split(",")] for block in blocks]


def missing_from_disk(page: str) -> list[str]:
    """Files and folders of the project that a page names and that are not there."""
    named = set(
        re.findall(r"(?<![\w./-])((?:[\w-]+/)+(?:[\w-]+\.\w+)?|[\w-]+\.(?:py|md|hpp))(?![\w/])", page)
    )
    places = (ROOT, PACKAGE, ROOT / "cpp")
    bare = {Path(path).name for path in (*PYTHON, *CPP)}
    return sorted(name for name in named - bare if not any((place / name).exists() for place in places))


def test_the_plan_is_true() -> None:
    assert PLAN.count("\n") <= 100, "one page"
    hidden = {"_core", "__main__"}
    python, cpp = order_of(PLAN)
    assert python == [name for name in FOLDERS if name not in hidden]
    assert cpp == CPP_FOLDERS
    assert missing_from_disk(PLAN) == []
    gone = "`_run/gone.py`, `cpp/gone/`, `gone.py`"
    planted = f"## The plan\n\n    data, model,\n    store\n\n    flow\n\n{gone}\n## B\n    x\n"
    assert order_of(planted) == [["data", "model", "store"], ["flow"]]
    assert missing_from_disk(planted) == ["_run/gone.py", "cpp/gone/", "gone.py"]


# sizes


def test_files_are_small() -> None:
    assert shape.too_long(PYTHON) == []
    assert shape.too_long(CPP) == []
    assert shape.too_long(shape.tree_of(ROOT / "tests", ".py", ".hpp", ".cpp")) == []
    assert shape.too_long(shape.tree_of(ROOT / "bench", ".py")) == []
    assert shape.too_long({"flow/jets.cpp": "\n" * 300, "data.py": "\n" * 301}) == ["data.py: 301 lines"]


def test_functions_are_small() -> None:
    assert shape.large_functions(PYTHON) == []
    body = "    x = 1\n" * shape.LINES_OF_A_FUNCTION
    planted = {"data.py": f"class A:\n  def f():\n    '''{body}'''\n  def g():\n{body}  def h():\n    pass\n"}
    assert [place.split(":")[2] for place in shape.large_functions(planted)] == [" 51 lines"]


CPP_PLANTED = """
#define EACH(x) do { \\
  x; } while (0)
namespace pl {
template <class Real>
struct Point {
    explicit Point(int n) : n_{n}, text_("}") {
        BODY
    }
    bool operator==(const Point& other) const { return n_ == other.n_; }
    int n_ = 0;  // {
};
const int table[] = {
    f(1),
    BODY
};
}  // namespace pl
"""


def test_cpp_functions_are_small() -> None:
    assert shape.large_cpp_functions(CPP) == []
    long = CPP_PLANTED.replace("BODY", "x({1});\n" * shape.LINES_OF_A_FUNCTION, 1).replace(
        "BODY", "0,\n" * 99
    )
    assert shape.large_cpp_functions({"a.hpp": CPP_PLANTED}) == []
    assert shape.large_cpp_functions({"a.hpp": long}) == ["a.hpp:7: 53 lines"]


def test_argument_lists_are_short() -> None:
    """At most eight; `simulate`, which the design fixes, and what checks its options excepted."""
    assert shape.many_arguments(PYTHON, ("simulate", "checked_options")) == []
    planted = {"data.py": "def f(a, b, c, /, d, e, *, g, h, i, j): ...\ndef k(a, b, c, d, e, f, g, h): ..."}
    assert shape.many_arguments(planted, ()) == ["data.py:1 f"]
    assert shape.many_arguments(planted, ("f", "k")) == ["k"]


def test_what_is_public_says_what_it_does() -> None:
    assert shape.silent(PYTHON) == []
    body = "    a = 1\n" * 5
    planted = {
        "data.py": f"'''D.'''\ndef f():\n{body}    def inner():\n    {body}\ndef _g():\n{body}",
        "_run/task.py": f"def f():\n{body}",
        "model.py": f"'''M.'''\nclass A:\n  def f():\n{body}\nclass _B:\n  def f():\n{body}",
    }
    assert shape.silent(planted) == ["_run/task.py", "data.py:2 f", "model.py:3 f"]


# the package as it is imported


def loaded_besides(code: str) -> list[str]:
    """Packages, other than NumPy's and the standard library's, that a process has loaded after `code`."""
    script = (
        f"import sys\nimport numpy, numpy.random, numpy.linalg\nbefore = set(sys.modules)\n{code}\n"
        "roots = {name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)\n"
        "print(*sorted(roots - {'pl_native', 'numpy', '_distutils_hack'}))"
    )
    env = {"PYTHONPATH": str(PACKAGE.parent)}
    run = [sys.executable, "-c", script]
    return subprocess.run(run, capture_output=True, text=True, env=env, check=True).stdout.split()


def test_importing_loads_numpy_and_the_standard_library_only() -> None:
    assert loaded_besides("import pl_native") == []
    assert loaded_besides("import pytest")[-1] == "pytest"


def badly_listed(module: ModuleType | SimpleNamespace) -> list[str]:
    """What is wrong with `__all__`: the order, names that are not there, functions and classes left out."""
    listed = list(module.__all__)
    own = {name for name, value in vars(module).items() if callable(value) and not name.startswith("_")}
    absent = [name for name in listed if getattr(module, name, None) is None]
    return [*(["order"] if listed != sorted(set(listed)) else []), *absent, *sorted(own - set(listed))]


def test_public_names() -> None:
    assert badly_listed(pl_native) == []
    planted = SimpleNamespace(__all__=["simulate", "data", "gone"], data=1, simulate=len, reduce=len)
    assert badly_listed(planted) == ["order", "gone", "reduce"]


@pytest.mark.parametrize("file", ["py.typed", "_core.pyi"])
def test_the_package_is_typed(file: str) -> None:
    assert (PACKAGE / file).exists()
