// Errors of a fleet's forecasts beside those of the seasonal-naive forecast: the table that evaluate and cross-validate
// print, as text or as JSON. doc/report.md.
//
// Thread safety: one thread at a time.

#pragma once

#include <cmath>
#include <cstdint>
#include <queue>
#include <string>
#include <vector>

#include "train/evaluate_fleet.h"
#include "train/series_report.h"

namespace chiliad::app {

// The k series with the largest sMAPE, whatever the fleet's size.
class WorstSeries {
 public:
  explicit WorstSeries(std::size_t count) : count_(count) {}

  void add(const train::SeriesReport& report);

  struct Series {
    double smape;
    std::string customer_id;
    double naive_smape;
    std::uint64_t rows;
    bool operator>(const Series& other) const {
      return smape != other.smape ? smape > other.smape : customer_id < other.customer_id;
    }
  };
  // Worst first.
  std::vector<Series> take();

 private:
  std::size_t count_;
  std::priority_queue<Series, std::vector<Series>, std::greater<>> heap_;
};

// What a fleet's series add up to.
struct AccuracyOutcome {
  train::FleetAccuracy model, naive;
  std::uint64_t evaluated = 0, failed = 0, better = 0, worse = 0;
  std::vector<std::string> failures;  // The first reasons.

  void add(const train::SeriesReport& report);
};

std::string accuracy_text(const AccuracyOutcome& outcome, std::vector<WorstSeries::Series> worst);
std::string accuracy_json(const AccuracyOutcome& outcome, std::vector<WorstSeries::Series> worst);

}  // namespace chiliad::app
