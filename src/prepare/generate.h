// generate: a table of made-up customers, for demos, tests and benchmarks: one value a day for each, with a baseline,
// a swing of one year and noise of its own.
//
//   value(customer, day) = baseline + amplitude * sin(2 pi (days since 1970 / 365.25 + phase)) + noise
//   baseline in [500, 1000), amplitude in [100, 200), phase in [0, 1) evenly; noise about normal, sd 10
//
// Rules the rest relies on: the row of a customer and a day follows from (seed, customer, day) alone. So the same seed
// gives the same bytes, more customers or days only add rows, and both orders hold the same rows. Only the four basic
// operations are used, no mathematical library, whose last digits differ between machines.
//
// Method: a counter-based generator (SplitMix64's mixing of key and counter); noise is the sum of twelve even draws
// (Irwin-Hall), whose tails end at six standard deviations.
// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. The shape is that of the
// data generator of AWS's post on thousands of Prophet models; doc/generate.md says what differs.
//
// Memory: the period's dates and a buffer. Cost: about 110 ns a row. Thread safety: functions.

#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::prepare {

enum class RowOrder : std::uint8_t {
  kCustomer,  // All days of customer 0, then of 1, ...
  kDate,      // All customers of the first day, then of the second, ...
};

struct GenerateOptions {
  std::uint64_t customers = 0;  // Ids 0 to customers - 1.
  std::uint64_t period_days = 365;
  Instant start;  // The first day; midnight.
  std::uint64_t seed = 42;
  double noise = 10;  // Standard deviation.
  RowOrder order = RowOrder::kCustomer;
  std::function<void(std::uint64_t rows)> on_progress = {};
};

// Whether generate() would take these. Errors: kInvalid: no customers or days, more than 2^63 rows, a start with a time
// of day, days beyond 2261, noise below 0.
Result<Done> check(const GenerateOptions& options);

// The value of one row.
double generated_value(const GenerateOptions& options, std::uint64_t customer, std::uint64_t day);

using PutBytes = std::function<Result<Done>(std::string_view bytes)>;

// Writes "customer_id,timestamp,consumption" and the rows, values as the shortest text that reads back to the same
// double, in pieces of some 256 kB.
// Errors: those of check() and of `put`.
Result<Done> generate(const GenerateOptions& options, const PutBytes& put);

}  // namespace chiliad::prepare
