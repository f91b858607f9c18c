// chiliad-evaluate: how good a fleet's forecasts are, a row a customer and means over all.
//
//     input "models" and an input of rows     stored models on the rows after their history (batch evaluation)
//     input "captured" and one of rows        what an endpoint answered against the values that came (online
//     evaluation) holdout=N and an input of rows          models fitted without the last N rows, on these
//
// Captured forecasts are read as a stream; of each customer the sums of his errors are kept, so that memory grows with
// the customers and not with the calls.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <thread>

#include "algorithm/algorithm.h"
#include "algorithm/captured.h"
#include "algorithm/prophet_settings.h"
#include "algorithm/tables.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "train/evaluate_fleet.h"
#include "train/fit_series.h"
#include "train/stored_model.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShown = 20;
constexpr std::size_t kActualsKept = 1024;  // Customers whose rows are kept between captured lines.

struct EvaluateSettings {
  ColumnSettings columns;
  std::string layout = "auto";
  std::int64_t holdout = 0, threads = 0;
  std::string rows, models, captured;

  void take_from(Settings& settings) {
    columns.take_from(settings);
    settings.take("layout", layout);
    settings.take("holdout", holdout, 0, 1'000'000);
    settings.take("threads", threads, 0, 1024);
    settings.take("rows", rows);
    settings.take("models", models);
    settings.take("captured", captured);
  }
};

// The folder of the input of one of these names, or of the path that was given.
Result<std::optional<fs::path>> folder_of(const Container& container, const std::string& given,
                                          std::initializer_list<const char*> names) {
  if (!given.empty()) {
    if (const Container::Channel* input = container.input(given)) return std::optional(input->folder);
    Result<fs::path> place = container.place(given);
    if (!place) return std::move(place).error();
    return std::optional(*std::move(place));
  }
  for (const char* name : names) {
    if (const Container::Channel* input = container.input(name)) return std::optional(input->folder);
  }
  return std::optional<fs::path>();
}

// The report's file and the means of its rows.
class Outcome {
 public:
  explicit Outcome(fs::path root) : root_(std::move(root)) { train::append_csv_header(rows_); }

  void add(train::SeriesReport row) {
    row.reason = in_contract(root_, std::move(row.reason));
    train::append_csv_row(rows_, row);
    if (row.status == train::SeriesStatus::kFailed) {
      if (++failed_ <= kShown) say("failed: " + row.reason);
      if (first_failure_.empty()) first_failure_ = row.reason;
      return;
    }
    ++evaluated_;
    model_.add(row.holdout);
    naive_.add(row.naive);
  }

  Result<Done> write(const fs::path& folder, const std::string& suffix, std::string_view mode) {
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure) return system_error("make", folder, failure.value());
    JsonWriter json;
    std::string line = fmt::format("metric series={} failed={}", evaluated_, failed_);
    json.begin_object().key("mode").string(mode);
    json.key("series").integer(static_cast<std::int64_t>(evaluated_));
    json.key("failed").integer(static_cast<std::int64_t>(failed_));
    write_figures(json, line, "model", "", model_);
    write_figures(json, line, "seasonal_naive", "naive_", naive_);
    json.end_object();
    say(line);
    Result<Done> done = write_file_atomically(folder / ("evaluation" + suffix + ".csv"), rows_, Durability::kNone);
    if (!done) return done;
    return write_file_atomically(folder / ("evaluation" + suffix + ".json"), std::move(json).take() + "\n",
                                 Durability::kNone);
  }

  std::uint64_t evaluated() const { return evaluated_; }
  const std::string& first_failure() const { return first_failure_; }

 private:
  static void write_figures(JsonWriter& json, std::string& line, const char* key, const char* prefix,
                            const train::FleetAccuracy& accuracy) {
    const auto& [smape, mape, mae, rmse, mase, coverage] = accuracy;
    json.key(key).begin_object();
    for (const auto& [name, figure] :
         {std::pair{"smape", &smape}, std::pair{"mape", &mape}, std::pair{"mae", &mae}, std::pair{"rmse", &rmse},
          std::pair{"mase", &mase}, std::pair{"coverage", &coverage}}) {
      json.key(name);
      if (const std::optional<double> mean = figure->mean()) {
        json.number(*mean);
        line += fmt::format(" {}{}={:.6g}", prefix, name, *mean);
      } else {
        json.null();
      }
    }
    json.end_object();
  }

  const fs::path root_;
  std::string rows_;
  std::uint64_t evaluated_ = 0, failed_ = 0;
  std::string first_failure_;
  train::FleetAccuracy model_, naive_;
};

// The errors of one customer's captured forecasts.
struct Sums {
  double rows = 0, smape = 0, mape = 0, mae = 0, squares = 0, covered = 0, with_bounds = 0;
  bool has_mape = true;

