#include "fleet.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "forecast/refresh.h"

namespace chiliad::python {
namespace {

// Calendars by the dates they were made of, the least recently used dropped above a budget.
class SharedCalendars {
 public:
  explicit SharedCalendars(forecast::ProphetOptions options) : options_(std::move(options)) {}

  Result<forecast::Calendar> get(const forecast::PreparedRows& rows) {
    const std::uint64_t hash = hash_of(rows);
    const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
    {
      const std::lock_guard lock(mutex_);
      for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (entry->hash != hash || !entry->calendar.is_of(rows.ds, columns)) continue;
        entries_.splice(entries_.begin(), entries_, entry);
        return entry->calendar;
      }
    }
    Result<forecast::Calendar> made = forecast::Calendar::make(rows.ds, options_, columns);
    if (!made) return made;
    const std::lock_guard lock(mutex_);
    entries_.push_front({hash, *made, made->memory_bytes()});
    bytes_ += entries_.front().bytes;
    while (entries_.size() > 1 && (bytes_ > kBudget || entries_.size() > kMost)) {
      bytes_ -= entries_.back().bytes;
      entries_.pop_back();
    }
    return made;
  }

 private:
  static constexpr std::uint64_t kBudget = std::uint64_t{128} << 20;
  static constexpr std::size_t kMost = 64;  // All are looked at, one by one.
  struct Entry {
    std::uint64_t hash;
    forecast::Calendar calendar;
    std::uint64_t bytes;
  };

  static std::uint64_t hash_of(const forecast::PreparedRows& rows) {
    std::uint64_t hash = 0xCBF29CE484222325 ^ rows.ds.size();
    const auto mix = [&hash](std::uint64_t value) {
      hash = (hash ^ value) * 0x100000001B3;
      hash ^= hash >> 32;
    };
    for (const Instant instant : rows.ds) mix(static_cast<std::uint64_t>(nanos_since_epoch(instant)));
    for (const forecast::OwnedColumn& column : rows.columns) {
      for (const double value : column.values) mix(std::bit_cast<std::uint64_t>(value));
    }
    return hash;
  }

  const forecast::ProphetOptions options_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // Most recently used first. With the bytes they take, under mutex_.
  std::uint64_t bytes_ = 0;
};

forecast::History rows_of(const FleetRows& all, std::size_t series, std::vector<forecast::Column>& columns) {
  const auto first = static_cast<std::size_t>(all.first[series]);
  const auto count = static_cast<std::size_t>(all.first[series + 1]) - first;
  columns = all.columns->rows(first, count);
  return {all.ds.subspan(first, count), all.y.subspan(first, count), columns};
}

Result<Fit> fit_one(SharedCalendars& calendars, const forecast::History& history, const FleetOptions& how,
                    const Fit* earlier) {
  Result<forecast::PreparedRows> rows = forecast::prepare_rows(history);
  if (!rows) return std::move(rows).error();
  const Result<forecast::Calendar> calendar = calendars.get(*rows);
  if (!calendar) return calendar.error();
  forecast::FitOptions options(how.keep);
  options.keep_statistics = how.keep_statistics;
  if (earlier != nullptr && forecast::has_one_mode(earlier->model()))
    options.warm_start = forecast::warm_start_params(earlier->model());
  forecast::FitReport report;
  Result<forecast::FittedModel> model = forecast::fit(*calendar, *rows, options, &report);
  if (!model) return std::move(model).error();
  if (!how.sampling || report.constant_series) return Fit(*std::move(model), std::move(report));
  Result<sample::PosteriorDraws> draws = sample::sample_posterior(*calendar, *rows, *how.sampling);
  if (!draws) return std::move(draws).error();
  return Fit(*std::move(model), std::move(report), *std::move(draws));
}

Result<RefreshedFit> refresh_one(const Fit& fitted, const forecast::History& rows) {
  forecast::FitReport report;
  Result<forecast::Refreshed> done = forecast::refresh(fitted.model(), rows, forecast::KeepHistory::kYes, &report);
  if (!done) return std::move(done).error();
  if (!done->model) return RefreshedFit{std::nullopt, std::move(done->reason)};
  return RefreshedFit{Fit(*std::move(done->model), std::move(report)), ""};
}

// each(i) for each of `series` on so many threads; empty when progress() said stop, which sets `stop` at once.
template <class T>
std::vector<Result<T>> on_threads(std::size_t series, int threads, const Progress& progress, std::atomic<bool>& stop,
                                  const std::function<Result<T>(std::size_t)>& each) {
  std::vector<Result<T>> results(series, Error{ErrorCode::kInvalid, "not fitted"});
  std::atomic<std::size_t> next = 0, done = 0;
  std::mutex mutex;
  std::condition_variable change;
  const auto work = [&] {
    for (std::size_t i = next++; i < series && !stop; i = next++) {
      try {
        results[i] = each(i);
      } catch (const std::bad_alloc&) {  // It would end the process: a thread's exceptions have no caller.
        results[i] = Error{ErrorCode::kNoSpace, "not enough memory for this series"};
      }
      if (++done == series) {
        const std::lock_guard lock(mutex);
        change.notify_one();
      }
    }
  };
  std::vector<std::jthread> workers;
  const std::size_t wanted = std::min<std::size_t>(static_cast<std::size_t>(threads), std::max<std::size_t>(series, 1));
  for (std::size_t i = 0; i < wanted; ++i) workers.emplace_back(work);
  while (done < series) {
    {
      std::unique_lock lock(mutex);
      change.wait_for(lock, std::chrono::milliseconds(100), [&] { return done == series; });
    }
    if (!progress(done)) {
      stop = true;
      break;
    }
  }
  workers.clear();
  if (stop) results.clear();
  return results;
}

}  // namespace

std::vector<Result<Fit>> fit_fleet(const forecast::ProphetOptions& options, const FleetRows& rows,
                                   const FleetOptions& how, std::span<const Fit* const> earlier,
                                   const Progress& progress) {
  SharedCalendars calendars(options);
  std::atomic<bool> stop = false;
  FleetOptions each = how;
  if (each.sampling) {
    each.sampling->threads = 1;
    each.sampling->stop = &stop;
  }
  return on_threads<Fit>(rows.first.size() - 1, how.threads, progress, stop, [&](std::size_t i) {
    std::vector<forecast::Column> columns;
    const forecast::History history = rows_of(rows, i, columns);
    return fit_one(calendars, history, each, earlier.empty() ? nullptr : earlier[i]);
  });
}

std::vector<Result<RefreshedFit>> refresh_fleet(std::span<const Fit* const> models, const FleetRows& rows, int threads,
                                                const Progress& progress) {
  std::atomic<bool> stop = false;
  return on_threads<RefreshedFit>(models.size(), threads, progress, stop, [&](std::size_t i) {
    std::vector<forecast::Column> columns;
    const forecast::History history = rows_of(rows, i, columns);
    return refresh_one(*models[i], history);
  });
}

}  // namespace chiliad::python
