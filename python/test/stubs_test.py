"""The type stubs say of each public module what is there."""
import ast
import importlib
import inspect
import pathlib

import pytest

import chiliad

STUBS = sorted(pathlib.Path(chiliad.__file__).parent.glob("*.pyi"))
EMPTY = inspect.Parameter.empty


def parameters_of(function):
    """[(name, default)] of a stub's function; default: its value, or nothing where there is none."""
    arguments = function.args
    positional = arguments.posonlyargs + arguments.args
    defaults = [EMPTY] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    pairs = list(zip(positional, defaults)) + list(zip(arguments.kwonlyargs, arguments.kw_defaults))
    return [(one.arg, EMPTY if default is EMPTY or default is None else ast.literal_eval(default)) for one, default in pairs]


def is_static(function):
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)


def compare(told, function, runtime):
    """A parameter that the runtime has not, or that it gives another default."""
    there = {name: p.default for name, p in inspect.signature(runtime).parameters.items()}
    takes_more = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(runtime).parameters.values())
    for name, default in parameters_of(function):
        assert name in there or takes_more, f"{told}: no parameter {name}"
        if name in there:
            assert there[name] == default, f"{told}({name}): the default is {there[name]}, not {default}"
    required = [name for name, p in inspect.signature(runtime).parameters.items()
                if p.default is EMPTY and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    assert set(required) <= {name for name, _ in parameters_of(function)}, told


@pytest.mark.parametrize("path", [path for path in STUBS if path.stem != "_engine"], ids=lambda path: path.stem)
def test_a_stub_has_the_functions_and_arguments_of_its_module(path):
    module = importlib.import_module(f"chiliad.{path.stem}")
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            compare(node.name, node, getattr(module, node.name))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            of = getattr(module, node.name)
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    assert isinstance(inspect.getattr_static(of, method.name), staticmethod) == is_static(method), method.name
                    compare(f"{node.name}.{method.name}", method, getattr(of, method.name))


@pytest.mark.parametrize("name", ["diagnostics", "fleet", "fleet_refresh", "forecaster", "make_holidays", "metrics", "plot", "serialize",
                                  "utilities"])
def test_nothing_public_is_left_out_of_a_stub(name):
    path = next(path for path in STUBS if path.stem == name)
    stub, module = ast.parse(path.read_text()), importlib.import_module(f"chiliad.{name}")
    told = {node.name for node in stub.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for function, value in vars(module).items():
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not function.startswith("_"):
            assert function in told or function in INTERNAL, f"{name}.{function}"
    if name == "forecaster":
        members = {node.name for node in ast.walk(stub) if isinstance(node, ast.FunctionDef)}
        attributes = {node.target.id for node in ast.walk(stub) if isinstance(node, ast.AnnAssign)}
        assert {method for method in vars(chiliad.Prophet) if not method.startswith("_")} <= members
        assert {attribute for attribute in vars(chiliad.Prophet()) if not attribute.startswith("_")} <= attributes


# Of the package's own use.
INTERNAL = {"series_of", "fit_series", "known_rows", "no_history", "holiday_days"}
