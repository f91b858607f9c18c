#include "train/cross_validate_fleet.h"

#include <algorithm>

#include "base/csv_field.h"
#include "base/number.h"
#include "diagnose/timedelta.h"
#include "train/calendar_cache.h"
#include "train/fit_series.h"
#include "train/ordered_work.h"

namespace chiliad::train {
namespace {

// Finished series that wait for an earlier one, per thread: each holds a table of its own.
constexpr std::size_t kWaiting = 4;

bool has_bounds(const CrossValidatePlan& plan) {
  return plan.prophet.uncertainty_samples != 0 && plan.call.predict.uncertainty != forecast::Uncertainty::kNone;
}

std::vector<std::string> metric_columns(const CrossValidatePlan& plan) {
  std::vector<std::string> names = plan.metrics.metrics;
  if (names.empty()) names.assign(diagnose::metric_names().begin(), diagnose::metric_names().end());
  if (!has_bounds(plan)) std::erase(names, "coverage");
  return names;
}

// What repeating the last season forecasts at each cut-off, for the rows of the table.
std::vector<double> naive_forecasts(const forecast::KeptHistory& history, const diagnose::CrossValidation& table) {
  std::vector<double> naive;
  for (std::size_t first = 0; first < table.rows();) {
    const Instant cutoff = table.cutoff[first];
    std::size_t last = first;
    while (last < table.rows() && table.cutoff[last] == cutoff) ++last;
    const auto known =
        static_cast<std::size_t>(std::upper_bound(history.ds.begin(), history.ds.end(), cutoff) - history.ds.begin());
    const std::span<const Instant> ds(history.ds.data(), known);
    const std::vector<double> part = seasonal_naive(ds, std::span(history.y).first(known), infer_season(ds),
                                                    std::span(table.ds).subspan(first, last - first));
    naive.insert(naive.end(), part.begin(), part.end());
    first = last;
  }
  return naive;
}

void append_date(std::string& text, Instant moment) {
  const bool whole_seconds = moment == std::chrono::floor<std::chrono::seconds>(moment);
  text += whole_seconds ? format_instant_fixed(moment, 0) : format_instant(moment);
}

std::string table_rows(const std::string& id, const diagnose::CrossValidation& table, std::span<const double> naive) {
  std::string text;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    text += id;
    text += ',';
    append_date(text, table.ds[i]);
    for (const forecast::OwnedColumn& column : table.columns) {
      text += ',';
      append_repr(text, column.values[i]);
    }
    text += ',';
    append_repr(text, table.y[i]);
    text += ',';
    append_date(text, table.cutoff[i]);
    text += ',';
    append_repr(text, naive[i]);
    text += '\n';
  }
  return text;
}

std::string metrics_rows(const std::string& id, const diagnose::PerformanceMetrics& figures,
                         const std::vector<std::string>& names, bool monthly) {
  std::vector<std::span<const double>> columns;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(figures.metrics, name, &forecast::OwnedColumn::name);
    columns.push_back(found == figures.metrics.end() ? std::span<const double>{} : found->values);
  }
  std::string text;
  for (std::size_t i = 0; i < figures.horizon.size(); ++i) {
    text += id;
    text += ',';
    if (monthly) {
      append_integer(text, figures.horizon[i]);
    } else {
      text += diagnose::format_timedelta(std::chrono::nanoseconds(figures.horizon[i]));
    }
    for (const std::span<const double> column : columns) {
      text += ',';
      if (!column.empty()) append_repr(text, column[i]);
    }
    text += '\n';
  }
  return text;
}

