#include "train/fleet_options.h"

#include <fmt/core.h>

#include <algorithm>

#include "train/fit_series.h"

namespace chiliad::train {
namespace {

// Sets that are kept made: a fleet in which every series has its own does not fill the memory with them.
constexpr std::size_t kKeptSets = 1024;

// Of a [[series]] the first name, for a person.
std::string described(const SeriesEntry& entry) {
  const bool id = !entry.ids.empty();
  return fmt::format("{}: [[series]] with {} '{}'", entry.changes.source, id ? "id" : "pattern",
                     id ? entry.ids.front() : entry.pattern_texts.front());
}

}  // namespace

// What was asked for so far.
struct FleetOptions::Found {
  explicit Found(std::size_t entries) : used(entries) {}

  Mutex mutex;
  // By the entries that name a series: a number, and while there is room the set itself.
  std::map<std::vector<std::uint32_t>, std::uint64_t> numbers CHILIAD_GUARDED_BY(mutex);
  std::map<std::uint64_t, std::shared_ptr<const OptionSet>> sets CHILIAD_GUARDED_BY(mutex);
  std::vector<std::atomic<bool>> used;
};

Result<FleetOptions> FleetOptions::make(ProphetFlags flags, const PlaceFile& place) {
  FleetOptions fleet;
  OptionsFile file;
  if (!flags.options.empty()) {
    Result<OptionsFile> read = read_options_file(flags.options, place);
    if (!read) return std::move(read).error().in("--options");
    file = *std::move(read);
  }
  const bool from_file = !flags.options.empty();
  // Once: it may be a pipe.
  if (!flags.holidays.empty()) {
    Result<std::shared_ptr<const forecast::HolidayTable>> table = read_holidays_of(flags.holidays);
    if (!table) return std::move(table).error().in("--holidays");
    flags.holiday_table = *std::move(table);
  }
  // What is wrong with the flags alone is not the file's.
  if (from_file) {
    if (Result<forecast::ProphetOptions> alone = read_prophet_flags(flags); !alone) return std::move(alone).error();
  }
  if (Result<Done> merged = put_behind(file, flags); !merged) return std::move(merged).error();
  Result<forecast::ProphetOptions> general = read_prophet_flags(flags);
  if (!general) return from_file ? std::move(general).error().in(flags.options) : std::move(general).error();
  fleet.general_ = *std::move(general);
  fleet.flags_ = std::move(flags);
  fleet.entries_ = std::move(file.series);
  fleet.needed_ = forecast::needed_columns(fleet.general_);
  fleet.found_ = std::make_shared<Found>(fleet.entries_.size());
  for (std::uint32_t i = 0; i < fleet.entries_.size(); ++i) {
    const SeriesEntry& entry = fleet.entries_[i];
    for (const std::string& id : entry.ids) fleet.by_id_[id].push_back(i);
    if (!entry.patterns.empty()) fleet.with_patterns_.push_back(i);
    Result<OptionSet> alone = fleet.combine({i});
    if (!alone) return std::move(alone).error();
    for (std::string& name : alone->needed) {
      if (std::ranges::find(fleet.needed_, name) == fleet.needed_.end()) fleet.needed_.push_back(std::move(name));
    }
    // A table of forecasts has bounds or none.
    if ((alone->prophet.uncertainty_samples == 0) != (fleet.general_.uncertainty_samples == 0)) {
      return invalid(entry.changes.source +
                     ": series: uncertainty_samples: 0 leaves the intervals out, for all series or for none");
    }
  }
  return fleet;
}

std::vector<std::uint32_t> FleetOptions::entries_of(std::string_view customer_id) const {
  std::vector<std::uint32_t> entries;
  if (const auto named = by_id_.find(std::string(customer_id)); named != by_id_.end()) entries = named->second;
  for (const std::uint32_t i : with_patterns_) {
    if (std::ranges::any_of(entries_[i].patterns, [&](const Wildcard& one) { return one.matches(customer_id); }))
      entries.push_back(i);
  }
  std::ranges::sort(entries);
  entries.erase(std::ranges::unique(entries).begin(), entries.end());
  return entries;
}

Result<OptionSet> FleetOptions::combine(const std::vector<std::uint32_t>& entries) const {
  ProphetFlags flags = flags_;
  std::string source;
  for (const std::uint32_t i : entries) {
    const OptionChanges& changes = entries_[i].changes;
    if (Result<Done> put = put_before(changes, flags_, flags); !put) return std::move(put).error();
    source += (source.empty() ? "" : " and ") + changes.source;
  }
  Result<forecast::ProphetOptions> prophet = read_prophet_flags(flags);
  if (!prophet) return std::move(prophet).error().in(source + ": series");
  OptionSet set;
  set.prophet = *std::move(prophet);
  set.needed = forecast::needed_columns(set.prophet);
  set.further = further_columns(set.needed);
  return set;
}

Result<std::shared_ptr<const OptionSet>> FleetOptions::of(std::string_view customer_id) const {
  const std::vector<std::uint32_t> entries = entries_of(customer_id);
  if (entries.empty()) return std::shared_ptr<const OptionSet>();
  for (const std::uint32_t i : entries) found_->used[i].store(true, std::memory_order_relaxed);
  std::uint64_t number = 0;
  {
    MutexLock lock(found_->mutex);
    number = found_->numbers.try_emplace(entries, found_->numbers.size() + 1).first->second;
    if (const auto kept = found_->sets.find(number); kept != found_->sets.end()) return kept->second;
  }
  Result<OptionSet> set = combine(entries);
  if (!set) return std::move(set).error();
  set->number = number;
  auto made = std::make_shared<const OptionSet>(*std::move(set));
  MutexLock lock(found_->mutex);
  if (found_->sets.size() < kKeptSets) found_->sets.emplace(number, made);
  return made;
}

bool FleetOptions::some_series_samples() const {
  return std::ranges::any_of(entries_, [&](const SeriesEntry& entry) { return entry.changes.values.mcmc_samples > 0; });
}

std::vector<std::string> FleetOptions::unused() const {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!found_->used[i].load(std::memory_order_relaxed)) texts.push_back(described(entries_[i]));
  }
  return texts;
}

}  // namespace chiliad::train
