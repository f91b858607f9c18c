#!/usr/bin/env python3
"""Checks that each #include "folder/..." in src/ goes to a folder that src/LAYERS allows, and that LAYERS has no upward edge."""
import pathlib
import re
import sys


def read_layers(path):
    allowed = {}
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        folder, _, names = line.partition(":")
        unknown = [name for name in names.split() if name not in allowed]
        if unknown:
            sys.exit(f"{path}: {folder} may not include {unknown}: not above it in the file")
        allowed[folder] = set(names.split())
    return allowed


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    allowed = read_layers(root / "src" / "LAYERS")
    problems = []
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        folder = path.relative_to(root / "src").parts[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include "([a-z_]+)/', line)
            if match and match[1] != folder and match[1] not in allowed.get(folder, set()):
                problems.append(f"{path.relative_to(root)}:{number}: {folder} may not include {match[1]}")
    print("\n".join(problems) if problems else f"layers: {len(allowed)} folders, no edge that src/LAYERS does not allow")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
