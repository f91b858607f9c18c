#include "runtime/python_package.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"

namespace chiliad::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kWheelBytes = std::uint64_t{256} << 20;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

struct WheelName {
  std::string_view version, python, abi;
};

// {distribution}-{version}(-{build})?-{python}-{abi}-{platform}.whl
std::optional<WheelName> read_wheel_name(std::string_view file_name) {
  constexpr std::string_view kEnd = ".whl";
  if (!file_name.ends_with(kEnd)) return std::nullopt;
  file_name.remove_suffix(kEnd.size());
  const std::vector<std::string_view> parts = split(file_name, '-');
  if ((parts.size() != 5 && parts.size() != 6) || parts[0] != "chiliad") return std::nullopt;
  return WheelName{parts[1], parts[parts.size() - 3], parts[parts.size() - 2]};
}

// "0.10.2" after "0.9": part by part as numbers, else as text.
bool is_older(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> left = split(a, '.'), right = split(b, '.');
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const std::optional<int> x = number(left[i]), y = number(right[i]);
    if (x && y ? *x != *y : left[i] != right[i]) return x && y ? *x < *y : left[i] < right[i];
  }
  return left.size() < right.size();
}

// The wheels of a place, whatever they fit.
std::vector<fs::path> wheels_of(const fs::path& place) {
  std::vector<fs::path> wheels;
  std::error_code error;
  if (fs::is_regular_file(place, error)) wheels.push_back(place);
  if (!fs::is_directory(place, error)) return wheels;
  for (fs::directory_iterator at(place, error), end; !error && at != end; at.increment(error)) {
    std::error_code failure;
    if (read_wheel_name(at->path().filename().string()) && at->is_regular_file(failure)) wheels.push_back(at->path());
  }
  std::ranges::sort(wheels);
  return wheels;
}

Error none_fits(std::span<const fs::path> places, const Interpreter& interpreter,
                const std::vector<std::string>& seen) {
  std::vector<std::string> names;
  for (const fs::path& place : places) names.push_back(place.string());
  return Error{ErrorCode::kNotFound,
               fmt::format("{}=1: no wheel of the package chiliad for Python {} ({}) in {}{}; "
                           "`{} -m pip wheel --no-deps -w FOLDER .` in chiliad's source makes one, `chiliad up "
                           "--python-package FOLDER` takes it from elsewhere",
                           kAccelerate, interpreter.version, interpreter.path,
                           names.empty() ? "any place" : fmt::format("{}", fmt::join(names, ", ")),
                           seen.empty() ? "" : fmt::format(" (there: {})", fmt::join(seen, ", ")), interpreter.path)};
}

}  // namespace

bool is_accelerated(const Entry& entry, const std::map<std::string, std::string>& environment) {
  for (const std::map<std::string, std::string>* variables : {&environment, &entry.environment}) {
    if (const auto found = variables->find(std::string(kAccelerate)); found != variables->end())
      return found->second == "1";
  }
  return false;
}

bool wheel_fits(std::string_view file_name, std::string_view python_version) {
  const std::optional<WheelName> name = read_wheel_name(file_name);
  const std::vector<std::string_view> version = split(python_version, '.');
  if (!name || version.size() < 2) return false;
  const std::optional<int> major = number(version[0]), minor = number(version[1]);
  if (!major || !minor) return false;
  const std::string own = fmt::format("cp{}{}", *major, *minor), any = fmt::format("py{}", *major);
  const std::vector<std::string_view> abis = split(name->abi, '.');
  const bool stable = std::ranges::find(abis, std::string_view("abi3")) != abis.end();
  return std::ranges::any_of(split(name->python, '.'), [&](std::string_view tag) {
    if (tag == own || tag == any) return true;
    // The stable interface: of this minor version or an earlier one.
    const std::string prefix = fmt::format("cp{}", *major);
    if (!stable || !tag.starts_with(prefix)) return false;
    const std::optional<int> least = number(tag.substr(prefix.size()));
    return least && *least <= *minor;
  });
}

Result<PythonPackage> find_python_package(std::span<const fs::path> places, const Interpreter& interpreter) {
  std::vector<std::string> seen;
  for (const fs::path& place : places) {
    std::optional<fs::path> best;
    for (const fs::path& wheel : wheels_of(place)) {
      const std::string name = wheel.filename().string();
      if (!wheel_fits(name, interpreter.version)) {
        seen.push_back(name);
      } else if (!best ||
                 !is_older(read_wheel_name(name)->version, read_wheel_name(best->filename().string())->version)) {
        best = wheel;
      }
    }
    if (!best) continue;
    Result<std::string> bytes = read_file(*best, kWheelBytes);
    if (!bytes) return std::move(bytes).error();
    return PythonPackage{best->filename().string(), *std::move(bytes)};
  }
  return none_fits(places, interpreter, seen);
}

}  // namespace chiliad::runtime
