// FleetOptions: the model options of each series of a fleet: the general ones of command line and options file, and
// for the series that the file names, those with their own in front.
//
//     flags, options file --make()--> FleetOptions --of("north-7")--> OptionSet --> CalendarCache, fit
//
// Order, the later before the earlier: Prophet's defaults, the file's general options, the flags, the file's [[series]]
// that name the series, from first to last.
//
// Thread safety: safe from any thread.

#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "forecast/prophet.h"
#include "table/series_csv.h"
#include "train/options_file.h"
#include "train/prophet_flags.h"

namespace chiliad::train {

// Options that some series of a fleet share.
struct OptionSet {
  forecast::ProphetOptions prophet;
  std::vector<std::string> needed;            // needed_columns(prophet),
  std::vector<table::FurtherColumn> further;  // as a reader of series files looks for them.
  std::uint64_t number = 0;                   // > 0; of no other set of the fleet.
};

class FleetOptions {
 public:
  // Reads flags.options and the files of holidays. `place`: as for read_options_file(). Errors: as there and
  // read_prophet_flags(); a [[series]] is checked here, over the general options alone.
  static Result<FleetOptions> make(ProphetFlags flags, const PlaceFile& place = {});

  // Of the series that the file does not name.
  const forecast::ProphetOptions& general() const { return general_; }

  // Those of a customer's series; null: the general ones. Errors: kInvalid: what several [[series]] say of it does not
  // go together.
  Result<std::shared_ptr<const OptionSet>> of(std::string_view customer_id) const;

  // What any series may need beside ds and y.
  const std::vector<std::string>& needed_columns() const { return needed_; }

  // Whether a [[series]] asks for draws (mcmc_samples).
  bool some_series_samples() const;

  // "fleet.toml:12: [[series]] with id 'x'": of those that named none of the series asked about, once each.
  std::vector<std::string> unused() const;

 private:
  FleetOptions() = default;
  std::vector<std::uint32_t> entries_of(std::string_view customer_id) const;
  Result<OptionSet> combine(const std::vector<std::uint32_t>& entries) const;

  struct Found;
  ProphetFlags flags_;  // General, their parts parsed.
  forecast::ProphetOptions general_;
  std::vector<std::string> needed_;
  std::vector<SeriesEntry> entries_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> by_id_;
  std::vector<std::uint32_t> with_patterns_;
  std::shared_ptr<Found> found_;
};

}  // namespace chiliad::train
