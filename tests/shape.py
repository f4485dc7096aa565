"""What the sources must look like: checks of a tree of files, each of which returns the faults it finds.

A tree is a dictionary of texts by path, relative to the root of the package or of cpp/, so that a fault can
be planted without touching the disk. `test_architecture` runs each check on the sources and on a planted one.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

Tree = Mapping[str, str]

parsed = functools.cache(ast.parse)

LINES_OF_A_FILE, LINES_OF_A_FUNCTION, ARGUMENTS = 300, 50, 8


def tree_of(root: Path, *endings: str) -> dict[str, str]:
    """All files under `root` with one of these endings."""
    paths = sorted(path for path in root.rglob("*") if path.suffix in endings)
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def folder_of(path: str) -> str:
    """The folder directly below the root that holds a file, or the file's own name without its ending."""
    first = PurePosixPath(path).parts[0]
    return first.removesuffix(".py")


def too_long(tree: Tree) -> list[str]:
    """Files of more than 300 lines."""
    sizes = {path: text.count("\n") for path, text in tree.items()}
    return [f"{path}: {size} lines" for path, size in sizes.items() if size > LINES_OF_A_FILE]


def twice(tree: Tree, allowed: Mapping[str, object], pairs: Iterable[set[str]] = ()) -> list[str]:
    """Names of files that stand in two folders, and names in `allowed` (with the reason) that do not.

    `pairs` are folders of which one has, under the same name, what belongs to a file of the other.
    """
    places: dict[str, set[str]] = {}
    for path in map(PurePosixPath, tree):
        if not path.stem.startswith("__"):
            places.setdefault(path.stem.strip("_"), set()).add(str(path.parent))
    found = {name: folders for name, folders in places.items() if len(folders) > 1 and folders not in pairs}
    return [f"{name} in {sorted(found[name])}" for name in sorted(found.keys() - allowed.keys())] + [
        f"{name}: allowed twice, stands once" for name in sorted(allowed.keys() - found.keys())
    ]


def circles(edges: Mapping[str, set[str]]) -> list[str]:
    """Circles among the nodes of a graph, each once, by depth-first search."""
    found, done = [], set()

    def visit(node: str, above: tuple[str, ...]) -> None:
        if node in above:
            found.append(" -> ".join((*above[above.index(node) :], node)))
        elif node not in done:
            for other in sorted(edges.get(node, ())):
                visit(other, (*above, node))
            done.add(node)

    for node in sorted(edges):
        visit(node, ())
    return found


def wrong_way(edges: Mapping[str, set[str]], order: list[str], group: Callable[[str], str]) -> list[str]:
    """Edges that do not lead to the left in `order` nor stay in one group; groups that it does not hold.

    Names joined by "/" in `order` stand beside each other: none may use another.
    """
    rank = {name: i for i, names in enumerate(order) for name in names.split("/")}
    nodes = {group(node) for node in edges} | {group(other) for others in edges.values() for other in others}
    unknown = [f"{name}: has no place in the order" for name in sorted(nodes - rank.keys())]
    absent = [f"{name}: in the order, not in the tree" for name in sorted(rank.keys() - nodes)]
    return (
        unknown
        + absent
        + [
            f"{node} uses {other}"
            for node, others in edges.items()
            for other in sorted(others)
            if group(node) != group(other)
            and {group(node), group(other)} <= rank.keys()
            and rank[group(other)] >= rank[group(node)]
        ]
    )


# Python


def module_of(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(tree: Tree) -> dict[str, set[str]]:
    """For each module of the package, those that it imports, also inside functions and for typing only."""
    known = {module_of(path) for path in tree} | {"_core"}
    return {
        module_of(path): {found for _, found in _imported(text, known) if found in known}
        for path, text in tree.items()
        if path != "__init__.py"
    }


def imported_oddly(tree: Tree) -> list[str]:
    """Relative imports, `import pl_native.x`, and names taken from a module that does not exist."""
    known = {module_of(path) for path in tree} | {"_core"}
    return [
        f"{path}:{line}: {found}"
        for path, text in tree.items()
        if path != "__init__.py"
        for line, found in _imported(text, known)
        if found not in known
    ]


def _imported(text: str, known: set[str]) -> Iterator[tuple[int, str]]:
    """(line, module without "pl_native.") of each import of the package; what is not to be written, as is."""
    for node in _imports_and_calls(text):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("pl_native."):
                    yield node.lineno, f"import {alias.name}"
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "find_spec"):
            for given in node.args[:1]:
                if isinstance(given, ast.Constant) and str(given.value).startswith("pl_native."):
                    yield node.lineno, given.value.removeprefix("pl_native.")
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, f"relative import of {node.module}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pl_native":
            base = (node.module or "").removeprefix("pl_native").removeprefix(".")
            for alias in node.names:
                full = f"{base}.{alias.name}" if base else alias.name
                yield node.lineno, full if full in known else base or f"{alias.name} from pl_native"