// A series' own options, with the scales that stand in every series' place; none: the plan's.
Result<std::optional<OptionSet>> own_options(const CrossValidatePlan& plan, const std::string& customer_id) {
  if (!plan.fleet) return std::optional<OptionSet>();
  Result<std::shared_ptr<const OptionSet>> set = plan.fleet->of(customer_id);
  if (!set) return std::move(set).error();
  if (!*set) return std::optional<OptionSet>();
  OptionSet own = **set;
  own.prophet.changepoint_prior_scale = plan.changepoint_prior_scale.value_or(own.prophet.changepoint_prior_scale);
  own.prophet.seasonality_prior_scale = plan.seasonality_prior_scale.value_or(own.prophet.seasonality_prior_scale);
  return std::optional(std::move(own));
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace

std::string cross_validation_header(const CrossValidatePlan& plan) {
  std::vector<std::string> names = {"yhat"};
  if (has_bounds(plan)) names.insert(names.end(), {"yhat_lower", "yhat_upper"});
  for (const std::string& name : plan.call.extra_output_columns) {
    if (name != "ds" && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::string line = "customer_id,ds";
  for (const std::string& name : names) {
    line += ',';
    append_csv_field(line, name);
  }
  return line + ",y,cutoff,naive\n";
}

std::string metrics_header(const CrossValidatePlan& plan) {
  std::string line = "customer_id,horizon";
  for (const std::string& name : metric_columns(plan)) line += "," + name;
  return line + "\n";
}

Result<CrossValidated> cross_validate_series(const std::string& customer_id, const Rows& rows,
                                             const CrossValidatePlan& plan, CalendarCache& calendars,
                                             const OptionSet* set) {
  const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
  Result<forecast::PreparedRows> prepared = forecast::prepare_rows({rows.ds, rows.y, columns});
  if (!prepared) return std::move(prepared).error();
  Result<forecast::Calendar> calendar = calendars.get(*prepared, set);
  if (!calendar) return std::move(calendar).error();
  forecast::FitReport fitted;
  Result<forecast::FittedModel> model = forecast::fit(*calendar, *prepared, forecast::KeepHistory::kYes, &fitted);
  if (!model) return std::move(model).error();
  Result<diagnose::CrossValidation> table = diagnose::cross_validation(*model, plan.call);
  if (!table) return std::move(table).error();

  const forecast::KeptHistory& history = *model->state().history;
  const std::vector<double> naive = naive_forecasts(history, *table);
  const std::optional<double> scale = seasonal_naive_scale(history.ds, history.y, infer_season(history.ds));
  CrossValidated result;
  result.cutoffs = table->cutoffs.size();
  SeriesReport& report = result.report;
  report.rows = static_cast<std::uint64_t>(model->state().rows);
  report.holdout_rows = table->rows();
  report.log_posterior = model->state().log_posterior;
  report.note = joined(table->warnings);
  report.holdout =
      accuracy(table->y, table->column("yhat"), table->column("yhat_lower"), table->column("yhat_upper"), scale);
  report.naive = accuracy(table->y, naive, {}, {}, scale);
  std::string id;
  append_csv_field(id, customer_id);
  if (plan.rows) result.rows = table_rows(id, *table, naive);
  if (plan.figures) {
    Result<diagnose::PerformanceMetrics> figures = diagnose::performance_metrics(*table, plan.metrics);
    if (!figures) return std::move(figures).error();
    result.figures = metrics_rows(id, *figures, metric_columns(plan), plan.metrics.monthly);
  }
  return result;
}

void cross_validate_fleet(const SeriesSource& source, const CrossValidatePlan& plan, const std::atomic<bool>& stop,
                          const std::function<bool(const CrossValidated&)>& on_series) {
  CalendarCache calendars(plan.prophet);
  CrossValidatePlan each = plan;
  each.call.threads = std::max(1, plan.threads / static_cast<int>(std::clamp<std::size_t>(source.size(), 1, 1024)));
  each.call.stop = &stop;
  const auto validate = [&](std::size_t i) -> Result<CrossValidated> {
    Result<std::string> bytes = source.read(source.name(i), std::chrono::steady_clock::now() + std::chrono::minutes(5));
    if (!bytes) return std::move(bytes).error();
    Result<std::optional<OptionSet>> set = own_options(plan, source.customer_id(i));
    if (!set) return std::move(set).error();
    const OptionSet* own = *set ? &**set : nullptr;
    table::SeriesColumns columns = plan.columns;
    if (own != nullptr) columns.further = own->further;
    Result<table::Series> series = table::read_series_csv(*bytes, source.name(i) + ".csv", columns);
    if (!series) return std::move(series).error();
    return cross_validate_series(source.customer_id(i), rows_of(*series, columns.further), each, calendars, own);
  };
  const auto make = [&](std::size_t i) -> CrossValidated {
    const auto start = std::chrono::steady_clock::now();
    Result<CrossValidated> validated = validate(i);
    CrossValidated result;
    if (validated) {
      result = *std::move(validated);
    } else {
      result.report.status = SeriesStatus::kFailed;
      result.report.reason = source.path(i) + ": " + validated.error().message;
    }
    result.report.customer_id = source.customer_id(i);
    result.report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  };
  const int threads = std::min(plan.threads, static_cast<int>(std::clamp<std::size_t>(source.size(), 1, 1024)));
  work_in_order(source.size(), threads, kWaiting * static_cast<std::size_t>(threads), stop, make,
                [&](const CrossValidated& result) {
                  // A series that the signal cut off is not a failed one.
                  if (result.report.status == SeriesStatus::kFailed && stop.load()) return false;
                  return on_series(result);
                });
}

}  // namespace chiliad::train
