// PythonPackage: the wheel of chiliad's own Python package that programs of users get where CHILIAD_ACCELERATE is 1.
//
//     places: <home>/wheels, the folder beside the binary, ...  --> chiliad-0.1.0-cp311-cp311-linux_x86_64.whl
//     its bytes                                                 --> the key of the environment that holds it
//
// With it, a script that says `from prophet import Prophet` runs on this engine, unedited (doc/python.md).
//
// Source: PEP 425 (tags of wheels), PEP 427 (their names).
//
// Thread safety: pure functions but for files that are read.

#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/catalog.h"
#include "runtime/inside.h"

namespace chiliad::runtime {

// The variable that asks for it: "1", as the package itself reads it.
inline constexpr std::string_view kAccelerate = "CHILIAD_ACCELERATE";

// Whether a program of the entry is to run accelerated: what the job's or model's environment says, else the entry's.
bool is_accelerated(const Entry& entry, const std::map<std::string, std::string>& environment);

// Whether a file of this name is a wheel of the package for this version of CPython ("3.11.2"). Its platform is left to
// pip.
bool wheel_fits(std::string_view file_name, std::string_view python_version);

struct PythonPackage {
  std::string file_name;  // "chiliad-0.1.0-cp311-cp311-linux_x86_64.whl": pip reads the tags in it.
  std::string bytes;
};

// The wheel for an interpreter out of the first place that has one; of several there the highest version. A place is a
// wheel or a folder of wheels; one that is not there is passed over.
// Errors: kNotFound: none fits: the message names the places and the wheels that do not fit; as base/file.h.
Result<PythonPackage> find_python_package(std::span<const std::filesystem::path> places,
                                          const Interpreter& interpreter);

}  // namespace chiliad::runtime
