#include "train/refresh_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "forecast/refresh.h"
#include "forecast/sufficient_statistics.h"

namespace chiliad::train {
namespace {

using forecast::FittedModel;
using forecast::FittedState;
using forecast::UpdateWay;

// Splits off the rows up to the model's last date, which are returned. Requires: rows ascend.
Rows take_known(const FittedModel& model, Rows& rows) {
  const auto first_new = std::ranges::upper_bound(rows.ds, forecast::last_date(model));
  Rows fresh = hold_back(rows, static_cast<std::size_t>(rows.ds.end() - first_new));
  return std::exchange(rows, std::move(fresh));
}

void append(Rows& rows, const Rows& more) {
  rows.ds.insert(rows.ds.end(), more.ds.begin(), more.ds.end());
  rows.y.insert(rows.y.end(), more.y.begin(), more.y.end());
  for (forecast::OwnedColumn& column : rows.columns) {
    const auto found = std::ranges::find(more.columns, column.name, &forecast::OwnedColumn::name);
    // A column that is missing shows as missing values: the fit names it.
    if (found == more.columns.end()) {
      column.values.resize(rows.ds.size(), std::numeric_limits<double>::quiet_NaN());
    } else {
      column.values.insert(column.values.end(), found->values.begin(), found->values.end());
    }
  }
}

// The rows that the model kept, with those that had no value.
Rows kept_rows(const FittedState& state) {
  constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  const forecast::KeptHistory& history = *state.history;
  Rows rows{history.ds, history.y, forecast::given_columns(state)};
  for (const Instant date : history.history_dates) {
    if (std::ranges::binary_search(history.ds, date)) continue;
    rows.ds.push_back(date);
    rows.y.push_back(kMissing);
    for (forecast::OwnedColumn& column : rows.columns) column.values.push_back(kMissing);
  }
  return rows;
}

// Whether these are all rows that the model was fitted on.
bool is_whole_history(const FittedState& state, const Rows& known) {
  const auto with_value = std::ranges::count_if(known.y, [](double y) { return !std::isnan(y); });
  const auto first = std::ranges::find_if(known.y, [](double y) { return !std::isnan(y); });
  return with_value == state.rows && with_value > 0 &&
         known.ds[static_cast<std::size_t>(first - known.y.begin())] == state.start;
}

// As they were given to the fit, but for a number of changepoints that the fit had to cut down: it is asked for again.
forecast::ProphetOptions options_of(const FittedState& state, int n_changepoints) {
  forecast::ProphetOptions options = state.options;
  const double share = std::floor(static_cast<double>(state.rows) * options.changepoint_range);
  if (!options.changepoints && options.n_changepoints >= 0 && options.n_changepoints == static_cast<int>(share) - 1)
    options.n_changepoints = std::max(options.n_changepoints, n_changepoints);
  return options;
}

SeriesReport report_of(const FittedModel& model, const forecast::FitReport& fit) {
  const FittedState& state = model.state();
  SeriesReport report;
  report.rows = static_cast<std::uint64_t>(state.rows);
  report.iterations = static_cast<std::uint64_t>(std::max(fit.iterations, 0));
  report.note = fit.note;
  if (!fit.constant_series && state.log_posterior) {
    report.log_posterior = *state.log_posterior;
    report.optimality_residual = fit.optimality_residual;
  }
  // The one figure over all rows that statistics have.
  if (state.rows > 0) {
    report.fit.rmse = state.y_scale * std::sqrt(state.statistics->sum_of_squares / static_cast<double>(state.rows));
  }
  return report;
}

// A fit of all rows. Those of the model's history, or where there is none the ones that the data has.
Result<SeriesFit> fit_again(const FittedModel& model, const Rows& known, const Rows& fresh, const std::string& reason,
                            forecast::KeepHistory keep, int n_changepoints) {
  const FittedState& state = model.state();
  Rows rows;
  if (state.history) {
    rows = kept_rows(state);
  } else if (is_whole_history(state, known)) {
    rows = known;
  } else {
    return invalid("it has to be fitted from all its rows (" + reason +
                   "), and the model keeps no history: give all rows with --skip-known-rows, or train it anew");
  }
  append(rows, fresh);
  forecast::FitOptions how(keep);
  how.keep_statistics = true;
  if (forecast::has_one_mode(model)) how.warm_start = forecast::warm_start_params(model);
  CalendarCache calendars(options_of(state, n_changepoints), 0);
  Result<SeriesFit> fit = fit_series(rows, {}, calendars, how);
  if (!fit || !state.conformal) return fit;
  Result<FittedModel> calibrated = fit->model.with_conformal(state.conformal);
  if (!calibrated) return std::move(calibrated).error();
  fit->model = *std::move(calibrated);
  return fit;
}

std::string count_of_rows(std::size_t count) { return std::to_string(count) + (count == 1 ? " row" : " rows"); }

}  // namespace

Result<std::optional<RefreshedSeries>> refresh_series(const FittedModel& model, Rows rows,
                                                      const RefreshOptions& options, forecast::KeepHistory keep,
                                                      int n_changepoints) {
  hold_back(rows, 0);  // Sorts them.
  if (rows.ds.empty()) return invalid("there are no new rows");
  const Rows known = take_known(model, rows);
  if (!known.ds.empty() && !options.skip_known_rows) {
    return invalid(count_of_rows(known.ds.size()) + " at or before the model's last date, " +
                   format_instant(forecast::last_date(model)) + ", the first at " + format_instant(known.ds.front()) +
                   ": remove them, or leave them out with --skip-known-rows");
  }
  if (rows.ds.empty()) return std::optional<RefreshedSeries>();
  std::optional<RefreshedSeries> done;
  std::string reason = "changepoints are to be placed anew";
  if (!options.refit) {
    forecast::FitReport report;
    const std::vector<forecast::Column> columns = forecast::borrow(rows.columns);
    Result<forecast::Refreshed> refreshed = forecast::refresh(model, {rows.ds, rows.y, columns}, keep, &report);
    if (!refreshed) return std::move(refreshed).error();
    reason = std::move(refreshed->reason);
    if (refreshed->model) {
      SeriesReport row = report_of(*refreshed->model, report);
      done = RefreshedSeries{{*std::move(refreshed->model), std::move(row)}, UpdateWay::kStatistics};
    }
  }
  if (!done) {
    const bool keeps = keep == forecast::KeepHistory::kYes && model.state().history;
    Result<SeriesFit> fit = fit_again(model, known, rows, reason,
                                      keeps ? forecast::KeepHistory::kYes : forecast::KeepHistory::kNo, n_changepoints);
    if (!fit) return std::move(fit).error();
    done = RefreshedSeries{*std::move(fit), UpdateWay::kHistory};
    add_note(done->fit.report.note, "fitted from all rows: " + reason);
  }
  if (!known.ds.empty())
    add_note(done->fit.report.note, count_of_rows(known.ds.size()) + " of the data known already and left out");
  return done;
}

}  // namespace chiliad::train
