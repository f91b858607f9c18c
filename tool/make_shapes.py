#!/usr/bin/env python3
"""Writes src/control/shapes_generated.cc: the tables of src/control/shapes.h, from botocore's model of SageMaker.

    .venv/test/bin/python tool/make_shapes.py [--check]

--check compares with the file that is there and writes nothing. An operation is added here and in src/control.
"""
import argparse
import gzip
import json
import pathlib
import re
import sys

OPERATIONS = """
    CreateProcessingJob DescribeProcessingJob ListProcessingJobs StopProcessingJob DeleteProcessingJob
    CreateTrainingJob DescribeTrainingJob ListTrainingJobs StopTrainingJob DeleteTrainingJob UpdateTrainingJob
    CreateTransformJob DescribeTransformJob ListTransformJobs StopTransformJob
    CreateModel DescribeModel ListModels DeleteModel
    CreateEndpointConfig DescribeEndpointConfig ListEndpointConfigs DeleteEndpointConfig
    CreateEndpoint DescribeEndpoint ListEndpoints DeleteEndpoint UpdateEndpoint UpdateEndpointWeightsAndCapacities
    AddTags ListTags DeleteTags
""".split()

# What is accepted here beyond the model: records of the objects dealt over the instances.
EXTRA_ENUMERATORS = {
    "S3DataDistribution": ["ShardedByRecord"],
    "ProcessingS3DataDistributionType": ["ShardedByRecord"],
}

KINDS = {"structure": "kStructure", "string": "kString", "list": "kList", "map": "kMap", "integer": "kInteger",
         "long": "kInteger", "float": "kFloat", "double": "kFloat", "boolean": "kBoolean", "timestamp": "kTimestamp"}

TARGET = pathlib.Path(__file__).resolve().parent.parent / "src" / "control" / "shapes_generated.cc"

# RE2 has no look-around: (model's text, text without it, what must not match).
LOOK_AROUND = [
    (r"(?!\s*$).+", r".+", r"\s*"),
    (r"/(?!.*\.\.)[a-zA-Z0-9/_.\-]+", r"/[a-zA-Z0-9/_.\-]+", r"/.*\.\..*"),
]
# "A name that does not end in '-'", within a longer pattern.
NO_LAST_DASH = (r"([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)", r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)")
# UTF-16's surrogates stand for the characters beyond U+FFFF.
SURROGATES = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}")
RE2_MAX_REPEAT = 1000


def read_model():
    import botocore
    folder = pathlib.Path(botocore.__file__).parent / "data" / "sagemaker" / "2017-07-24"
    for name, opener in (("service-2.json.gz", gzip.open), ("service-2.json", open)):
        if (folder / name).exists():
            with opener(folder / name, "rt", encoding="utf-8") as file:
                return json.load(file), botocore.__version__
    raise SystemExit(f"{folder}: no service-2.json: this botocore holds no model of SageMaker")


def re2_of(text, longest):
    """(pattern in RE2's language, forbidden pattern). Fails on what it does not know how to say."""
    pattern, forbidden = text, ""
    for model, without, must_not in LOOK_AROUND:
        if pattern == model:
            pattern, forbidden = without, must_not
    pattern = pattern.replace(*NO_LAST_DASH).replace(*SURROGATES)
    pattern = re.sub(r"\\u([0-9A-F]{4})", r"\\x{\1}", pattern).replace(r"\p{Alnum}", "[:alnum:]")
    if "[:alnum:]" in pattern and "[[:alnum:]" not in pattern:
        raise SystemExit(f"pattern {text!r}: a POSIX class outside of brackets")
    if re.search(r"\(\?[!=<]|\\[bBGZ\d]", pattern):
        raise SystemExit(f"pattern {text!r}: RE2 has no such thing; say it otherwise in tool/make_shapes.py")

    def unbounded(match):
        low, high = int(match[1]), int(match[2])
        if high <= RE2_MAX_REPEAT:
            return match[0]
        if low > 1 or longest is None or longest > high + 1:
            raise SystemExit(f"pattern {text!r}: its length is bounded by the pattern alone, above what RE2 repeats")
        return "*" if low == 0 else "+"  # The shape's own length says the rest.

    return re.sub(r"\{(\d+),(\d+)\}", unbounded, pattern), forbidden


