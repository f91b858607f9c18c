#include "fleet.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

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

Result<Fit> fit_one(SharedCalendars& calendars, const FleetRows& all, std::size_t series, forecast::KeepHistory keep,
                    const std::optional<sample::NutsOptions>& sampling) {
  const auto first = static_cast<std::size_t>(all.first[series]);
  const auto count = static_cast<std::size_t>(all.first[series + 1]) - first;
  const std::vector<forecast::Column> columns = all.columns->rows(first, count);
  const forecast::History history{all.ds.subspan(first, count), all.y.subspan(first, count), columns};
  Result<forecast::PreparedRows> rows = forecast::prepare_rows(history);
  if (!rows) return std::move(rows).error();
  const Result<forecast::Calendar> calendar = calendars.get(*rows);
  if (!calendar) return calendar.error();
  forecast::FitReport report;
  Result<forecast::FittedModel> model = forecast::fit(*calendar, *rows, keep, &report);
  if (!model) return std::move(model).error();
  if (!sampling || report.constant_series) return Fit(*std::move(model), std::move(report));
  Result<sample::PosteriorDraws> draws = sample::sample_posterior(*calendar, *rows, *sampling);
  if (!draws) return std::move(draws).error();
  return Fit(*std::move(model), std::move(report), *std::move(draws));
}

}  // namespace

std::vector<Result<Fit>> fit_fleet(const forecast::ProphetOptions& options, const FleetRows& rows,
                                   forecast::KeepHistory keep, const std::optional<sample::NutsOptions>& sampling,
                                   int threads, const Progress& progress) {
  const std::size_t series = rows.first.size() - 1;
  std::vector<Result<Fit>> results(series, Error{ErrorCode::kInvalid, "not fitted"});
  SharedCalendars calendars(options);
  std::atomic<std::size_t> next = 0, done = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::condition_variable change;
  std::optional<sample::NutsOptions> how = sampling;
  if (how) {
    how->threads = 1;
    how->stop = &stop;
  }
  const auto work = [&] {
    for (std::size_t i = next++; i < series && !stop; i = next++) {
      try {
        results[i] = fit_one(calendars, rows, i, keep, how);
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

}  // namespace chiliad::python
