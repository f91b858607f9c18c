// chiliad-prophet: the series of the channel "training" -> an archive a customer (train/train.h).
//
// Archives go to the checkpoints folder, where the job has one, so that they are in the object store while the job runs
// and one by one: what an endpoint of many models reads. Over several instances a channel dealt by key holds an
// instance's own customers; of a replicated one each instance takes every n-th.

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "algorithm/algorithm.h"
#include "algorithm/archive_folder.h"
#include "algorithm/prophet_settings.h"
#include "algorithm/tables.h"
#include "base/json_writer.h"
#include "train/evaluate_fleet.h"
#include "train/fit_series.h"
#include "train/max_failures.h"
#include "train/prophet_flags.h"
#include "train/train.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownFailures = 20;
constexpr std::chrono::seconds kProgress{10};

struct ProphetSettings {
  train::ProphetFlags prophet;
  ColumnSettings columns;
  std::string layout = "auto";
  std::string models_dir;
  std::string history = "full";
  std::int64_t holdout = 0, threads = 0;
  std::string max_failures;
  bool resume_journal = false;

  void take_from(Settings& settings) {
    take_prophet_settings(settings, prophet);
    columns.take_from(settings);
    settings.take("layout", layout);
    settings.take("models_dir", models_dir);
    settings.take("history", history);
    settings.take("holdout", holdout, 0, 1'000'000);
    settings.take("threads", threads, 0, 1024);
    settings.take("max_failures", max_failures);
    settings.take("resume_journal", resume_journal);
  }
};

// As many as the cores leave to each of the instances that share them.
int default_threads(std::size_t instances) {
  const auto cores = static_cast<std::size_t>(std::max(1U, std::thread::hardware_concurrency()));
  return static_cast<int>(std::max<std::size_t>(1, cores / std::min(instances, cores)));
}

Result<fs::path> models_folder(const Container& container, const std::string& models_dir) {
  std::error_code failure;
  const bool has_checkpoints = fs::is_directory(container.root() / "checkpoints", failure);
  if (models_dir.empty()) return container.root() / (has_checkpoints ? "checkpoints" : "model");
  if (models_dir == "model") return container.root() / "model";
  if (models_dir == "checkpoints" && has_checkpoints) return container.root() / "checkpoints";
  if (models_dir == "checkpoints") {
    return Error{
        ErrorCode::kInvalid,
        "models_dir checkpoints: the job has no CheckpointConfig at /opt/ml/checkpoints; give it one, or choose "
        "models_dir model"};
  }
  Result<fs::path> place = container.place(models_dir);
  if (!place || !models_dir.starts_with("/opt/ml/"))
    return Error{ErrorCode::kInvalid, "models_dir: expected checkpoints, model or a path below /opt/ml"};
  return place;
}

Result<Done> check_distribution(const Container& container, const Container::Channel& channel, const Fleet& fleet) {
  if (container.count() == 1 || !fleet.is_table) return Done{};
  if (channel.distribution == "ShardedByRecord" && !channel.by_column) {
    return Error{ErrorCode::kInvalid,
                 "channel '" + channel.name +
                     "' is dealt by ShardedByRecord over several instances: the rows of one customer lie on several of "
                     "them. Name the customer's column in AttributeNames"};
  }
  if (channel.distribution == "ShardedByS3Key")
    say("note: tables are dealt by key: a customer whose rows lie in two of them is trained twice, on a part each");
  return Done{};
}

// What is said while it runs and at its end.
class Story {
 public:
  Story(std::uint64_t total, fs::path root, fs::path report_path)
      : total_(total), root_(std::move(root)), path_(std::move(report_path)) {
    train::append_csv_header(report_);
  }

  void add(train::SeriesReport row) {
    row.reason = in_contract(root_, std::move(row.reason));
    train::append_csv_row(report_, row);
    if (report_.size() > (std::size_t{1} << 20)) static_cast<void>(flush());
    ++done_;
    if (row.status == train::SeriesStatus::kFailed && ++failed_ <= kShownFailures) say("failed: " + row.reason);
    if (row.status == train::SeriesStatus::kFailed && first_failure_.empty()) first_failure_ = row.reason;
    model_.add(row.holdout);
    naive_.add(row.naive);
    const auto now = std::chrono::steady_clock::now();
    if (now < next_word_) return;
    next_word_ = now + kProgress;
    say(fmt::format("{} of {} series, {} failed", done_, total_, failed_));
  }

