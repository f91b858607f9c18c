// The computed law against bounds that Prophet itself simulated.
//
// Each reference case holds the bounds of 10 seeds x 1,000 samples, averaged. A percentile of 1,000 draws lies at a
// probability that scatters by sqrt(q (1-q) / 1000) around q, so their mean must lie within a few times
// sqrt(q (1-q) / 10000) under the computed distribution function. (Averaging x and not F(x) shifts it by less than a
// fifth of one such error.) At the atom of the trend's law, F jumps, and q may lie anywhere in the jump.
//
// One case needs more care: where the atom ends near q, the percentile is 0 for some seeds and not for others, and
// their mean stands beside the atom, where F is already a jump away. There the mean is compared on the x axis with the
// computed quantile, by the seeds' own scatter.
//
// REFERENCE_DIR names a folder with fixtures/prophet/cases; without it the test is skipped.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/time.h"
#include "forecast/interval.h"

namespace chiliad::forecast {
namespace {

using simdjson::dom::element;

// A case's text, unpacked by gzip where it must be.
std::string text_of(const std::filesystem::path& file) {
  const std::string command = "gzip -cdf '" + file.string() + "'";
  std::string text;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 1 << 16> block;
  for (std::size_t n; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;) text.append(block.data(), n);
  pclose(pipe);
  return text;
}

std::vector<double> numbers(element list) {
  std::vector<double> out;
  for (const element x : list.get_array()) out.push_back(x.get_double());
  return out;
}

double param(element json, std::string_view name) { return json["params_final"][name]["values"].at(0).get_double(); }

// What a frame's law is made of, as Prophet derives it.
struct FrameLaw {
  TrendLaw law;
  std::vector<std::int64_t> steps;  // By row of the forecast.
};

FrameLaw frame_law(element json) {
  const element scales = json["scales"];
  const double t_scale = scales["t_scale_seconds"].get_double();
  const Instant start = *parse_instant(scales["start"].get_string().value());
  FrameLaw frame;
  std::vector<double> future;
  for (const element ds : json["forecast"]["data"]["ds"].get_array()) {
    const auto since = *parse_instant(ds.get_string().value()) - start;
    const double t = static_cast<double>(since.count()) / 1e9 / t_scale;
    if (t > 1) future.push_back(t);
    frame.steps.push_back(t > 1 ? static_cast<std::int64_t>(future.size()) : 0);
  }
  const double rows = static_cast<double>(json["stan_data"]["T"].get_int64().value());
  const double step =
      future.size() > 1 ? (future.back() - future.front()) / static_cast<double>(future.size() - 1) : 1 / (rows - 1);
  double mean_change = 0;
  const auto delta = numbers(json["params_final"]["delta"]["values"]);
  for (const double x : delta) mean_change += std::abs(x) / static_cast<double>(delta.size());
  const auto changepoints = static_cast<double>(numbers(scales["changepoints_t"]).size());
  frame.law = {std::min(1.0, changepoints * step), step * (mean_change + 1e-8)};
  return frame;
}

struct Worst {
  double errors = 0;
  std::string where;
};

// How far, in standard errors, the stored bound `offset` from the centre lies from where q says. `rounding`: what the
// stored numbers cannot tell apart.
double standard_errors(const TrendLaw& law, std::int64_t steps, double sigma, double offset, double rounding,
                       double q) {
  const double below = future_cdf(law, steps, sigma, offset - std::max(rounding, 1e-300));
  const double at_most = future_cdf(law, steps, sigma, offset + rounding);
  return std::max({0.0, below - q, q - at_most}) / std::sqrt(q * (1 - q) / 10000);
}

// Whether percentiles of 1,000 draws fall on both sides of the atom's end.
bool at_atoms_end(const TrendLaw& law, std::int64_t steps, double q) {
  const double half_changed = 1 - future_cdf(law, steps, 0, 0);
  return steps > 0 && std::abs(half_changed - std::min(q, 1 - q)) < 5 * std::sqrt(q * (1 - q) / 1000);
}

double computed(const TrendLaw& law, std::int64_t steps, double q) {
  double out = 0;
  future_quantiles(law, {&steps, 1}, {}, 0, {&q, 1}, {&out, 1});
  return out;
}

TEST(StoredIntervals, LieWhereTheComputedLawSaysInEveryCase) {
  const char* const folder = std::getenv("REFERENCE_DIR");
  if (folder == nullptr) GTEST_SKIP() << "REFERENCE_DIR is not set";
  simdjson::dom::parser parser;
  int cases = 0;
  int bounds = 0;
  int at_end = 0;
  std::vector<double> all;
  Worst worst;
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(folder) / "fixtures/prophet/cases")) {
    const simdjson::padded_string text(text_of(file.path()));
    element json;
    ASSERT_EQ(parser.parse(text).get(json), simdjson::SUCCESS) << file.path();
    element intervals;
    if (json["intervals"].get(intervals) != simdjson::SUCCESS) continue;  // Another kind of file.
    if (json["stan_data"]["trend_indicator"].get_int64() != 0) continue;  // Not linear growth.
    ++cases;
    const FrameLaw frame = frame_law(json);
    const double y_scale = json["scales"]["y_scale"].get_double();
    const double sigma = param(json, "sigma_obs");
    const double half = intervals["interval_width"].get_double().value() / 2;
    const element data = json["forecast"]["data"];
    const auto trend = numbers(data["trend"]);
    const auto yhat = numbers(data["yhat"]);
    const auto multiplicative = numbers(data["multiplicative_terms"]);
    std::size_t i = 0;
    for (const element index : intervals["rows"].get_array()) {
      const auto row = static_cast<std::size_t>(index.get_int64().value());
      for (const bool of_trend : {true, false}) {
        const double factor = of_trend ? 1 : std::abs(1 + multiplicative[row]);
        const double centre = of_trend ? trend[row] : yhat[row];
        for (const bool upper : {false, true}) {
          const std::string name = std::string(of_trend ? "trend" : "yhat") + (upper ? "_upper" : "_lower");
          const double stored = intervals["mean"][name].at(i).get_double();
          const double q = upper ? 0.5 + half : 0.5 - half;
          const double rounding = 4e-16 * (std::abs(centre) + std::abs(trend[row])) / y_scale;
          const TrendLaw law{frame.law.change_probability, frame.law.unit * factor};
          const double offset = (stored - centre) / y_scale;
          double errors = standard_errors(law, frame.steps[row], of_trend ? 0 : sigma, offset, rounding, q);
          if (of_trend && errors > 3 && at_atoms_end(law, frame.steps[row], q)) {
            const double scatter = intervals["sd"][name].at(i).get_double().value() / y_scale / std::sqrt(10);
            errors = std::abs(offset - computed(law, frame.steps[row], q)) / scatter;
            ++at_end;
          }
          EXPECT_LE(errors, 5) << file.path().filename() << " row " << row << " " << name << " stored " << stored;
          all.push_back(errors);
          ++bounds;
          if (errors > worst.errors) {
            worst = {errors, file.path().filename().string() + " row " + std::to_string(row) + " " + name};
          }
        }
      }
      ++i;
    }
  }
  EXPECT_GT(cases, 0);
  std::sort(all.begin(), all.end());
  std::printf("%d cases, %d bounds, %d at an atom's end: median %.2f, 99 %% %.2f, worst %.2f standard errors (%s)\n",
              cases, bounds, at_end, all[all.size() / 2], all[all.size() * 99 / 100], worst.errors,
              worst.where.c_str());
}

}  // namespace
}  // namespace chiliad::forecast
