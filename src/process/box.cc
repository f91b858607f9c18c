#include "process/box.h"

#include <fmt/format.h>

#include <chrono>

#include "base/file.h"
#include "process/lifeline.h"

namespace chiliad::process {
namespace {

constexpr std::chrono::minutes kEndOfTrial{1};

std::string bytes_in_words(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace

std::string words_of(const Exceeded& exceeded) {
  switch (exceeded.limit) {
    case Exceeded::Limit::kMemory:
      return fmt::format("it used {} of memory, {} are allowed", bytes_in_words(exceeded.used),
                         bytes_in_words(exceeded.allowed));
    case Exceeded::Limit::kDisk:
      if (exceeded.used == ~std::uint64_t{0}) return "its folders are nested deeper than can be counted";
      return fmt::format("it used {} of disk, {} are allowed", bytes_in_words(exceeded.used),
                         bytes_in_words(exceeded.allowed));
    case Exceeded::Limit::kProcesses:
      return fmt::format("it ran {} processes and threads, {} are allowed", exceeded.used, exceeded.allowed);
  }
  return "";
}

Result<Done> trial_box(const StartBox& start, std::string_view needs) {
  Result<TempFolder> folder = TempFolder::make();
  if (!folder) return std::move(folder).error();
  Box box;
  box.command = {"true"};
  box.environment = {"PATH=/usr/bin:/bin"};
  box.scratch = folder->path();
  Result<std::unique_ptr<BoxedProcess>> process = start(box);
  if (!process) return Error{ErrorCode::kUnavailable, fmt::format("{}; {}", process.error().message, needs)};
  readable_before((*process)->ended(), std::chrono::steady_clock::now() + kEndOfTrial);
  const std::optional<Exit> exit = (*process)->exit();
  if (!exit || exit->code != 0)
    return Error{ErrorCode::kUnavailable, fmt::format("a box with the program 'true' does not end well; {}", needs)};
  return Done{};
}

}  // namespace chiliad::process