  void add(const train::Accuracy& one, bool bounds) {
    const auto n = static_cast<double>(one.rows);
    if (n == 0) return;
    rows += n;
    smape += n * one.smape.value_or(0);
    mae += n * one.mae.value_or(0);
    squares += n * one.rmse.value_or(0) * one.rmse.value_or(0);
    has_mape = has_mape && one.mape;
    mape += n * one.mape.value_or(0);
    if (!bounds) return;
    covered += n * one.coverage.value_or(0);
    with_bounds += n;
  }
  train::Accuracy accuracy() const {
    train::Accuracy out;
    out.rows = static_cast<std::size_t>(rows);
    if (rows == 0) return out;
    out.smape = smape / rows;
    out.mae = mae / rows;
    out.rmse = std::sqrt(squares / rows);
    if (has_mape) out.mape = mape / rows;
    if (with_bounds > 0) out.coverage = covered / with_bounds;
    return out;
  }
};

// Compares captured forecasts with a fleet's rows.
class Online {
 public:
  Online(const Fleet& fleet, const Container& container) : fleet_(fleet), container_(container) {}

  Result<Done> read(const fs::path& path) {
    std::ifstream file(path);
    if (!file) return Error{ErrorCode::kUnavailable, "open " + path.string()};
    buffer_.resize(kMaxCapturedLine + 1);
    for (std::uint64_t number = 1; file.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
         ++number) {
      const std::string_view line(buffer_.data());
      if (line.empty()) continue;
      Result<CapturedForecast> forecast = parse_captured(line);
      if (!forecast) {
        if (++skipped_ <= kShown)
          say(fmt::format("left out: {}:{}: {}", path.filename().string(), number, forecast.error().message));
        continue;
      }
      ++lines_;
      if (content_hash(forecast->series) % container_.count() == container_.index()) compare(*forecast);
    }
    if (!file.eof()) return Error{ErrorCode::kTooLarge, path.string() + ": a line is longer than 16 MiB"};
    return Done{};
  }

  void report(Outcome& outcome) const {
    for (const auto& [name, sums] : sums_) {
      train::SeriesReport row;
      row.customer_id = train::customer_of(name);
      row.archive = name + std::string(train::kArchiveSuffix);
      row.holdout = sums.accuracy();
      row.holdout_rows = row.holdout.rows;
      const auto problem = problems_.find(name);
      if (row.holdout.rows == 0) {
        row.status = train::SeriesStatus::kFailed;
        row.reason =
            name + ": " + (problem == problems_.end() ? "no actual value on the dates forecast" : problem->second);
      }
      outcome.add(row);
    }
  }

  std::uint64_t lines() const { return lines_; }
  std::uint64_t skipped() const { return skipped_; }

 private:
  using Actual = std::map<Instant, double>;

  const Actual& actual_of(const std::string& name) {
    const auto known = actuals_.find(name);
    if (known != actuals_.end()) return known->second;
    if (actuals_.size() >= kActualsKept) actuals_.clear();
    Actual& rows = actuals_[name];
    // A name from a captured line is no path.
    if (name.find('/') != std::string::npos || name.starts_with('.')) {
      problems_[name] = "no series of this name";
      return rows;
    }
    Result<std::string> bytes = fleet_.source->read(name, Deadline::max());
    Result<table::Series> series = bytes ? table::read_series_csv(*bytes, name + ".csv", fleet_.columns)
                                         : Result<table::Series>(std::move(bytes).error());
    if (!series) {
      problems_[name] = series.error().message;
      return rows;
    }
    for (std::size_t i = 0; i < series->ds.size(); ++i) rows[series->ds[i]] = series->y[i];
    return rows;
  }

  void compare(const CapturedForecast& forecast) {
    Sums& sums = sums_[forecast.series];
    const Actual& actual = actual_of(forecast.series);
    std::vector<double> y, yhat, lower, upper;
    for (std::size_t i = 0; i < forecast.ds.size(); ++i) {
      const auto row = actual.find(forecast.ds[i]);
      if (row == actual.end()) continue;
      y.push_back(row->second);
      yhat.push_back(forecast.yhat[i]);
      if (forecast.lower.empty()) continue;
      lower.push_back(forecast.lower[i]);
      upper.push_back(forecast.upper[i]);
    }
    if (!y.empty()) sums.add(train::accuracy(y, yhat, lower, upper, std::nullopt), !lower.empty());
  }

  const Fleet& fleet_;
  const Container& container_;
  std::map<std::string, Sums> sums_;
  std::map<std::string, Actual> actuals_;
  std::map<std::string, std::string> problems_;
  std::vector<char> buffer_;  // A line.
  std::uint64_t lines_ = 0, skipped_ = 0;
};

