#include "watch/metric_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <thread>
#include <unordered_map>

#include "base/hash.h"
#include "base/mutex.h"
#include "base/time.h"
#include "sql/database.h"

namespace chiliad::watch {
namespace {

using sql::Query;
using sql::Statement;

constexpr std::string_view kMigrations[] = {R"(
CREATE TABLE metric_series (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  unit TEXT NOT NULL,
  last_minute INTEGER NOT NULL,
  UNIQUE (namespace, name, dimensions, unit)
) STRICT;
CREATE TABLE metric_minute (
  series_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  count REAL NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  cells BLOB NOT NULL,
  PRIMARY KEY (series_id, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX metric_minute_by_minute ON metric_minute (minute);
)"};

constexpr Query kFindSeries = {"find a metric",
                               "SELECT id, last_minute FROM metric_series WHERE namespace = ?1 AND name = ?2 AND "
                               "dimensions = ?3 AND unit = ?4"};
constexpr Query kAddSeries = {"add a metric",
                              "INSERT INTO metric_series (namespace, name, dimensions, unit, last_minute) VALUES (?1, "
                              "?2, ?3, ?4, ?5)"};
constexpr Query kTouchSeries = {"update a metric", "UPDATE metric_series SET last_minute = ?2 WHERE id = ?1"};
constexpr Query kCountSeries = {"count metrics", "SELECT count(*) FROM metric_series"};
constexpr Query kReadMinute = {"read a minute",
                               "SELECT count, sum, min, max, cells FROM metric_minute WHERE series_id = ?1 AND minute "
                               "= ?2"};
constexpr Query kWriteMinute = {"write a minute",
                                "INSERT OR REPLACE INTO metric_minute (series_id, minute, count, sum, min, max, cells) "
                                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
constexpr Query kUnitsOf = {"find a metric",
                            "SELECT id, unit FROM metric_series WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3 "
                            "AND (?4 = '' OR unit = ?4) ORDER BY unit"};
constexpr Query kReadMinutes = {
    "read a metric",
    "SELECT count, sum, min, max, cells, minute FROM metric_minute WHERE series_id = ?1 AND "
    "minute >= ?2 AND minute < ?3 ORDER BY minute LIMIT ?4"};
constexpr Query kList = {
    "list metrics",
    "SELECT namespace, name, dimensions FROM metric_series WHERE (namespace, name, dimensions) > "
    "(?1, ?2, ?3) AND (?4 = '' OR namespace = ?4) AND (?5 = '' OR name = ?5) GROUP BY namespace, "
    "name, dimensions HAVING max(last_minute) >= ?6 ORDER BY namespace, name, dimensions LIMIT ?7"};
constexpr Query kExpireMinutes = {"remove old minutes", "DELETE FROM metric_minute WHERE minute < ?1"};
constexpr Query kExpireSeries = {"remove old metrics", "DELETE FROM metric_series WHERE last_minute < ?1"};
constexpr Query kCountMinutes = {"count minutes", "SELECT count(*) FROM metric_minute"};
constexpr Query kMinuteAt = {"find the oldest minutes",
                             "SELECT minute FROM metric_minute ORDER BY minute LIMIT 1 OFFSET ?1"};

constexpr std::size_t kParts = 16;
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxValue = 1'024;
constexpr std::size_t kMaxDimensions = 30;
constexpr std::size_t kListedAtOnce = 20'000;
constexpr std::chrono::minutes kExpiryPeriod{10};
constexpr char kBeforeValue = '\1';
constexpr char kAfterValue = '\2';
constexpr char kBetween = '\3';  // Between the parts of a series' key.

bool plain(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max &&
         std::ranges::none_of(text, [](char c) { return c >= '\0' && c <= kBetween; });
}

// "namespace 3 name 3 unit 3 dimensions", into `key`. False: over a limit.
bool make_key(const MetricDatum& datum, std::string& key) {
  key.clear();
  if (!plain(datum.name_space, kMaxName) || !plain(datum.name, kMaxName) || !plain(datum.unit, kMaxName) ||
      datum.dimensions.size() > kMaxDimensions) {
    return false;
  }
  key.append(datum.name_space).append(1, kBetween).append(datum.name).append(1, kBetween);
  key.append(datum.unit).append(1, kBetween);
  std::array<const Dimension*, kMaxDimensions> sorted{};
  const std::size_t count = datum.dimensions.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!plain(datum.dimensions[i].name, kMaxName) || !plain(datum.dimensions[i].value, kMaxValue)) return false;
    sorted[i] = &datum.dimensions[i];
  }
  std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count),
            [](const Dimension* a, const Dimension* b) { return a->name < b->name; });
  for (std::size_t i = 0; i < count; ++i) {
    key.append(sorted[i]->name).append(1, kBeforeValue).append(sorted[i]->value).append(1, kAfterValue);
  }
  return true;
}

bool possible(const MetricDatum& datum) {
  if (!datum.statistics) return std::isfinite(datum.value) && std::isfinite(datum.count) && datum.count > 0;
  const StatisticSet& set = *datum.statistics;
  return std::isfinite(set.count) && set.count > 0 && std::isfinite(set.sum) && std::isfinite(set.min) &&
         std::isfinite(set.max) && set.min <= set.max;
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return content_hash(text); }
};

