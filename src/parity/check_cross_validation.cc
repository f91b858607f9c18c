#include "parity/check_cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "forecast/prophet.h"

namespace chiliad::parity {
namespace {

constexpr double kMetric = 1e-10;
constexpr double kOptimum = 1e-5;
constexpr double kStop = 1e-2;

double relative(double ours, double theirs) {
  if (std::isnan(ours) && std::isnan(theirs)) return 0;
  const double difference = std::fabs(ours - theirs) / std::max(1.0, std::fabs(theirs));
  return std::isnan(difference) ? HUGE_VAL : difference;
}

void compare_metrics(const CrossValidationCase& reference, CaseReport& report) {
  for (const StoredMetrics& stored : reference.metrics) {
    const diagnose::MetricsOptions options{{}, stored.rolling_window, stored.monthly};
    const Result<diagnose::PerformanceMetrics> ours = diagnose::performance_metrics(reference.frame, options);
    if (!ours) return report.fail(stored.name + ": " + ours.error().message);
    if (ours->horizon.size() != stored.horizon.size())
      return report.fail(
          fmt::format("{}: {} horizons, Prophet {}", stored.name, ours->horizon.size(), stored.horizon.size()));
    for (std::size_t i = 0; i < ours->horizon.size(); ++i) {
      const double unit = stored.monthly ? 1 : 1e9;
      if (static_cast<double>(ours->horizon[i]) / unit != stored.horizon[i])
        return report.fail(stored.name + ": another horizon");
    }
    std::vector<std::string> names;
    for (const forecast::OwnedColumn& column : ours->metrics) names.push_back(column.name);
    if (names != stored.names) report.fail(stored.name + ": other metrics, or another order");
    for (const forecast::OwnedColumn& column : ours->metrics) {
      const auto theirs = stored.values.find(column.name);
      if (theirs == stored.values.end()) continue;  // Said.
      for (std::size_t i = 0; i < column.values.size(); ++i) {
        const double difference = relative(column.values[i], theirs->second[i]);
        if (!(difference > report.worst_difference) && !report.worst_column.empty()) continue;
        report.worst_difference = difference;
        report.worst_column = column.name + " at " + stored.name;
      }
    }
  }
  if (!(report.worst_difference <= kMetric))
    report.fail(fmt::format("{} differs by {:.1e}", report.worst_column, report.worst_difference));
}

// Largest distance of a column and the root of its mean square.
struct Distance {
  double largest = 0;
  double typical = 0;
};

Distance distance(std::span<const double> ours, std::span<const double> theirs) {
  Distance out;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double one = std::fabs(ours[i] - theirs[i]);
    out.largest = std::isnan(one) ? HUGE_VAL : std::max(out.largest, one);
    out.typical += one * one / static_cast<double>(ours.size());
  }
  out.typical = std::sqrt(out.typical);
  return out;
}

bool is_bound(std::string_view name) { return name.ends_with("_lower") || name.ends_with("_upper"); }

void compare_tables(const CrossValidationCase& reference, const diagnose::CrossValidation& ours, double y_scale,
                    CaseReport& report) {
  const diagnose::CrossValidation& theirs = reference.frame;
  if (ours.cutoffs != theirs.cutoffs) return report.fail("other cut-offs");
  if (ours.ds != theirs.ds || ours.cutoff != theirs.cutoff) return report.fail("other rows");
  if (ours.y != theirs.y) return report.fail("other values of y");
  for (const forecast::OwnedColumn& column : theirs.columns) {
    const std::span<const double> values = ours.column(column.name);
    if (values.empty()) return report.fail("no column " + column.name);
    // Bounds are random there, and computed here.
    if (is_bound(column.name)) continue;
    const Distance found = distance(values, column.values);
    if (column.name == "yhat")
      (reference.true_optimum ? report.yhat_to_optimum : report.yhat_to_prophet) = found.largest / y_scale;
    if (reference.true_optimum && !(found.largest <= kOptimum * y_scale))
      report.fail(fmt::format("{} {:.1e} y_scale from the true optimum", column.name, found.largest / y_scale));
    if (!reference.true_optimum && !(found.typical <= kStop * y_scale))
      report.fail(fmt::format("{} {:.1e} y_scale from Prophet's", column.name, found.typical / y_scale));
  }
}

}  // namespace

CaseReport check_cross_validation(const CrossValidationCase& reference) {
  CaseReport report;
  report.id = reference.id;
  if (!reference.unsupported.empty()) {
    report.verdict = Verdict::kSkipped;
    report.reasons = reference.unsupported;
    return report;
  }
  compare_metrics(reference, report);
  const std::vector<forecast::Column> columns = forecast::borrow(reference.history_columns);
  const Result<forecast::FittedModel> model = forecast::fit({reference.ds, reference.y, columns}, reference.options);
  if (!model) {
    report.fail("fit: " + model.error().message);
    return report;
  }
  const Result<diagnose::CrossValidation> ours = diagnose::cross_validation(*model, reference.call);
  if (!ours) {
    report.fail("cross-validation: " + ours.error().message);
    return report;
  }
  for (const std::string& warning : ours->warnings) report.reasons.push_back(warning);
  compare_tables(reference, *ours, model->state().y_scale, report);
  if (report.verdict == Verdict::kPassed)
    report.reasons.push_back(fmt::format("{} cut-offs, {} rows", ours->cutoffs.size(), ours->rows()));
  return report;
}

}  // namespace chiliad::parity
