// Model and ModelSource: what the cache keeps, and where it comes from.
//
// Two implementations of each: forecasting models out of an object store (store_source.h), and the tests' own, which
// count, wait and fail as they are told.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::serve {

struct Invocation;

// A model that answers. Immutable to its callers.
class Model {
 public:
  virtual ~Model() = default;

  // Appends the answer's body to `out`; after an error `out` may hold a part of it.
  // Errors: kInvalid for what the model cannot do; kTooLarge.
  virtual Result<Done> answer(const Invocation& invocation, std::string& out) const = 0;

  // Whether the answer is too much work for a thread that others wait for.
  virtual bool is_heavy(const Invocation& invocation) const = 0;

  // Memory it holds, in bytes: an upper bound that never grows while the model lives.
  virtual std::uint64_t memory_bytes() const = 0;
};

class ModelSource {
 public:
  struct Stored {
    std::string bytes;
    std::string version;  // Differs whenever the bytes do: an ETag.
  };

  virtual ~ModelSource() = default;

  // Whether fetch() reads this machine's disk: then a copy in the disk tier would gain nothing.
  virtual bool local() const = 0;

  // The stored bytes of a model; with `keep_at`, left in that new file too.
  // Errors: kNotFound; kTooLarge; kNoSpace when the file cannot be written; kUnavailable, kForbidden, kDeadline.
  virtual Result<Stored> fetch(std::string_view name, const std::optional<std::filesystem::path>& keep_at,
                               Deadline deadline) = 0;

  // Errors: kCorrupt for a damaged or hostile archive; kTooLarge; kInvalid for a model this program cannot run.
  virtual Result<std::unique_ptr<const Model>> load(std::string_view name, std::string_view bytes) = 0;
};

}  // namespace chiliad::serve
