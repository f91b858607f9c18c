// The workers take series in order from one counter and hand outcomes to the recorder through an OrderedQueue, so that
// journal and report come in the order of the series. A worker does a series from file to archive: the rows stay in its
// core's cache, and no queue holds anything bigger than an outcome.

#include "train/train.h"

#include <cstdlib>
#include <thread>

#include "base/check.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "base/mutex.h"
#include "forecast/refresh.h"
#include "forecast/stored_form.h"
#include "train/calendar_cache.h"
#include "train/fit_series.h"
#include "train/ordered_queue.h"
#include "train/ordered_work.h"
#include "train/stored_model.h"

namespace chiliad::train {
namespace {

using Clock = std::chrono::steady_clock;

// Part of every stamp: to be raised when the same rows and options give other archives than before.
constexpr std::string_view kArchiveFormat = "chiliad archive 1";

constexpr std::size_t kQueueCapacity = 4096;
constexpr auto kLongestNap = std::chrono::milliseconds(50);
constexpr auto kStoreDeadline = std::chrono::minutes(5);

struct Outcome {
  JournalRecord record;        // record.report is the report's row.
  std::optional<Error> error;  // Why it failed.
  bool concerns_all = false;   // The error is not this series' own.
  bool trained = false;        // Set while its record is with the others of the batch.
};

// Whether a failure to read or write says something about the store instead of the series.
bool concerns_all(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNoSpace:
    case ErrorCode::kForbidden:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadline: return true;
    default: return false;
  }
}

// Those of the model stored under this name; none where there is no such model. Errors: as load_model(), but kNotFound.
Result<std::optional<forecast::WarmStart>> earlier_parameters(store::ObjectStore& models, const std::string& name) {
  Result<forecast::FittedModel> model =
      load_model(models, name, forecast::KeepHistory::kNo, Clock::now() + kStoreDeadline);
  if (model) return std::optional(forecast::warm_start_params(*model));
  if (model.error().code == ErrorCode::kNotFound) return std::optional<forecast::WarmStart>();
  return std::move(model).error();
}

void note_bad_rows(const table::Series& series, std::string& note) {
  if (series.bad_rows.count == 0) return;
  add_note(note, std::to_string(series.bad_rows.count) +
                     " bad rows left out, the first: " + series.bad_rows.messages.front());
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Run {
 public:
  Run(const SeriesSource& source, store::ObjectStore& models, Journal& journal, const TrainOptions& options,
      const std::atomic<bool>& stop, const OnSeries& on_series)
      : source_(source),
        models_(models),
        journal_(journal),
        options_(options),
        options_hash_(options_hash(options)),
        stop_(stop),
        on_series_(on_series),
        calendars_(options.prophet),
        outcomes_(kQueueCapacity) {}

  TrainSummary run();

 private:
  Result<Done> confirm_archives();

  // Worker side.
  void work();
  Outcome do_series(std::size_t i);
  Result<Done> train_series(const std::string& bytes, std::size_t i, const OptionSet* set, Outcome& outcome);
  Result<bool> refresh_stored(const std::string& bytes, std::size_t i, const OptionSet* set, Outcome& outcome);
  Result<Done> put_model(const forecast::FittedModel& model, const std::vector<archive::Member>& others, std::size_t i,
                         Outcome& outcome);
  bool is_kept(const std::string& archive, const Stamp& stamp);

  // Recorder side.
  void record();
  void take(Outcome outcome);
  bool flush();
  void acknowledge(const SeriesReport& report);
  void give_up(TrainEnd end, std::optional<Error> error);

  const SeriesSource& source_;
  store::ObjectStore& models_;
  Journal& journal_;
  const TrainOptions& options_;
  const std::uint64_t options_hash_;
  const std::atomic<bool>& stop_;
  const OnSeries& on_series_;
  CalendarCache calendars_;

  OrderedQueue<Outcome> outcomes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> halt_{false};  // The recorder wants no more.
  Mutex journal_mutex_;            // Workers ask journal_, the recorder writes it.

  // The recorder's own.
  TrainSummary summary_;
  std::vector<Outcome> batch_;
  std::size_t batch_trained_ = 0;
  std::uint64_t failures_seen_ = 0;  // Also those in the batch.
  Clock::time_point batch_started_;
};

TrainSummary Run::run() {
  summary_.total = source_.size();
  if (Result<Done> confirmed = confirm_archives(); !confirmed) {
    give_up(TrainEnd::kBroken, std::move(confirmed).error());
    return std::move(summary_);
  }
  std::atomic<int> running{options_.threads};
  std::vector<std::thread> workers;
  for (int i = 0; i < options_.threads; ++i) {
    workers.emplace_back([&] {
      work();
      // The last one out knows how many tickets were handed out: each that was taken has been pushed.
      if (--running == 0) outcomes_.finish(std::min(next_.load(), source_.size()));
    });
  }
  record();
  for (std::thread& worker : workers) worker.join();
  summary_.calendars = calendars_.counts().misses;
  return std::move(summary_);
}

// One pass over the list of stored archives instead of one question a model.
Result<Done> Run::confirm_archives() {
  if (journal_.size() == 0 || options_.force) return Done{};
  store::ListRequest request;
  while (true) {
    Result<store::ListPage> page = models_.list(request, Clock::now() + kStoreDeadline);
    if (!page) return std::move(page).error();
    for (const store::ObjectInfo& object : page->objects) journal_.confirm(object.key, object.etag);
    if (!page->next_token) return Done{};
    request.token = *page->next_token;
  }
}

// ---------------------------------------------------------------------------------------------------
// Worker side
// ---------------------------------------------------------------------------------------------------

void Run::work() {
  while (!stop_.load(std::memory_order_relaxed) && !halt_.load(std::memory_order_relaxed)) {
    const std::size_t i = next_.fetch_add(1, std::memory_order_relaxed);
    if (i >= source_.size()) return;
    outcomes_.push(i, do_series(i));
  }
}

Outcome Run::do_series(std::size_t i) {
  const Clock::time_point start = Clock::now();
  Outcome outcome;
  SeriesReport& report = outcome.record.report;
  const std::string archive = source_.name(i) + ".tar.gz";
  Result<std::string> bytes = source_.read(i, Clock::now() + kStoreDeadline);
  Result<std::shared_ptr<const OptionSet>> set = std::shared_ptr<const OptionSet>();
  if (options_.fleet) set = options_.fleet->of(source_.customer_id(i));
  if (!bytes) {
    outcome.concerns_all = source_.remote() && concerns_all(bytes.error());
    outcome.error = std::move(bytes).error();
  } else if (!set) {
    outcome.error = std::move(set).error();
  } else {
    outcome.record.stamp = {content_hash(*bytes), *set ? options_hash(options_, (*set)->prophet) : options_hash_};
    report.archive = archive;
    if (!options_.force && is_kept(archive, outcome.record.stamp)) {
      report.status = SeriesStatus::kKept;
      return outcome;
    }
    Result<Done> trained = train_series(*bytes, i, set->get(), outcome);
    if (!trained) outcome.error = std::move(trained).error();
  }
  report.customer_id = source_.customer_id(i);
  report.archive = archive;
  report.seconds = seconds_since(start);
  if (outcome.error) {
    report.status = SeriesStatus::kFailed;
    report.reason = source_.reason(i, *outcome.error);
  }
  return outcome;
}

// Brings the stored model of series i up to date. False: there is none.
Result<bool> Run::refresh_stored(const std::string& bytes, std::size_t i, const OptionSet* set, Outcome& outcome) {
  const std::string key = source_.name(i) + ".tar.gz";
  Result<std::string> stored = get_stored(models_, key, Clock::now() + kStoreDeadline);
  if (!stored && stored.error().code == ErrorCode::kNotFound) return false;
  if (!stored) {
    outcome.concerns_all = concerns_all(stored.error());
    return std::move(stored).error();
  }
  Result<StoredArchive> archive = read_stored_archive(*stored, options_.keep_history);
  if (!archive) return std::move(archive).error().in(key);
  SeriesReport& report = outcome.record.report;
  const std::uint64_t hash = outcome.record.stamp.data;
  const forecast::FittedState& state = archive->model.state();
  if (state.last_update && state.last_update->rows_hash == hash) {
    // Stored by a run that ended before it could record it.
    Result<store::ObjectInfo> info = models_.head(key, Clock::now() + kStoreDeadline);
    if (!info) return std::move(info).error();
    outcome.record.etag = info->etag;
    report.rows = static_cast<std::uint64_t>(state.rows);
    report.log_posterior = state.log_posterior;
    report.archive_bytes = info->size_bytes;
    report.way = forecast::update_way_name(state.last_update->way);
    report.note = "these rows were in the stored model already";
    return true;
  }
  // Its own columns: others of the file are what other series need.
  table::SeriesColumns columns = options_.columns;
  columns.further = further_columns(forecast::needed_columns(state));
  Result<table::Series> series = table::read_series_csv(bytes, source_.path(i), columns);
  if (!series) return std::move(series).error();
  Result<std::optional<RefreshedSeries>> done =
      refresh_series(archive->model, rows_of(*series, columns.further), *options_.refresh, options_.keep_history,
                     (set == nullptr ? options_.prophet : set->prophet).n_changepoints);
  if (!done) return std::move(done).error();
  if (!*done) {
    report.status = SeriesStatus::kKept;
    return true;
  }
  SeriesFit& fit = (*done)->fit;
  report = std::move(fit.report);
  report.way = forecast::update_way_name((*done)->way);
  note_bad_rows(*series, report.note);
  const std::vector<archive::Member>& others = options_.code.empty() ? archive->others : options_.code;
  Result<Done> put = put_model(fit.model.with_last_update({hash, (*done)->way}), others, i, outcome);
  if (!put) return std::move(put).error();
  return true;
}

Result<Done> Run::train_series(const std::string& bytes, std::size_t i, const OptionSet* set, Outcome& outcome) {
  if (options_.refresh) {
    Result<bool> refreshed = refresh_stored(bytes, i, set, outcome);
    if (!refreshed) return std::move(refreshed).error();
    if (*refreshed) return Done{};
  }
  table::SeriesColumns columns = options_.columns;
  if (set != nullptr) {
    columns.further = set->further;
  } else if (options_.refresh) {
    columns.further = further_columns(forecast::needed_columns(options_.prophet));
  }
  Result<table::Series> series = table::read_series_csv(bytes, source_.path(i), columns);
  if (!series) return std::move(series).error();
  Rows rows = rows_of(*series, columns.further);
  const Rows test = hold_back(rows, options_.holdout);
  forecast::FitOptions how(options_.keep_history);
  how.keep_statistics = options_.keep_statistics || options_.refresh;
  if (options_.warm_start) {
    Result<std::optional<forecast::WarmStart>> warm = earlier_parameters(*options_.warm_start, source_.name(i));
    if (!warm) {
      outcome.concerns_all = concerns_all(warm.error());
      return std::move(warm).error().in("--warm-start");
    }
    how.warm_start = *std::move(warm);
  }
  Result<SeriesFit> fit =
      fit_series(rows, test, calendars_, how, options_.conformal ? &*options_.conformal : nullptr, {}, set);
  if (!fit && !test.ds.empty())
    return std::move(fit).error().in("without the " + std::to_string(test.ds.size()) + " rows held back");
  if (!fit) return std::move(fit).error();
  outcome.record.report = std::move(fit->report);
  note_bad_rows(*series, outcome.record.report.note);
  if (!options_.refresh) return put_model(fit->model, options_.code, i, outcome);
  outcome.record.report.way = forecast::update_way_name(forecast::UpdateWay::kCold);
  return put_model(fit->model.with_last_update({outcome.record.stamp.data, forecast::UpdateWay::kCold}), options_.code,
                   i, outcome);
}

// Stores series i's archive.
Result<Done> Run::put_model(const forecast::FittedModel& model, const std::vector<archive::Member>& others,
                            std::size_t i, Outcome& outcome) {
  std::vector<archive::Member> members{{"model.json", forecast::model_to_json(model)}};
  members.insert(members.end(), others.begin(), others.end());
  Result<std::string> archive = archive::write_tar_gz(members);
  if (!archive) return std::move(archive).error().in("write archive");
  const std::string key = source_.name(i) + ".tar.gz";
  Result<store::ObjectInfo> stored = models_.put(key, *archive, {}, Clock::now() + kStoreDeadline);
  if (!stored) {
    outcome.concerns_all = concerns_all(stored.error());
    return std::move(stored).error();
  }
  outcome.record.etag = stored->etag;
  outcome.record.report.archive_bytes = archive->size();
  return Done{};
}

bool Run::is_kept(const std::string& archive, const Stamp& stamp) {
  MutexLock lock(journal_mutex_);
  return journal_.holds(archive, stamp);
}

// ---------------------------------------------------------------------------------------------------
// Recorder side
// ---------------------------------------------------------------------------------------------------

void Run::record() {
  batch_started_ = Clock::now();
  while (!outcomes_.finished()) {
    const Clock::time_point wake = std::min(batch_started_ + options_.sync_interval, Clock::now() + kLongestNap);
    for (Outcome& outcome : outcomes_.take(kWakeUp, wake)) {
      if (summary_.end == TrainEnd::kComplete) take(std::move(outcome));
    }
    const bool due = batch_trained_ >= std::max<std::size_t>(options_.sync_batch, 1) ||
                     batch_.size() >= kQueueCapacity || Clock::now() >= batch_started_ + options_.sync_interval;
    if (due && !flush()) break;
  }
  flush();
  const std::uint64_t done = summary_.trained + summary_.kept + summary_.failed;
  if (summary_.end == TrainEnd::kComplete && stop_.load() && done < summary_.total) summary_.end = TrainEnd::kStopped;
}

void Run::take(Outcome outcome) {
  if (batch_.empty()) batch_started_ = Clock::now();
  if (outcome.concerns_all) {
    // What was stored before is recorded all the same: the disk of the journal may be another one.
    flush();
    give_up(TrainEnd::kBroken, std::move(outcome.error));
    return;
  }
  batch_trained_ += outcome.record.report.status == SeriesStatus::kTrained;
  failures_seen_ += outcome.record.report.status == SeriesStatus::kFailed;
  batch_.push_back(std::move(outcome));
  if (failures_seen_ > options_.max_failures) flush();
}

// Archives to the disk, then their records, then the acknowledgement. False: the run is over.
bool Run::flush() {
  batch_started_ = Clock::now();
  std::vector<Outcome> batch = std::exchange(batch_, {});
  std::vector<JournalRecord> records;
  for (Outcome& outcome : batch) {
    outcome.trained = outcome.record.report.status == SeriesStatus::kTrained;
    if (outcome.trained) records.push_back(std::move(outcome.record));
  }
  batch_trained_ = 0;
  if (!records.empty()) {
    const bool sync = options_.sync_batch > 0;
    Result<Done> done = Done{};
    if (sync) {
      done = models_.sync();
      ++summary_.syncs;
    }
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    for (JournalRecord& record : records) record.time_ms = now.count();
    if (done) {
      MutexLock lock(journal_mutex_);
      done = journal_.append(records, sync ? Durability::kSync : Durability::kNone);
    }
    summary_.sync_seconds += seconds_since(batch_started_);
    if (!done) {
      give_up(TrainEnd::kBroken, std::move(done).error());
      return false;
    }
  }
  auto recorded = records.begin();
  for (Outcome& outcome : batch) {
    if (outcome.trained) outcome.record = std::move(*recorded++);
    if (outcome.record.report.status == SeriesStatus::kKept) {
      Result<SeriesReport> earlier = journal_.report_of(outcome.record.report.archive);
      if (earlier) outcome.record.report = *std::move(earlier);
      outcome.record.report.status = SeriesStatus::kKept;
    }
    acknowledge(outcome.record.report);
  }
  if (summary_.failed > options_.max_failures) give_up(TrainEnd::kTooManyFailures, std::nullopt);
  return summary_.end == TrainEnd::kComplete;
}

void Run::acknowledge(const SeriesReport& report) {
  switch (report.status) {
    case SeriesStatus::kTrained:
      ++summary_.trained;
      summary_.rows += report.rows;
      summary_.archive_bytes += report.archive_bytes;
      break;
    case SeriesStatus::kKept: ++summary_.kept; break;
    case SeriesStatus::kFailed: ++summary_.failed; break;
  }
  on_series_(report);
}

void Run::give_up(TrainEnd end, std::optional<Error> error) {
  if (summary_.end == TrainEnd::kComplete) {
    summary_.end = end;
    summary_.error = std::move(error);
  }
  halt_ = true;
  outcomes_.close();
}

// What options came to have later is written where it is used, so that the hashes of others stay.
void write_further_parts(JsonWriter& json, const forecast::ProphetOptions& prophet) {
  if (prophet.mcmc_samples > 0) json.string("mcmc_samples").integer(prophet.mcmc_samples);
  for (const forecast::Seasonality& seasonality : prophet.seasonalities) {
    if (!seasonality.condition_name.empty())
      json.string("condition").string(seasonality.name).string(seasonality.condition_name);
  }
  if (!prophet.country_holidays.empty()) json.string("country_holidays").string(prophet.country_holidays);
  if (prophet.holidays) {
    json.string("holidays");
    for (const forecast::HolidayTable::Row& row : prophet.holidays->rows) {
      json.string(prophet.holidays->names[row.name]).integer(row.day).integer(row.lower_window);
      json.integer(row.upper_window).number(row.prior_scale);
    }
  }
  for (const forecast::Regressor& regressor : prophet.regressors) {
    json.string("regressor").string(regressor.name).number(regressor.prior_scale);
    json.integer(static_cast<int>(regressor.standardize)).integer(static_cast<int>(regressor.mode));
  }
}

void write_seasonality_choice(JsonWriter& json, const forecast::SeasonalityChoice& choice) {
  json.integer(static_cast<int>(choice.kind)).integer(choice.fourier_order);
}

}  // namespace

TrainSummary train(const SeriesSource& source, store::ObjectStore& models, Journal& journal,
                   const TrainOptions& options, const std::atomic<bool>& stop, const OnSeries& on_series) {
  CHILIAD_CHECK(options.threads >= 1);
  return Run(source, models, journal, options, stop, on_series).run();
}

std::uint64_t options_hash(const TrainOptions& options) { return options_hash(options, options.prophet); }

std::uint64_t options_hash(const TrainOptions& options, const forecast::ProphetOptions& prophet) {
  JsonWriter json;
  json.begin_array().string(kArchiveFormat);
  json.integer(static_cast<int>(options.keep_history)).integer(static_cast<std::int64_t>(options.holdout));
  json.integer(static_cast<int>(options.columns.header)).integer(options.columns.delimiter);
  json.boolean(options.columns.skip_bad_rows);
  for (const table::ColumnChoice* column : {&options.columns.timestamp, &options.columns.value})
    json.string(column->name).integer(static_cast<std::int64_t>(column->position));
  json.integer(static_cast<int>(prophet.growth));
  if (prophet.changepoints) {
    json.begin_array();
    for (const Instant moment : *prophet.changepoints) json.integer(nanos_since_epoch(moment));
    json.end_array();
  } else {
    json.null();
  }
  json.integer(prophet.n_changepoints).number(prophet.changepoint_range);
  write_seasonality_choice(json, prophet.yearly_seasonality);
  write_seasonality_choice(json, prophet.weekly_seasonality);
  write_seasonality_choice(json, prophet.daily_seasonality);
  json.begin_array();
  for (const forecast::Seasonality& seasonality : prophet.seasonalities) {
    json.string(seasonality.name).number(seasonality.period_days).integer(seasonality.fourier_order);
    json.number(seasonality.prior_scale).integer(static_cast<int>(seasonality.mode));
  }
  json.end_array();
  json.integer(static_cast<int>(prophet.seasonality_mode)).number(prophet.seasonality_prior_scale);
  json.number(prophet.holidays_prior_scale);
  json.integer(prophet.holidays_mode ? static_cast<int>(*prophet.holidays_mode) : -1);
  json.number(prophet.changepoint_prior_scale).integer(static_cast<int>(prophet.scaling));
  json.number(prophet.interval_width).integer(prophet.uncertainty_samples);
  write_further_parts(json, prophet);
  if (options.warm_start) json.string("warm_start");
  if (options.keep_statistics) json.string("keep_statistics");
  if (options.refresh) json.string("refresh").boolean(options.refresh->refit);
  if (options.conformal) {
    const diagnose::CrossValidationOptions& conformal = *options.conformal;
    json.string("conformal").integer(conformal.horizon.count());
    for (const auto& length : {conformal.period, conformal.initial}) json.integer(length ? length->count() : -1);
  }
  json.end_array();
  std::uint64_t hash = content_hash(std::move(json).take());
  for (const archive::Member& member : options.code) hash = content_hash(member.bytes, content_hash(member.name, hash));
  return hash;
}

Result<std::filesystem::path> default_journal_folder(std::string_view models) {
  if (!models.starts_with("s3://")) return std::filesystem::path(models) / ".chiliad-train";
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path base;
  if (state != nullptr && *state != '\0') {
    base = state;
  } else if (home != nullptr && *home != '\0') {
    base = std::filesystem::path(home) / ".local/state";
  } else {
    return Error{ErrorCode::kInvalid, "where to keep the journal of " + std::string(models) +
                                          ": neither XDG_STATE_HOME nor HOME is set; name a folder with --state"};
  }
  return base / "chiliad" / hex(content_hash(models));
}

}  // namespace chiliad::train
