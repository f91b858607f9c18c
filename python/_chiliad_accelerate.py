"""Makes `import prophet` import chiliad: chiliad.accelerate says what for. Apart from the package, whose import takes
half a second, because chiliad_accelerate.pth imports this at every start of the interpreter with CHILIAD_ACCELERATE=1."""
import importlib
import importlib.abc
import importlib.machinery
import sys

PACKAGES = ("prophet", "fbprophet")
MODULES = ("diagnostics", "forecaster", "make_holidays", "metrics", "models", "plot", "serialize", "utilities")
VERSION = "1.5.0"  # Whose interface it is.


class _Package(importlib.abc.Loader):
    """`prophet`: the names of chiliad, with Prophet's version."""

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        ours = importlib.import_module("chiliad")
        vars(module).update({name: getattr(ours, name) for name in ours.__all__})
        module.__doc__, module.__version__, module.__path__ = ours.__doc__, VERSION, []


class _Module(importlib.abc.Loader):
    """`prophet.diagnostics`: chiliad's module itself, so that what one replaces in it is replaced."""

    def __init__(self, module):
        self.module = module

    def create_module(self, spec):
        ours = importlib.import_module("chiliad." + self.module)
        self.spec = ours.__spec__
        return ours

    def exec_module(self, module):
        module.__spec__ = self.spec  # The import has put its own there.


class _Finder(importlib.abc.MetaPathFinder):
    """Answers for `prophet` before any installed one is found."""

    def find_spec(self, fullname, path=None, target=None):
        package, _, module = fullname.partition(".")
        if package not in PACKAGES or (module and module not in MODULES):
            return None
        return importlib.machinery.ModuleSpec(fullname, _Module(module) if module else _Package(), is_package=not module)


def install():
    """From now on `import prophet` imports chiliad. Twice does no harm; a prophet imported before stays what it is."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