@functools.cache  # most texts are looked at some ten times
def _imports_and_calls(text: str) -> list[ast.AST]:
    return [
        node for node in ast.walk(parsed(text)) if isinstance(node, (ast.Import, ast.ImportFrom, ast.Call))
    ]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def functions(tree: Tree) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """(place, function, whether users can reach it): those of modules, of classes and inside functions."""

    def inside(node: ast.AST, path: str, public: bool) -> Iterator[tuple[str, ast.FunctionDef, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                open_ = public and not child.name.startswith("_")
                yield f"{path}:{child.lineno} {child.name}", child, open_
                yield from inside(child, path, False)
            else:
                named = isinstance(child, ast.ClassDef)
                yield from inside(child, path, public and not (named and child.name.startswith("_")))

    for path, text in tree.items():
        hidden = any(part.startswith("_") and not part.startswith("__") for part in Path(path).parts)
        yield from inside(parsed(text), path, not hidden)


def code_lines(node: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    doc = node.body[0] if ast.get_docstring(node) is not None else None
    return node.end_lineno - node.lineno + 1 - (doc.end_lineno - doc.lineno + 1 if doc else 0)


def large_functions(tree: Tree) -> list[str]:
    """Functions of more than a screen."""
    sizes = [(place, code_lines(node)) for place, node, _ in functions(tree)]
    return [f"{place}: {size} lines" for place, size in sizes if size > LINES_OF_A_FUNCTION]


def many_arguments(tree: Tree, allowed: Iterable[str]) -> list[str]:
    """Functions of more than eight arguments, and names of `allowed` that need no exception."""
    long = {
        (place, node.name)
        for place, node, _ in functions(tree)
        if len(node.args.posonlyargs + node.args.args + node.args.kwonlyargs) > ARGUMENTS
    }
    needless = sorted(set(allowed) - {name for _, name in long})
    return [place for place, name in sorted(long) if name not in allowed] + needless


def silent(tree: Tree) -> list[str]:
    """Modules without a docstring, and functions for users that are longer than they are obvious."""
    modules = [path for path, text in tree.items() if ast.get_docstring(parsed(text)) is None]
    return modules + [
        place
        for place, node, public in functions(tree)
        if public and ast.get_docstring(node) is None and code_lines(node) > 4
    ]


# C++


def includes(tree: Tree) -> dict[str, set[str]]:
    """For each file, the project's files that it includes, by their path from cpp/."""
    return {path: set(re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M)) for path, text in tree.items()}


def included_oddly(tree: Tree) -> list[str]:
    """Includes of files that are not there under the path given, which is the one from cpp/."""
    return [
        f"{path}: {other}" for path, found in includes(tree).items() for other in found if other not in tree
    ]


def knows_python(tree: Tree) -> list[str]:
    """Files outside bindings/ that name Python or pybind11."""
    word = re.compile(r"\bpybind11\b|\bPython\.h\b|\bpy::|\bPy[A-Z_]\w*\(")
    return [path for path, text in tree.items() if folder_of(path) != "bindings" and word.search(text)]


def large_cpp_functions(tree: Tree) -> list[str]:
    """Functions of more than a screen, from the line of the opening brace to that of the closing one."""
    sizes = [(path, *found) for path, text in tree.items() for found in _cpp_bodies(text)]
    return [f"{path}:{line}: {size} lines" for path, line, size in sizes if size > LINES_OF_A_FUNCTION]


_NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S
)

_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
_BESIDE = re.compile(r"template\s*<[^{};]*?>\s*(?=\w|\n)|alignas\([^)]*\)|\[\[.*?\]\]")
_OPERATOR = re.compile(r"operator\W+|[<>=!]=")


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _cpp_bodies(text: str) -> Iterator[tuple[int, int]]:
    """(line, lines) of each function body: a brace that follows a parameter list, not inside another body.

    Namespaces, classes and enumerations are looked into; a brace that initialises is passed over.
    """
    code = _DIRECTIVE.sub(_blank, _NOT_CODE.sub(_blank, text))
    since, began, depth, is_body = 0, 0, 0, False  # depth: of braces from the one at `began` on
    for found in re.finditer(r"[{};]", code):
        at, sign = found.start(), found[0]
        if depth > 0:
            depth += {"{": 1, "}": -1, ";": 0}[sign]
            if depth == 0 and is_body:
                yield code.count("\n", 0, began) + 1, code.count("\n", began, at) + 1
        elif sign == "{":
            head = _BESIDE.sub("", code[since:at])
            initialises = "=" in _OPERATOR.sub("", head.rpartition(")")[2])
            if initialises or "(" in head:
                began, depth, is_body = at, 1, not initialises
        since = at + 1


_TYPE = re.compile(r"\b(?:struct|class|enum(?: class)?)\s+(\w+)[^()=]*$")


def types_twice(tree: Tree) -> list[str]:
    """Types of the one namespace that two files define: the linker takes the code of one for both.

    Not those of unnamed namespaces, nor of what a kernel is made of, which has a namespace for each level.
    """
    places: dict[str, set[str]] = {}
    for path, text in tree.items():
        if not (folder_of(path) == "kernel" and path.endswith(".inl")):
            for name in _types(text):
                places.setdefault(name, set()).add(path)
    return [f"{name} in {sorted(paths)}" for name, paths in sorted(places.items()) if len(paths) > 1]


def _types(text: str) -> Iterator[str]:
    """Names of the types that a file defines in a named namespace, not inside others."""
    code = _DIRECTIVE.sub(_blank, _NOT_CODE.sub(_blank, text))
    since, shared = 0, []  # of each open brace: whether what stands in it is seen by all files
    for found in re.finditer(r"[{};]", code):
        head, since = code[since : found.start()], found.end()
        if found[0] == "}":
            shared.pop()
        elif found[0] == "{":
            named = _TYPE.search(_BESIDE.sub("", head))
            if named and all(shared):
                yield named[1]
            shared.append(re.search(r"\bnamespace\s+\w+\s*$", head) is not None)