using Waiting = std::map<Minute, MinuteStatistics>;
using WaitingMap = std::unordered_map<std::string, Waiting, TextHash, std::equal_to<>>;

struct Part {
  Mutex mutex;
  WaitingMap waiting CHILIAD_GUARDED_BY(mutex);
  std::size_t minutes CHILIAD_GUARDED_BY(mutex) = 0;
};

Result<MinuteStatistics> statistics_of(const Statement& row) {
  return MinuteStatistics::read(
      {row.column_double(0), row.column_double(1), row.column_double(2), row.column_double(3)}, row.column_blob(4));
}

}  // namespace

struct MetricStore::State {
  State(const Options& given, sql::Database writer, sql::Database reader)
      : options(given), database(std::move(writer)), reading(std::move(reader)) {}

  void run();
  Result<Done> flush() CHILIAD_EXCLUDES(writer_mutex);
  Result<Done> write(const std::array<WaitingMap, kParts>& taken) CHILIAD_REQUIRES(writer_mutex);
  Result<Done> write_series(std::string_view key, const Waiting& minutes) CHILIAD_REQUIRES(writer_mutex);
  Result<Done> write_minute(std::int64_t series, Minute minute, MinuteStatistics statistics)
      CHILIAD_REQUIRES(writer_mutex);
  void put_back(std::array<WaitingMap, kParts>& taken);
  Result<Done> expire(Milliseconds now) CHILIAD_EXCLUDES(writer_mutex);
  void writer_mutex_held() CHILIAD_THREAD_ANNOTATION(assert_capability(writer_mutex)) {}

  const Options options;
  std::array<Part, kParts> parts;
  std::atomic<std::uint64_t> values = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> failed_writes = 0;

  std::thread thread;
  Mutex stop_mutex;
  Condition wake;
  bool stop CHILIAD_GUARDED_BY(stop_mutex) = false;

  Mutex writer_mutex;
  sql::Database database CHILIAD_GUARDED_BY(writer_mutex);

  Mutex reader_mutex;
  sql::Database reading CHILIAD_GUARDED_BY(reader_mutex);
};

MetricStore::MetricStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<MetricStore>> MetricStore::open(const std::filesystem::path& file, const Options& options) {
  Result<sql::Database> writer = sql::Database::open(file, kMigrations, {});
  if (!writer) return std::move(writer).error();
  Result<sql::Database> reader = sql::Database::open(file, kMigrations, {.read_only = true});
  if (!reader) return std::move(reader).error();
  auto state = std::make_unique<State>(options, std::move(writer).operator*(), std::move(reader).operator*());
  state->thread = std::thread([running = state.get()] { running->run(); });
  return std::unique_ptr<MetricStore>(new MetricStore(std::move(state)));
}

MetricStore::~MetricStore() {
  {
    const MutexLock lock(state_->stop_mutex);
    state_->stop = true;
    state_->wake.notify_all();
  }
  state_->thread.join();
}

void MetricStore::State::run() {
  Deadline next_expiry = std::chrono::steady_clock::now() + kExpiryPeriod;
  for (bool stopping = false; !stopping;) {
    {
      const MutexLock lock(stop_mutex);
      const Deadline next = std::chrono::steady_clock::now() + options.period;
      while (!stop && wake.wait_until(stop_mutex, next)) {
      }
      stopping = stop;
    }
    (void)flush();  // Counted; tried again.
    if (std::chrono::steady_clock::now() >= next_expiry) {
      (void)expire(now_in_milliseconds());
      next_expiry = std::chrono::steady_clock::now() + kExpiryPeriod;
    }
  }
}

