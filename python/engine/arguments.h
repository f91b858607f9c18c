// What Python hands the engine: numpy arrays without a copy, and dictionaries as the engine's values.
//
// A dictionary has the names of Prophet's arguments and attributes; python/chiliad/engine_form.py makes them and says
// what each value looks like. Whatever is missing or of another type is a ValueError or TypeError.
//
// Thread safety: the caller holds the interpreter's lock.

#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "forecast/prophet.h"
#include "forecast/stan_data.h"
#include "forecast/sufficient_statistics.h"
#include "sample/nuts.h"

namespace chiliad::python {

using DoubleArray = nanobind::ndarray<const double, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using DoubleMatrix = nanobind::ndarray<const double, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using Int64Array = nanobind::ndarray<const std::int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

inline std::span<const double> as_span(const DoubleArray& array) { return {array.data(), array.size()}; }

// Nanoseconds since 1970-01-01, as numpy's datetime64[ns] keeps them. Requires: no NaT among them.
inline std::span<const Instant> as_instants(const Int64Array& array) {
  static_assert(sizeof(Instant) == sizeof(std::int64_t));
  return {reinterpret_cast<const Instant*>(array.data()), array.size()};
}

// Columns beside ds and y: {name: values}. The arrays stay alive with this object.
class ColumnArguments {
 public:
  explicit ColumnArguments(const nanobind::dict& columns);

  std::span<const forecast::Column> columns() const { return columns_; }
  // Those of the rows [first, first + count). Requires: all columns have as many rows.
  std::vector<forecast::Column> rows(std::size_t first, std::size_t count) const;

 private:
  std::vector<std::string> names_;
  std::vector<DoubleArray> arrays_;
  std::vector<forecast::Column> columns_;
};

// Prophet's stan_data, with arrays of float64 for all but growth and tau.
class StanArguments {
 public:
  explicit StanArguments(const nanobind::dict& data);

  const forecast::StanData& data() const { return data_; }

 private:
  std::vector<DoubleArray> arrays_;
  DoubleMatrix x_;
  forecast::StanData data_;
};

forecast::ProphetOptions read_options(const nanobind::dict& options);
// What a forecast needs, and of what a refresh needs beside it what is there: changepoint_prior_scale,
// given_changepoints (None: none), statistics, the history under the names of Fit::to_dict().
forecast::FittedState read_state(const nanobind::dict& state);
// Z'Z, Z'r, r'r and the values' bounds, as Fit::to_dict() gives them under "statistics". Raises ValueError for what no
// rows have.
std::shared_ptr<const forecast::SufficientStatistics> read_statistics(const nanobind::dict& statistics);
// k, m, sigma_obs, delta, beta as utilities.warm_start_params() gives them, arrays of float64; any may be missing.
forecast::WarmStart read_warm_start(const nanobind::dict& init);
// chains, warmup, draws, acceptance, max_tree_depth, seed, threads.
sample::NutsOptions read_nuts_options(const nanobind::dict& options);
forecast::PredictOptions read_predict_options(const nanobind::dict& options);

// Raises ValueError for what can never work, RuntimeError for the rest.
[[noreturn]] void raise(const Error& error);

template <class T>
T value_or_raise(Result<T> result) {
  if (!result) raise(result.error());
  return *std::move(result);
}

}  // namespace chiliad::python
