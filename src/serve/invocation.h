// What one call asks of a model, and how its JSON body is read.
//
//   {"period": 7}                                   the next 7 days after the model's last row
//   {"period": 48, "freq": "h"}                     the next 48 hours
//   {"ds": ["2023-01-01", 1672617600000]}           these moments (text, or milliseconds since 1970)
//   {"period": 2, "future": {"temp": [3.5, 4], "promo": true}}    with what the model needs beside the dates
//   {"period": 7, "samples": 100}                   100 futures instead of bounds
//   "{\"period\": 7}"                               a JSON string that holds the JSON: the answer is one too
//
// By field: doc/serving.md. Reading is strict: a field that is not known, given twice, of the wrong type or outside its
// range is an error that names it.
//
// Source: the notebook of the AWS post "Scale training and inference of thousands of ML models with Amazon SageMaker",
// whose client sends the doubly encoded body.
//
// Thread safety: Invocation is a value. A reader belongs to one thread at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/future.h"
#include "forecast/prophet.h"

namespace chiliad::serve {

struct Invocation {
  static constexpr std::int64_t kMaxRows = 100'000;
  static constexpr std::int64_t kMaxDraws = 20'000'000;   // Rows times samples of a simulation.
  static constexpr std::int64_t kMaxSampled = 1'000'000;  // Rows times futures of an answer that holds them.

  enum class Format : std::uint8_t { kJson, kCsv };

  std::int64_t period = 0;                    // Rows after the model's last one; 0 when ds is given.
  std::string freq = "D";                     // As it was written,
  std::optional<forecast::Frequency> step;    // and read.
  std::vector<Instant> ds;                    // The moments asked for; empty when period is given.
  std::vector<forecast::OwnedColumn> future;  // Regressors and conditions, a value a row.
  forecast::PredictOptions options;
  int samples = 0;                   // Above 0: so many futures are wanted, not bounds; options.seed decides them.
  std::vector<std::string> columns;  // In this order; empty: all, in Prophet's.
  bool doubly_encoded = false;
  Format format = Format::kJson;

  std::int64_t rows() const { return ds.empty() ? period : static_cast<std::int64_t>(ds.size()); }
  // Too much work for a thread that others wait for, whatever the model.
  bool heavy() const { return rows() > 128 || samples > 0 || options.uncertainty == forecast::Uncertainty::kSimulated; }
};

class InvocationReader {
 public:
  InvocationReader();
  ~InvocationReader();

  // Fills `out`, all of it. Errors: kInvalid, naming the field.
  Result<Done> read(std::string_view body, Invocation& out);

  // The same with one more field, "models": the names that the call is for, each checked.
  Result<Done> read_batch(std::string_view body, Invocation& out, std::vector<std::string>& models);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The format that an Accept field asks for: JSON unless text/csv comes first. Errors: kInvalid when it allows neither.
Result<Invocation::Format> format_accepted(std::string_view accept);

}  // namespace chiliad::serve