void MetricStore::put(const MetricDatum& datum) {
  thread_local std::string key;
  const Minute minute = minute_of(datum.time);
  const Minute now = minute_of(now_in_milliseconds());
  if (minute > now + 120 || minute < now - std::int64_t{state_->options.retention_days} * 1'440 || !possible(datum) ||
      !make_key(datum, key)) {
    ++state_->refused;
    return;
  }
  Part& part = state_->parts[content_hash(key) % kParts];
  const MutexLock lock(part.mutex);
  auto series = part.waiting.find(std::string_view(key));
  if (series == part.waiting.end() || !series->second.contains(minute)) {
    if (part.minutes >= state_->options.max_waiting / kParts) {
      ++state_->refused;
      return;
    }
    if (series == part.waiting.end()) series = part.waiting.emplace(key, Waiting()).first;
    ++part.minutes;
  }
  MinuteStatistics& statistics = series->second[minute];
  if (datum.statistics) {
    statistics.add(*datum.statistics);
  } else {
    statistics.add(datum.value, datum.count);
  }
  state_->values.fetch_add(1, std::memory_order_relaxed);
}

Result<Done> MetricStore::State::flush() {
  const MutexLock writing(writer_mutex);
  std::array<WaitingMap, kParts> taken;
  bool any = false;
  for (std::size_t i = 0; i < kParts; ++i) {
    const MutexLock lock(parts[i].mutex);
    taken[i].swap(parts[i].waiting);
    parts[i].minutes = 0;
    any = any || !taken[i].empty();
  }
  if (!any) return Done{};
  Result<Done> written = write(taken);
  if (written) return written;
  ++failed_writes;
  const ErrorCode code = written.error().code;
  // As in the log: what will never be written is not kept.
  if (code == ErrorCode::kNoSpace || code == ErrorCode::kUnavailable) put_back(taken);
  return written;
}

void MetricStore::State::put_back(std::array<WaitingMap, kParts>& taken) {
  for (std::size_t i = 0; i < kParts; ++i) {
    const MutexLock lock(parts[i].mutex);
    for (auto& [key, minutes] : taken[i]) {
      Waiting& into = parts[i].waiting[key];
      for (auto& [minute, statistics] : minutes) {
        const auto [at, added] = into.try_emplace(minute);
        at->second.add(statistics);
        if (added) ++parts[i].minutes;
      }
    }
  }
}

Result<Done> MetricStore::State::write(const std::array<WaitingMap, kParts>& taken) {
  return database.transaction([&]() -> Result<Done> {
    writer_mutex_held();
    for (const WaitingMap& part : taken) {
      for (const auto& [key, minutes] : part) {
        Result<Done> written = write_series(key, minutes);
        if (!written) return written;
      }
    }
    return Done{};
  });
}

Result<Done> MetricStore::State::write_series(std::string_view key, const Waiting& minutes) {
  if (minutes.empty()) return Done{};
  std::array<std::string_view, 3> names;
  for (std::string_view& name : names) {
    const std::size_t end = key.find(kBetween);
    name = key.substr(0, end);
    key.remove_prefix(end + 1);
  }
  const Minute last = minutes.rbegin()->first;
  using IdAndLast = std::pair<std::int64_t, Minute>;
  const auto read = [](const Statement& row) { return IdAndLast{row.column_int64(0), row.column_int64(1)}; };
  const Result<std::optional<IdAndLast>> known = database.first(kFindSeries, read, names[0], names[1], key, names[2]);
  if (!known) return known.error();
  std::int64_t id = *known ? (*known)->first : 0;
  if (*known && (*known)->second < last) {
    Result<Done> touched = database.run(kTouchSeries, id, last);
    if (!touched) return touched;
  }
  if (id == 0) {
    const Result<std::int64_t> series = database.number(kCountSeries);
    if (!series) return series.error();
    if (*series >= options.max_series) {
      refused += minutes.size();
      return Done{};
    }
    Result<Done> added = database.run(kAddSeries, names[0], names[1], key, names[2], last);
    if (!added) return added;
    id = database.last_insert_id();
  }
  for (const auto& [minute, statistics] : minutes) {
    Result<Done> written = write_minute(id, minute, statistics);
    if (!written) return written;
  }
  return Done{};
}

Result<Done> MetricStore::State::write_minute(std::int64_t series, Minute minute, MinuteStatistics statistics) {
  // A damaged row is replaced.
  const auto add_before = [&](const Statement& row) {
    if (const Result<MinuteStatistics> before = statistics_of(row)) statistics.add(*before);
  };
  if (Result<Done> read = database.each(kReadMinute, add_before, series, minute); !read) return read;
  return database.run(kWriteMinute, series, minute, statistics.count(), statistics.sum(), statistics.min(),
                      statistics.max(), sql::Blob{statistics.cells()});
}

