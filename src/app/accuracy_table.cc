#include "app/accuracy_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_writer.h"

namespace chiliad::app {
namespace {

constexpr std::size_t kShownFailures = 10;

constexpr std::array<std::pair<const char*, train::FleetAccuracy::Figure train::FleetAccuracy::*>, 6> kFigures{{
    {"sMAPE", &train::FleetAccuracy::smape},
    {"MAPE", &train::FleetAccuracy::mape},
    {"MAE", &train::FleetAccuracy::mae},
    {"RMSE", &train::FleetAccuracy::rmse},
    {"MASE", &train::FleetAccuracy::mase},
    {"coverage", &train::FleetAccuracy::coverage},
}};

std::string cell(const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "-"; }

}  // namespace

void WorstSeries::add(const train::SeriesReport& report) {
  if (!report.holdout.smape) return;
  heap_.push({*report.holdout.smape, report.customer_id, report.naive.smape.value_or(NAN), report.rows});
  if (heap_.size() > count_) heap_.pop();
}

std::vector<WorstSeries::Series> WorstSeries::take() {
  std::vector<Series> worst;
  for (; !heap_.empty(); heap_.pop()) worst.push_back(heap_.top());
  std::ranges::reverse(worst);
  return worst;
}

void AccuracyOutcome::add(const train::SeriesReport& report) {
  if (report.status == train::SeriesStatus::kFailed) {
    if (++failed <= kShownFailures) failures.push_back(report.reason);
    return;
  }
  ++evaluated;
  model.add(report.holdout);
  naive.add(report.naive);
  if (report.holdout.mae && report.naive.mae) {
    better += *report.holdout.mae < *report.naive.mae;
    worse += *report.holdout.mae > *report.naive.mae;
  }
}

std::string accuracy_text(const AccuracyOutcome& outcome, std::vector<WorstSeries::Series> worst) {
  std::string text = fmt::format("{:<10} {:>14} {:>16} {:>10}\n", "mean of", "prophet", "seasonal naive", "series");
  for (const auto& [name, figure] : kFigures) {
    text += fmt::format("{:<10} {:>14} {:>16} {:>10}\n", name, cell((outcome.model.*figure).mean()),
                        cell((outcome.naive.*figure).mean()), (outcome.model.*figure).series);
  }
  text += fmt::format("better than seasonal naive (MAE): {} series, worse: {}\n", outcome.better, outcome.worse);
  if (worst.empty()) return text;
  text += fmt::format("\n{:<32} {:>10} {:>16} {:>8}\n", "worst series", "sMAPE", "seasonal naive", "rows");
  for (const WorstSeries::Series& series : worst)
    text += fmt::format("{:<32} {:>10.4f} {:>16.4f} {:>8}\n", series.customer_id, series.smape, series.naive_smape,
                        series.rows);
  return text;
}

std::string accuracy_json(const AccuracyOutcome& outcome, std::vector<WorstSeries::Series> worst) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [key, accuracy] : {std::pair{"prophet", &outcome.model}, std::pair{"naive", &outcome.naive}}) {
    json.key(key).begin_object();
    for (const auto& [name, figure] : kFigures) json.key(name).number((accuracy->*figure).mean().value_or(NAN));
    json.end_object();
  }
  json.key("series").integer(static_cast<std::int64_t>(outcome.evaluated));
  json.key("failed").integer(static_cast<std::int64_t>(outcome.failed));
  json.key("better").integer(static_cast<std::int64_t>(outcome.better));
  json.key("worse").integer(static_cast<std::int64_t>(outcome.worse));
  json.key("worst").begin_array();
  for (const WorstSeries::Series& series : worst) {
    json.begin_object().key("customer_id").string(series.customer_id).key("smape").number(series.smape);
    json.key("naive_smape").number(series.naive_smape).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

}  // namespace chiliad::app