class Tables:
    def __init__(self, model):
        self.model = model["shapes"]
        self.indexes = {}
        self.shapes, self.members, self.enumerators, self.patterns = [], [], [], []

    def pattern(self, shape):
        text = shape.get("pattern")
        if text is None:
            return "kNoPattern"
        text = text.removeprefix("^").removesuffix("$")
        entry = (text, *re2_of(text, shape.get("max")))
        if entry not in self.patterns:
            self.patterns.append(entry)
        return self.patterns.index(entry)

    def add(self, name):
        """The index of a shape, with all that it reaches."""
        if name in self.indexes:
            return self.indexes[name]
        index = self.indexes[name] = len(self.shapes)
        self.shapes.append(None)
        shape = self.model[name]
        kind = shape["type"]
        row = dict(name=name, kind=KINDS[kind], first=0, count=0, element="kNoShape", key="kNoShape",
                   pattern="kNoPattern", min=shape.get("min"), max=shape.get("max"))
        if kind == "integer":  # 32 bits, as on AWS.
            row["min"], row["max"] = shape.get("min", -2**31), shape.get("max", 2**31 - 1)
        if kind == "structure":
            required = set(shape.get("required", []))
            reached = [(member, self.add(target["shape"]), member in required)
                       for member, target in shape["members"].items()]
            row["first"], row["count"] = len(self.members), len(reached)
            self.members += reached
        elif kind == "list":
            row["element"] = self.add(shape["member"]["shape"])
        elif kind == "map":
            row["key"], row["element"] = self.add(shape["key"]["shape"]), self.add(shape["value"]["shape"])
        elif kind == "string":
            values = shape.get("enum", []) + EXTRA_ENUMERATORS.get(name, [])
            row["first"], row["count"] = len(self.enumerators), len(values)
            self.enumerators += values
            row["pattern"] = self.pattern(shape)
        self.shapes[index] = row
        return index


def quoted(text):
    return json.dumps(text)


def wrapped(items, indent="    ", width=120):
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    return "\n".join(lines + [line.rstrip()])


def bound(value, otherwise):
    return otherwise if value is None else str(value)


def generate(model, version):
    tables = Tables(model)
    unknown = sorted(set(OPERATIONS) - set(model["operations"]))
    if unknown:
        raise SystemExit(f"the model has no operation {', '.join(unknown)}")
    operations = []
    for name in sorted(OPERATIONS):
        operation = model["operations"][name]
        output = str(tables.add(operation["output"]["shape"])) if "output" in operation else "kNoShape"
        operations.append(f"{{{quoted(name)}, {tables.add(operation['input']['shape'])}, {output}}}")
    shapes = [f"    {{Kind::{s['kind']}, {s['first']}, {s['count']}, {s['element']}, {s['key']}, {s['pattern']}, "
              f"{bound(s['min'], 'kNoMin')}, {bound(s['max'], 'kNoMax')}}},  // {i}: {s['name']}"
              for i, s in enumerate(tables.shapes)]
    members = [f"{{{quoted(name)}, {shape}, {'true' if required else 'false'}}}"
               for name, shape, required in tables.members]
    patterns = [f"    {{{', '.join(map(quoted, entry))}}}," for entry in tables.patterns]
    others = sorted(set(model["operations"]) - set(OPERATIONS))
    return f"""// Written by tool/make_shapes.py from botocore {version}: change the script, not this file.
// One table a kind of thing: the length of this file is the length of the model.
// clang-format off

#include "control/shapes.h"

namespace chiliad::control {{
namespace {{

using Kind = Shape::Kind;
constexpr std::int64_t kNoMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNoMax = std::numeric_limits<std::int64_t>::max();

constexpr Operation kOperations[] = {{
{wrapped(operations)}
}};

constexpr Shape kShapes[] = {{
{chr(10).join(shapes)}
}};

constexpr Member kMembers[] = {{
{wrapped(members)}
}};

constexpr std::string_view kEnumerators[] = {{
{wrapped(map(quoted, tables.enumerators))}
}};

constexpr Pattern kPatterns[] = {{
{chr(10).join(patterns)}
}};

constexpr std::string_view kOtherOperations[] = {{
{wrapped(map(quoted, others))}
}};

}}  // namespace

std::span<const Shape> shapes() {{ return kShapes; }}
std::span<const Member> all_members() {{ return kMembers; }}
std::span<const std::string_view> all_enumerators() {{ return kEnumerators; }}
std::span<const Pattern> patterns() {{ return kPatterns; }}
std::span<const Operation> operations() {{ return kOperations; }}
std::span<const std::string_view> other_operations() {{ return kOtherOperations; }}

}}  // namespace chiliad::control
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    text = generate(*read_model())
    if arguments.check:
        if TARGET.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{TARGET} is not what botocore {read_model()[1]} gives: run tool/make_shapes.py")
        return
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
