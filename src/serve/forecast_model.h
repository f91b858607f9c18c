// ForecastModel: a fitted Prophet model that answers calls.
//
// A call for the next n rows gives what `forecast[-n:]` is in a forecast of history and future together: the rows
// differ not, since intervals depend on a frame through its future rows alone (forecast/interval.h), so the history is
// left out; row numbers go on from the number of history dates.
//
// The offsets of the interval bounds are kept for the frame that was asked for last, up to kKeptValues of them: asked
// again, a frame costs a fifth. Whole answers are not kept.
//
// Thread safety: answer() may be called from any threads at a time.

#pragma once

#include <cstdint>
#include <string>

#include "base/mutex.h"
#include "forecast/prophet.h"
#include "serve/model_source.h"

namespace chiliad::serve {

class ForecastModel final : public Model {
 public:
  explicit ForecastModel(forecast::FittedModel fitted) : fitted_(std::move(fitted)) {}

  Result<Done> answer(const Invocation& invocation, std::string& out) const override;
  bool is_heavy(const Invocation& invocation) const override;
  std::uint64_t memory_bytes() const override;

 private:
  static constexpr std::size_t kKeptValues = 96;  // 24 rows without extra quantiles.

  // What decides about offsets besides the model.
  struct Frame {
    std::int64_t period = 0;
    std::string freq;
    double interval_width = 0;  // 0: the model's own.
  };
  Result<Done> append_forecast(const Invocation& invocation, const std::vector<Instant>& dates, std::int64_t first_row,
                               std::string& out) const;
  Result<Done> append_futures(const Invocation& invocation, const std::vector<Instant>& dates, std::int64_t first_row,
                              std::string& out) const;
  bool same_frame(const Invocation& invocation) const CHILIAD_REQUIRES(mutex_);
  bool recall(const Invocation& invocation, forecast::IntervalOffsets& offsets) const;
  void remember(const Invocation& invocation, const forecast::IntervalOffsets& offsets) const;

  const forecast::FittedModel fitted_;
  mutable Mutex mutex_;
  mutable Frame frame_ CHILIAD_GUARDED_BY(mutex_);
  mutable std::vector<double> kept_ CHILIAD_GUARDED_BY(mutex_);  // Offsets for frame_; empty: none.
};

}  // namespace chiliad::serve
