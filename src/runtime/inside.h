// Where the parts of an environment lie in a box, and how a box over them is put together. runtime/python_environment.h
// has the picture.
//
// Thread safety: constants and pure functions but for files that are written.

#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::runtime {

inline constexpr std::string_view kOwnInside = "/opt/chiliad/env";
inline constexpr std::string_view kLayerInside = "/opt/chiliad/layer";
inline constexpr std::string_view kAcceleratedInside = "/opt/chiliad/accelerated";
inline constexpr std::string_view kBaseInside = "/opt/chiliad/base";
inline constexpr std::string_view kShippedInside = "/opt/chiliad/python";
inline constexpr std::string_view kConstraintsInside = "/opt/chiliad/constraints.txt";
inline constexpr std::string_view kRequirementsInside = "/opt/chiliad/requirements.txt";
inline constexpr std::string_view kWheelsInside = "/opt/chiliad/wheels";
inline constexpr std::string_view kPipCacheInside = "/opt/chiliad/pip-cache";

// An interpreter as a box has it.
struct Interpreter {
  std::string path;     // "/usr/bin/python3"
  std::string version;  // "3.11.2"

  // "python3.11": the name of the folder of modules below lib/.
  std::string short_name() const;
  // "<prefix>/lib/python3.11/site-packages"
  std::string modules_below(std::string_view prefix) const;
};

// Makes a virtual environment in `folder` (of the host; made if missing) that lies at kOwnInside in its box: links to
// the interpreter, pyvenv.cfg, and a .pth file that goes on in the modules of `below`, in this order. It has no pip of
// its own: the one below works on it. Errors: as base/file.h.
Result<Done> make_virtual_environment(const std::filesystem::path& folder, const Interpreter& interpreter,
                                      std::span<const std::string_view> below);

}  // namespace chiliad::runtime
