// A shard of customers -> one archive each: the training step.
//
//     SeriesSource --read, parse--> rows --fit_series--> model --JSON, tar.gz--> store.put --+   worker threads
//                                                                                           |   (each does all of it)
//     report, progress <-- acknowledged <-- Journal.append <-- store.sync() <-- batch <-----+   one recorder
//
// Rules the rest relies on:
//   1. The same rows, options and program give the same archives, bit by bit, for any number of threads and shards.
//   2. A series that cannot be trained is set aside with its reason and the rest go on. What concerns all of them (a
//      full disk, refused credentials, a store that does not answer) ends the run.
//   3. A model is acknowledged (on_series) after its journal record is written, so kill -9 loses nothing acknowledged.
//      Unless sync_batch is 0, archives and record have reached the disk by then: so a power cut loses nothing either.
//   4. A series whose bytes and options did not change since its journal record, and whose archive is still the one
//      recorded, is not trained again; `force` trains it all the same. Failed series are tried again.
//   5. Refreshing is safe to repeat: a model says which rows came last, so a run that was killed between storing a
//   model
//      and recording it does not add them twice.
//   6. on_series is called in the order of the series, by one thread at a time.
//   7. Memory does not grow with the models: a series costs its name and some 100 bytes of the journal's index.
//
// doc/training.md has it in the user's words.
//
// Thread safety: train() uses threads of its own; the observer is called from one of them.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.h"
#include "diagnose/cross_validation.h"
#include "forecast/prophet.h"
#include "store/object_store.h"
#include "table/series_csv.h"
#include "train/fleet_options.h"
#include "train/journal.h"
#include "train/refresh_series.h"
#include "train/series_report.h"
#include "train/series_source.h"

namespace chiliad::train {

struct TrainOptions {
  forecast::ProphetOptions prophet;
  // Null: these for all. Else general() is `prophet`, and some series may have options of their own.
  std::shared_ptr<const FleetOptions> fleet;
  // further: further_columns() of what `prophet` needs (train/fit_series.h); with `refresh`, of what any series needs.
  table::SeriesColumns columns;
  forecast::KeepHistory keep_history = forecast::KeepHistory::kYes;
  // Unset: models are not calibrated. Set: how each is cross-validated for conformal intervals.
  std::optional<diagnose::CrossValidationOptions> conformal;
  // Null: every fit begins where Prophet begins. Else stored models: a series' own one there, if it has one, is where
  // its fit begins. May be the store that is trained into.
  std::shared_ptr<store::ObjectStore> warm_start;
  bool keep_statistics = false;  // So that models can be refreshed from new rows alone.
  // Set: the series are new rows of models that are stored already; those without one are trained as ever. All of them
  // keep statistics. Goes with neither holdout, conformal nor warm_start.
  std::optional<RefreshOptions> refresh;
  std::size_t holdout = 0;                  // Rows kept back at the end of each series.
  std::vector<archive::Member> code;        // Put into each archive after model.json; names begin "code/".
  int threads = 1;                          // >= 1.
  std::uint64_t max_failures = UINT64_MAX;  // More failed series than this end the run.
  bool force = false;
  // Models a sync of the store; 0: none, power cuts are not covered. A batch is also closed after sync_interval.
  std::size_t sync_batch = 1024;
  std::chrono::milliseconds sync_interval{1000};
};

enum class TrainEnd : std::uint8_t {
  kComplete,         // Every series was looked at.
  kStopped,          // *stop was set.
  kTooManyFailures,  // max_failures.
  kBroken,           // `error` says what concerns all series.
};

struct TrainSummary {
  TrainEnd end = TrainEnd::kComplete;
  std::optional<Error> error;  // With kBroken.
  std::uint64_t total = 0;     // Series of this shard.
  std::uint64_t trained = 0;
  std::uint64_t kept = 0;
  std::uint64_t failed = 0;
  std::uint64_t rows = 0;           // Fitted in this run.
  std::uint64_t archive_bytes = 0;  // Stored in this run.
  std::uint64_t syncs = 0;
  double sync_seconds = 0;
  std::uint64_t calendars = 0;  // Distinct ones made; series on a known calendar are trained - calendars.
};

using OnSeries = std::function<void(const SeriesReport&)>;

// Trains what the journal does not already hold. `stop` may be set at any time (by a signal): running fits are finished
// and recorded. The summary counts what was acknowledged.
TrainSummary train(const SeriesSource& source, store::ObjectStore& models, Journal& journal,
                   const TrainOptions& options, const std::atomic<bool>& stop, const OnSeries& on_series);

// The hash of everything but a series' rows that shapes its archive: Stamp::options. The second: of a series with these
// options of its own.
std::uint64_t options_hash(const TrainOptions& options);
std::uint64_t options_hash(const TrainOptions& options, const forecast::ProphetOptions& prophet);

// Where the journal of models at this location lies: in a folder, its subfolder ".chiliad-train"; for s3://, a folder
// of that address below $XDG_STATE_HOME or ~/.local/state. Errors: kInvalid: neither variable is set.
Result<std::filesystem::path> default_journal_folder(std::string_view models);

}  // namespace chiliad::train
