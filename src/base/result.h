// Result<T>: a value, or the reason there is none. The project's one way to report a failure.
//
// Whatever can go wrong outside the program (a bad request, a missing object, a full disk, a series that
// cannot be fitted) comes back as an Error inside a Result. What can only go wrong through a mistake of
// ours (a null reference, an index past the end) is CHILIAD_CHECK's business (base/check.h) and ends the
// process. Nothing here throws; a library that throws is wrapped by the one file that calls it.
//
// Thread safety: values; no shared state.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace chiliad {

// Each code stands for one thing the caller can do next. net/ gives each one HTTP status.
enum class ErrorCode : std::uint8_t {
  kInvalid,       // The input can never work: change it.                        400
  kNotFound,      // There is no such thing.                                     404
  kConflict,      // It exists already, or somebody changed it meanwhile.        409
  kTooLarge,      // Over a configured limit, now and always.                    413
  kNotConverged,  // A numeric method gave up; there is no usable result.        422
  kForbidden,     // Known, and refused: credentials or permissions.             403
  kUnavailable,   // May work after a pause.                                     503
  kDeadline,      // The caller's time is used up.                               504
  kNoSpace,       // Memory or disk is full now; make room and try again.        507
  kCorrupt,       // Stored bytes are damaged or not what they claim to be.      500
};

// The code's lower-case name ("not_found"), as reports and JSON answers print it.
std::string_view error_code_name(ErrorCode code);

struct Error {
  ErrorCode code;
  // One line for the person who repairs it, outermost context first, no final stop:
  // "load model 17.tar.gz: model.json: 'y_scale': expected a number, found a string".
  std::string message;

  // The same error with one more level of context in front.
  [[nodiscard]] Error in(std::string_view context) && {
    message.insert(0, ": ");
    message.insert(0, context);
    return std::move(*this);
  }
};

// The two that most code reports.
inline Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }
inline Error corrupt(std::string message) { return {ErrorCode::kCorrupt, std::move(message)}; }

// Success that carries nothing: `return Done{};`.
using Done = std::monostate;

// Either a T or an Error.
//
//   Result<Rows> rows = read(path);
//   if (!rows) return std::move(rows).error().in("split");
//   use(*rows);
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }

  // Requires: *this holds a value.
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  // A value, not a reference: `for (auto& x : *read(path))` must not look at what is gone.
  T operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  // Requires: *this holds an Error.
  const Error& error() const& { return std::get<1>(state_); }
  Error error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace chiliad