  Result<Done> finish(const train::TrainSummary& summary, const fs::path& json_path, const std::string& host) {
    if (Result<Done> done = flush(); !done) return done;
    std::string line =
        fmt::format("metric series={} trained={} kept={} failed={} rows={} archive_bytes={}", summary.total,
                    summary.trained, summary.kept, summary.failed, summary.rows, summary.archive_bytes);
    JsonWriter json;
    json.begin_object().key("host").string(host);
    for (const auto& [name, count] :
         {std::pair{"series", summary.total}, std::pair{"trained", summary.trained}, std::pair{"kept", summary.kept},
          std::pair{"failed", summary.failed}, std::pair{"rows", summary.rows}})
      json.key(name).integer(static_cast<std::int64_t>(count));
    for (const auto& [name, mean] :
         {std::pair{"holdout_smape", model_.smape.mean()}, std::pair{"holdout_coverage", model_.coverage.mean()},
          std::pair{"naive_smape", naive_.smape.mean()}}) {
      if (!mean) continue;
      line += fmt::format(" {}={:.6g}", name, *mean);
      json.key(name).number(*mean);
    }
    json.end_object();
    say(line);
    return write_file_atomically(json_path, std::move(json).take() + "\n", Durability::kNone);
  }

  std::uint64_t failed() const { return failed_; }
  const std::string& first_failure() const { return first_failure_; }

 private:
  Result<Done> flush() {
    if (!file_ && !failure_) {
      Result<FileDescriptor> file = open_file(path_, O_WRONLY | O_CREAT | O_TRUNC);
      if (file) {
        file_ = *std::move(file);
      } else {
        failure_ = std::move(file).error();
      }
    }
    if (!failure_) {
      if (Result<Done> done = write_all(file_, report_, path_); !done) failure_ = std::move(done).error();
    }
    report_.clear();
    if (failure_) return *failure_;
    return Done{};
  }

  const std::uint64_t total_;
  const fs::path root_;
  const fs::path path_;
  FileDescriptor file_;
  std::optional<Error> failure_;
  std::string report_;
  std::uint64_t done_ = 0, failed_ = 0;
  std::string first_failure_;
  train::FleetAccuracy model_, naive_;
  std::chrono::steady_clock::time_point next_word_ = std::chrono::steady_clock::now() + kProgress;
};

Result<train::TrainOptions> read_options(const ProphetSettings& settings, const Container& container,
                                         std::shared_ptr<const train::FleetOptions> fleet, std::uint64_t series) {
  train::TrainOptions options;
  options.prophet = fleet->general();
  options.fleet = std::move(fleet);
  if (settings.history != "full" && settings.history != "none")
    return Error{ErrorCode::kInvalid, "history: expected full or none"};
  options.keep_history = settings.history == "full" ? forecast::KeepHistory::kYes : forecast::KeepHistory::kNo;
  options.holdout = static_cast<std::size_t>(settings.holdout);
  options.threads = settings.threads > 0 ? static_cast<int>(settings.threads) : default_threads(container.count());
  Result<std::uint64_t> most = train::read_max_failures(settings.max_failures, series);
  if (!most) return std::move(most).error();
  options.max_failures = *most;
  // The archives' way to the object store is what makes them last, not the disk of an instance.
  options.sync_batch = 0;
  options.sync_interval = std::chrono::milliseconds(200);
  return options;
}

// Outside the folder of the models, where an endpoint would take it for one. Records of archives that did not get as
// far as the object store count for nothing (train/journal.h), so it may know more than the checkpoints that came back.
fs::path journal_folder(const ProphetSettings& settings, const fs::path& root, const fs::path& models,
                        const fs::path& lasting) {
  if (settings.resume_journal) return models / "_journal";
  return lasting.empty() ? root / "tmp/journal" : lasting;
}

