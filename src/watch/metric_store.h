// MetricStore: statistics of each minute of each series, gathered in memory, kept in a SQLite file.
//
//   put() --lock of one of 16 parts--> what came since the last writing --every 30 s--> rows (series, minute)
//
// A series is a namespace, a name, dimensions and a unit. A row is a MinuteStatistics; writing adds to the row that may
// be there, so late values count too.
//
// Promises:
//   1. put() touches no disk. What it took is written within Options::period (30 s), at the destructor, before every
//      read, and by flush(): kill -9 loses that much at most.
//   2. Bounded: series, rows (the oldest minutes go), age (Options::retention_days), what waits in memory. What finds
//   no
//      room is counted.
//   3. A full disk ends nothing: values wait in memory, as far as it is bounded.
//
// Locks: writer_ before the parts' locks, one part at a time; reader_ alone.
//
// Thread safety: safe from any thread.

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "watch/metric_sink.h"
#include "watch/metric_sketch.h"

namespace chiliad::watch {

// Minutes since 1970.
using Minute = std::int64_t;
inline Minute minute_of(Milliseconds time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

struct MetricDimension {
  std::string name;
  std::string value;
  friend auto operator<=>(const MetricDimension&, const MetricDimension&) = default;
};

struct MetricName {
  std::string name_space;
  std::string name;
  std::vector<MetricDimension> dimensions;  // Sorted.
};

// Values of one series in order of time.
struct MetricSeries {
  std::string unit;
  struct Point {
    Minute minute;
    MinuteStatistics statistics;
  };
  std::vector<Point> points;
};

class MetricStore final : public MetricSink {
 public:
  struct Options {
    int retention_days = 15;
    std::int64_t max_series = 20'000;
    std::int64_t max_rows = 2'000'000;  // About 100 to 1,000 bytes each.
    std::size_t max_waiting = 50'000;   // Minutes of series in memory.
    std::chrono::milliseconds period{30'000};
  };
  struct Counters {
    std::uint64_t values = 0;   // Taken,
    std::uint64_t refused = 0;  // not taken: bad ones, too old or new, no room.
    std::uint64_t failed_writes = 0;
  };

  // Opens or makes the file; its folder must exist. Errors: as sql::Database.
  static Result<std::unique_ptr<MetricStore>> open(const std::filesystem::path& file, const Options& options);
  ~MetricStore() override;

  void put(const MetricDatum& datum) override;
  Result<Done> flush();

  // The series of exactly these dimensions, of each unit or of `unit` alone; minutes in [from, to).
  // Errors: as sql::Database; kTooLarge: more than `max_points` minutes.
  Result<std::vector<MetricSeries>> read(const MetricName& name, std::string_view unit, Minute from, Minute to,
                                         std::size_t max_points = 200'000);

  struct Filter {
    std::string_view name_space;  // Empty: all.
    std::string_view name;
    std::vector<MetricDimension> dimensions;  // Each must be there; an empty value stands for any.
    Minute active_since = 0;
  };
  struct Listed {
    std::vector<MetricName> metrics;
    bool more = false;  // Behind the last of them.
  };
  // Sorted by namespace, name and dimensions, those behind `after`. Looks at 20,000 metrics at most.
  Result<Listed> list(const Filter& filter, const MetricName* after, std::size_t limit);

  // Removes what is too old and too much as of `now`. The writer's thread does it every ten minutes.
  Result<Done> expire(Milliseconds now);

  Counters counters() const;

 private:
  struct State;
  explicit MetricStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "EndpointName", 1, "e", 2 and so on: the dimensions as one text that sorts and compares as they do. Names and values
// hold neither of the two bytes. Reading a damaged text gives what can be read.
std::string dimensions_text(std::vector<MetricDimension> dimensions);
std::vector<MetricDimension> read_dimensions(std::string_view text);

}  // namespace chiliad::watch
