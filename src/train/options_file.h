// A file of model options, TOML or JSON: those of all series, and of some by their ids.
//
//     growth = "linear"                    Prophet's options by Prophet's names
//     changepoint_prior_scale = 0.1
//     holidays = "holidays.csv"            a path from the file's own folder
//     country_holidays = "US"
//
//     [[holiday]]                          days beside those of the file `holidays`
//     holiday = "superbowl"
//     ds = [2010-02-07, 2014-02-02]
//     lower_window = 0
//     upper_window = 1
//
//     [[seasonality]]                      add_seasonality()
//     name = "monthly"
//     period = 30.5
//     fourier_order = 5
//
//     [[regressor]]                        add_regressor()
//     name = "temp"
//     standardize = false
//
//     [[series]]                           of the series that it names; of several that name one the later wins
//     id = ["8", "17"]                     customers' ids,
//     pattern = "north-*"                  or a text with * and ?
//     growth = "flat"                      any option of above in the place of the general one
//     without = ["temp"]                   seasonalities, regressors and holidays that these series have not
//     [[series.regressor]]                 one more; one of the same name stands in the place of the general one
//     name = "promo"
//
// What is not understood is an error that names file, line and key: a misspelt key that is ignored would leave the
// default, and nobody would know. A value that Prophet refuses is told with the file, of a [[series]] with its line,
// and the option.
//
// Thread safety: values; pure functions but for read_options_file(), which reads files.

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/wildcard.h"
#include "train/prophet_flags.h"

namespace chiliad::train {

// Options that a part of the file gives: of `values` those named in values.given, and the parts that are added.
struct OptionChanges {
  ProphetFlags values;
  std::vector<std::string> without;  // Names of general parts.
  std::string source;                // "fleet.toml:12", for messages.
};

struct SeriesEntry {
  std::vector<std::string> ids;
  std::vector<Wildcard> patterns;
  std::vector<std::string> pattern_texts;
  OptionChanges changes;
};

struct OptionsFile {
  OptionChanges general;
  std::vector<SeriesEntry> series;
};

// Where the file `holidays` lies that an options file names. Errors: whoever may not read it.
using PlaceFile = std::function<Result<std::filesystem::path>(const std::string& path)>;

// `name` begins the messages. Errors: kInvalid: "fleet.toml:12: series: growth: expected a string, found an integer";
// kTooLarge; as `place` and read_holidays_of().
Result<OptionsFile> parse_options_file(std::string_view text, std::string_view name, const PlaceFile& place);

// `place`: null takes paths from the file's own folder. Errors: as parse_options_file() and base/file.h.
Result<OptionsFile> read_options_file(const std::string& path, const PlaceFile& place = {});

// Puts general options behind flags: those that the flags give stay. Errors: kInvalid.
Result<Done> put_behind(const OptionsFile& file, ProphetFlags& flags);

// Puts a series' own options before others, whose texts are parsed (parse_added_parts). Errors: kInvalid: a name in
// `without` that no part of `general` has.
Result<Done> put_before(const OptionChanges& changes, const ProphetFlags& general, ProphetFlags& flags);

}  // namespace chiliad::train
