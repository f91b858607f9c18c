// Members: what an operation needs of a JSON request, read and checked; the first thing that is wrong is remembered.
//
//   Members in(input);
//   const std::string group = in.text("logGroupName", {.required = true, .max = 512});
//   const std::int64_t limit = in.integer("limit", {.min = 1, .max = 50}).value_or(50);
//   if (const Members::Problem* problem = in.problem()) return refuse(*problem);
//
// After a problem all further values are the empty ones. Thread safety: one thread at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/json.h"

namespace chiliad::watch {

class Members {
 public:
  enum class Kind : std::uint8_t { kMissing, kWrongType, kNotAllowed };
  struct Problem {
    Kind kind;
    std::string member;   // With the path before it: "MetricData.1.Value".
    std::string message;  // AWS's words where it has some.
  };
  struct Text {
    bool required = false;
    std::size_t min = 1;
    std::size_t max = 1'024;  // In bytes.
  };
  struct Number {
    bool required = false;
    std::int64_t min = INT64_MIN;
    std::int64_t max = INT64_MAX;
  };

  explicit Members(const aws::Json& object, std::string path = {}) : object_(object), path_(std::move(path)) {}

  // Empty when it is not there.
  std::string text(std::string_view name, const Text& rule);
  std::optional<std::int64_t> integer(std::string_view name, const Number& rule);
  // Any JSON number; not finite ones cannot be written in JSON.
  std::optional<double> number(std::string_view name, bool required);
  bool boolean(std::string_view name);
  // Null when it is not there (or empty, if it has to be there).
  const aws::Json::array_t* list(std::string_view name, bool required, std::size_t max);
  // Null when it is not there.
  const aws::Json* object(std::string_view name, bool required);
  std::vector<std::string> texts(std::string_view name, std::size_t max, const Text& rule);

  void refuse(Kind kind, std::string_view member, std::string message);
  // Takes over what another object found.
  void take(const Members& inner);
  const Problem* problem() const { return problem_ ? &*problem_ : nullptr; }
  std::string path_of(std::string_view name) const;

 private:
  const aws::Json* find(std::string_view name, bool required);

  const aws::Json& object_;
  std::string path_;
  std::optional<Problem> problem_;
};

}  // namespace chiliad::watch