Result<Done> train_fleet(const fs::path& root, const std::atomic<bool>& stop, const fs::path& lasting) {
  Result<Container> container = Container::open(root, true);
  if (!container) return std::move(container).error();
  Result<Settings> settings = Settings::of_training(root);
  if (!settings) return std::move(settings).error();
  ProphetSettings wanted;
  wanted.take_from(*settings);
  if (Result<Done> done = settings->finish(); !done) return done;
  Result<Container::Channel> channel = container->channel({"training", "train"});
  if (!channel) return std::move(channel).error();
  Result<fs::path> models_path = models_folder(*container, wanted.models_dir);
  if (!models_path) return std::move(models_path).error();
  Result<train::FleetOptions> read = read_fleet_options(*container, wanted.prophet);
  if (!read) return std::move(read).error();
  const auto of_series = std::make_shared<const train::FleetOptions>(*std::move(read));
  // Before the fleet is opened: what is wrong with the settings alone.
  Result<train::TrainOptions> early = read_options(wanted, *container, of_series, 1);
  if (!early) return std::move(early).error();
  wanted.columns.further = train::further_columns(of_series->needed_columns());

  const bool deals_itself = container->count() > 1 && channel->distribution == "FullyReplicated";
  const prepare::Shard shard = deals_itself ? prepare::Shard{container->index(), container->count()} : prepare::Shard{};
  Result<Fleet> fleet = open_fleet(channel->folder, wanted.layout, wanted.columns, shard);
  if (!fleet) return std::move(fleet).error();
  if (Result<Done> good = check_distribution(*container, *channel, *fleet); !good) return good;
  if (!fleet->source) {
    if (container->count() == 1) return Error{ErrorCode::kInvalid, "channel '" + channel->name + "': no file in it"};
    say("no series on this instance");
    return Done{};
  }
  if (fleet->bad_rows > 0) say(fmt::format("{} bad rows left out", fleet->bad_rows));
  Result<train::TrainOptions> options = read_options(wanted, *container, of_series, fleet->source->size());
  if (!options) return std::move(options).error();
  options->columns = fleet->columns;
  options->columns.further = train::further_columns(forecast::needed_columns(options->prophet));
  Result<std::unique_ptr<store::ObjectStore>> models = open_archive_folder(*models_path);
  if (!models) return std::move(models).error();
  const fs::path state = journal_folder(wanted, root, *models_path, lasting);
  Result<train::Journal> journal =
      train::Journal::open(state, static_cast<int>(container->index()) + 1, static_cast<int>(container->count()));
  if (!journal) return std::move(journal).error();
  std::error_code failure;
  fs::create_directories(root / "output/data", failure);

  say(fmt::format("{}: {} series of channel '{}', {} threads", container->host(), fleet->source->size(), channel->name,
                  options->threads));
  Story story(fleet->source->size(), root, root / "output/data" / fmt::format("report-{}.csv", container->host()));
  const train::TrainSummary summary = train::train(*fleet->source, **models, *journal, *options, stop,
                                                   [&](const train::SeriesReport& row) { story.add(row); });
  Result<Done> told = story.finish(summary, root / "output/data" / fmt::format("summary-{}.json", container->host()),
                                   container->host());
  fs::remove_all(root / "tmp/journal", failure);
  if (summary.end == train::TrainEnd::kComplete && container->count() == 1) {
    for (const std::string& unused : of_series->unused())
      say(in_contract(root, "note: " + unused + " names no series"));
  }
  if (summary.error) return *summary.error;
  if (!told) return told;
  if (summary.end == train::TrainEnd::kStopped)
    return Error{ErrorCode::kUnavailable, "stopped by a signal; what is trained is stored"};
  if (summary.end == train::TrainEnd::kTooManyFailures)
    return Error{ErrorCode::kInvalid, "more failures than max_failures " + wanted.max_failures +
                                          " allows; the first: " + story.first_failure()};
  if (summary.total > 0 && summary.failed == summary.total)
    return Error{ErrorCode::kInvalid, "no series could be trained; the first: " + story.first_failure()};
  return Done{};
}

}  // namespace

int run_prophet(const fs::path& root, const std::atomic<bool>& stop, const fs::path& journal) {
  Result<Done> done = train_fleet(root, stop, journal);
  return done ? 0 : fail(root, std::move(done).error().in("prophet"));
}

}  // namespace chiliad::algorithm