Result<Done> evaluate_captured(const fs::path& folder, const Fleet& fleet, const Container& container,
                               Outcome& outcome) {
  Result<std::vector<fs::path>> files = files_below(folder);
  if (!files) return std::move(files).error();
  Online online(fleet, container);
  for (const fs::path& file : *files) {
    if (Result<Done> done = online.read(file); !done) return done;
  }
  say(fmt::format("{} captured forecasts in {} files, {} lines left out", online.lines(), files->size(),
                  online.skipped()));
  online.report(outcome);
  return Done{};
}

Result<Done> evaluate(const fs::path& root, const std::atomic<bool>& stop) {
  Result<Container> container = Container::open(root, false);
  if (!container) return std::move(container).error();
  Result<Settings> settings = Settings::of_processing(root);
  if (!settings) return std::move(settings).error();
  EvaluateSettings wanted;
  wanted.take_from(*settings);
  train::ProphetFlags prophet_flags;
  take_prophet_settings(*settings, prophet_flags);
  if (Result<Done> done = settings->finish(); !done) return done;

  Result<std::optional<fs::path>> rows = folder_of(*container, wanted.rows, {"rows", "actual", "actuals", "training"});
  Result<std::optional<fs::path>> models = folder_of(*container, wanted.models, {"models"});
  Result<std::optional<fs::path>> captured = folder_of(*container, wanted.captured, {"captured", "capture"});
  for (const auto* one : {&rows, &models, &captured}) {
    if (!*one) return one->error();
  }
  if (!*rows)
    return Error{ErrorCode::kInvalid, "expected an input 'rows' (or 'actual') with the values to compare with"};
  if ((wanted.holdout > 0) + (models->has_value() ? 1 : 0) + (captured->has_value() ? 1 : 0) != 1)
    return Error{ErrorCode::kInvalid, "expected one of: an input 'models', an input 'captured', holdout N"};

  std::vector<fs::path> others;
  for (const Container::Channel& input : container->inputs()) {
    if (input.folder != **rows) others.push_back(input.folder);
  }
  const prepare::Shard shard = *captured ? prepare::Shard{} : prepare::Shard{container->index(), container->count()};
  std::unique_ptr<store::ObjectStore> store;
  if (*models) {
    Result<std::unique_ptr<store::ObjectStore>> opened = store::open_folder(**models);
    if (!opened) return std::move(opened).error();
    store = *std::move(opened);
    wanted.columns.further = train::further_columns(train::columns_of_models(*store, Deadline::max()));
  }
  Result<train::FleetOptions> read = read_fleet_options(*container, prophet_flags);
  if (!read) return std::move(read).error();
  const auto of_series = std::make_shared<const train::FleetOptions>(*std::move(read));
  if (wanted.holdout > 0) wanted.columns.further = train::further_columns(of_series->needed_columns());
  Result<Fleet> fleet = open_fleet(**rows, wanted.layout, wanted.columns, shard, others);
  if (!fleet) return std::move(fleet).error();
  if (!fleet->source) return Error{ErrorCode::kInvalid, "no file with rows in " + (*rows)->string()};

  Outcome outcome(root);
  const std::string_view mode = *captured ? "captured" : *models ? "models" : "holdout";
  if (*captured) {
    if (Result<Done> done = evaluate_captured(**captured, *fleet, *container, outcome); !done) return done;
  } else {
    train::EvaluatePlan plan;
    plan.prophet = of_series->general();
    plan.fleet = of_series;
    plan.columns = fleet->columns;
    if (!*models) plan.columns.further = train::further_columns(forecast::needed_columns(plan.prophet));
    plan.holdout = static_cast<std::size_t>(wanted.holdout);
    plan.threads = wanted.threads > 0 ? static_cast<int>(wanted.threads)
                                      : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    plan.models = store.get();
    train::evaluate_fleet(*fleet->source, plan, stop, [&](const train::SeriesReport& row) {
      outcome.add(row);
      return true;
    });
  }
  const std::string suffix = container->count() > 1 ? "-" + container->host() : "";
  if (Result<Done> done = outcome.write(container->output(), suffix, mode); !done) return done;
  if (stop.load()) return Error{ErrorCode::kUnavailable, "stopped by a signal"};
  if (outcome.evaluated() == 0 && !outcome.first_failure().empty())
    return Error{ErrorCode::kInvalid, "no series could be evaluated; the first: " + outcome.first_failure()};
  return Done{};
}

}  // namespace

int run_evaluate(const fs::path& root, const std::atomic<bool>& stop) {
  Result<Done> done = evaluate(root, stop);
  return done ? 0 : fail(root, std::move(done).error().in("evaluate"));
}

}  // namespace chiliad::algorithm