Result<Done> MetricStore::State::expire(Milliseconds now) {
  const MutexLock lock(writer_mutex);
  return database.transaction([&]() -> Result<Done> {
    writer_mutex_held();
    const Minute before = minute_of(now) - std::int64_t{options.retention_days} * 1'440;
    Result<Done> removed = database.run(kExpireMinutes, before);
    if (removed) removed = database.run(kExpireSeries, before);
    if (!removed) return removed;
    const Result<std::int64_t> rows = database.number(kCountMinutes);
    if (!rows) return rows.error();
    if (*rows <= options.max_rows) return Done{};
    const Result<std::int64_t> keep_from = database.number(kMinuteAt, *rows - options.max_rows / 10 * 9);
    if (!keep_from) return keep_from.error();
    removed = database.run(kExpireMinutes, *keep_from);
    return removed ? database.run(kExpireSeries, *keep_from) : removed;
  });
}

Result<Done> MetricStore::flush() { return state_->flush(); }
Result<Done> MetricStore::expire(Milliseconds now) { return state_->expire(now); }
MetricStore::Counters MetricStore::counters() const { return {state_->values, state_->refused, state_->failed_writes}; }

Result<std::vector<MetricSeries>> MetricStore::read(const MetricName& name, std::string_view unit, Minute from,
                                                    Minute to, std::size_t max_points) {
  (void)state_->flush();  // Of a full disk what is on it can be read.
  const MutexLock lock(state_->reader_mutex);
  using IdAndUnit = std::pair<std::int64_t, std::string>;
  const auto read_unit = [](const Statement& row) { return IdAndUnit(row.column_int64(0), row.column_text(1)); };
  const Result<std::vector<IdAndUnit>> units =
      state_->reading.all(kUnitsOf, read_unit, name.name_space, name.name, dimensions_text(name.dimensions), unit);
  if (!units) return units.error();
  std::vector<MetricSeries> all;
  std::size_t points = 0;
  for (const auto& [id, of_unit] : *units) {
    MetricSeries& series = all.emplace_back(MetricSeries{of_unit, {}});
    Result<Done> read = state_->reading.each(
        kReadMinutes,
        [&](const Statement& row) -> Result<Done> {
          if (++points > max_points) {
            return Error{ErrorCode::kTooLarge,
                         fmt::format("more than {} minutes of values: ask for less time", max_points)};
          }
          Result<MinuteStatistics> statistics = statistics_of(row);
          if (statistics) series.points.push_back({row.column_int64(5), *std::move(statistics)});
          return Done{};
        },
        id, from, to, max_points + 1);
    if (!read) return std::move(read).error();
  }
  return all;
}

Result<MetricStore::Listed> MetricStore::list(const Filter& filter, const MetricName* after, std::size_t limit) {
  (void)state_->flush();
  const MutexLock lock(state_->reader_mutex);
  const MetricName from = after == nullptr ? MetricName() : *after;
  Listed listed;
  Result<Done> read = state_->reading.each(
      kList,
      [&](const Statement& row) {
        MetricName metric{std::string(row.column_text(0)), std::string(row.column_text(1)),
                          read_dimensions(row.column_text(2))};
        const bool wanted = std::ranges::all_of(filter.dimensions, [&](const MetricDimension& asked) {
          return std::ranges::any_of(metric.dimensions, [&](const MetricDimension& has) {
            return has.name == asked.name && (asked.value.empty() || has.value == asked.value);
          });
        });
        if (!wanted) return true;
        listed.more = listed.metrics.size() == limit;
        if (!listed.more) listed.metrics.push_back(std::move(metric));
        return !listed.more;
      },
      from.name_space, from.name, dimensions_text(from.dimensions), filter.name_space, filter.name, filter.active_since,
      kListedAtOnce);
  if (!read) return std::move(read).error();
  return listed;
}

std::string dimensions_text(std::vector<MetricDimension> dimensions) {
  std::ranges::sort(dimensions);
  std::string text;
  for (const MetricDimension& dimension : dimensions) {
    text.append(dimension.name).append(1, kBeforeValue).append(dimension.value).append(1, kAfterValue);
  }
  return text;
}

std::vector<MetricDimension> read_dimensions(std::string_view text) {
  std::vector<MetricDimension> dimensions;
  while (!text.empty() && dimensions.size() < kMaxDimensions) {
    const std::size_t middle = text.find(kBeforeValue);
    const std::size_t end = text.find(kAfterValue);
    if (middle == std::string_view::npos || end == std::string_view::npos || middle > end) break;
    dimensions.push_back({std::string(text.substr(0, middle)), std::string(text.substr(middle + 1, end - middle - 1))});
    text.remove_prefix(end + 1);
  }
  return dimensions;
}

}  // namespace chiliad::watch
