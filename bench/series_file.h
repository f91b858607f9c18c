// Reads the series that bench/data.py writes for the C++ programs: lines id,ds,y, all rows of an id together.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/number.h"
#include "base/time.h"
#include "forecast/prophet.h"

namespace chiliad::bench {

struct Series {
  std::string id;
  std::vector<Instant> ds;
  std::vector<double> y;

  forecast::History history() const { return {ds, y}; }
};

// Ends the program with what is wrong: a benchmark has no use for half its data.
[[noreturn]] inline void stop(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

template <class T>
T value_or_stop(Result<T> result) {
  if (!result) stop(result.error().message);
  return std::move(*result);
}

inline std::vector<Series> read_series(const char* path) {
  std::ifstream file(path);
  if (!file) stop(std::string(path) + ": cannot be read; ./run bench writes it");
  std::vector<Series> all;
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = line;
    const auto first = text.find(',');
    const auto second = text.find(',', first + 1);
    if (second == std::string_view::npos) stop(std::string(path) + ": not id,ds,y: " + line);
    if (all.empty() || all.back().id != text.substr(0, first))
      all.push_back({.id = std::string(text.substr(0, first)), .ds = {}, .y = {}});
    all.back().ds.push_back(value_or_stop(parse_instant(text.substr(first + 1, second - first - 1))));
    const auto value = parse_double(text.substr(second + 1));
    if (!value) stop(std::string(path) + ": not a number: " + line);
    all.back().y.push_back(*value);
  }
  return all;
}

// The model kinds that are measured, by name.
inline forecast::ProphetOptions options_named(std::string_view kind) {
  using Kind = forecast::SeasonalityChoice::Kind;
  forecast::ProphetOptions options;
  if (kind == "defaults") return options;
  const auto choice = kind == "notebook" ? Kind::kOff : Kind::kOn;
  options.yearly_seasonality.kind = choice;
  options.weekly_seasonality.kind = choice;
  options.daily_seasonality.kind = Kind::kOff;
  options.seasonality_mode = kind == "additive" ? forecast::Mode::kAdditive : forecast::Mode::kMultiplicative;
  return options;
}

}  // namespace chiliad::bench
