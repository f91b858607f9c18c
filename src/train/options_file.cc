#include "train/options_file.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <variant>

#include "base/file.h"
#include "base/time.h"
#include "config/value.h"

namespace chiliad::train {
namespace {

using config::Value;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;
constexpr double kMaxWindow = 1e6;

using Texts = std::vector<std::string>;
// One table of the file, read key by key.
class TableReader {
 public:
  // `what`: "series", "regressor"; empty: the file's root.
  TableReader(const Value& table, std::string_view file, std::string_view what)
      : table_(table), file_(file), what_(what) {}

  Error fail(const Value& at, std::string_view key, std::string_view problem) const {
    std::string message = source(at);
    if (!what_.empty()) message += fmt::format(": {}", what_);
    if (!key.empty()) message += fmt::format(": {}", key);
    return invalid(fmt::format("{}: {}", message, problem));
  }
  Error fail(std::string_view key, std::string_view problem) const { return fail(table_, key, problem); }
  std::string source(const Value& at) const { return fmt::format("{}:{}", file_, at.line()); }
  std::string source() const { return source(table_); }
  std::string_view file() const { return file_; }
  const Value& table() const { return table_; }

  const Value* find(std::string_view key) {
    known_.push_back(key);
    return table_.find(key);
  }

  // Each leaves `into` alone where there is no such key, and returns whether there is.
  Result<bool> take(std::string_view key, std::string& into) {
    const Value* value = find(key);
    if (value == nullptr) return false;
    const auto* text = value->as<std::string>();
    if (text == nullptr) return expected(*value, key, "a string");
    into = *text;
    return true;
  }
  Result<bool> take(std::string_view key, std::int64_t& into) {
    const Value* value = find(key);
    if (value == nullptr) return false;
    const auto* number = value->as<std::int64_t>();
    if (number == nullptr) return expected(*value, key, "a whole number");
    into = *number;
    return true;
  }
  Result<bool> take(std::string_view key, int& into) {
    std::int64_t number = into;
    Result<bool> taken = take(key, number);
    if (taken && (number < INT32_MIN || number > INT32_MAX))
      return fail(*table_.find(key), key, fmt::format("{} is out of range", number));
    into = static_cast<int>(number);
    return taken;
  }
  Result<bool> take(std::string_view key, double& into) {
    const Value* value = find(key);
    if (value == nullptr) return false;
    if (const auto* whole = value->as<std::int64_t>()) {
      into = static_cast<double>(*whole);
    } else if (const auto* number = value->as<double>()) {
      into = *number;
    } else {
      return expected(*value, key, "a number");
    }
    return true;
  }
  // "auto", true, false or, if `numbers`, a number, as the text of a flag.
  Result<bool> take_choice(std::string_view key, std::string& into, bool numbers) {
    const Value* value = find(key);
    if (value == nullptr) return false;
    if (const auto* text = value->as<std::string>()) {
      into = *text;
    } else if (const auto* truth = value->as<bool>()) {
      into = *truth ? "true" : "false";
    } else if (const auto* number = value->as<std::int64_t>(); numbers && number != nullptr) {
      into = std::to_string(*number);
    } else {
      return expected(*value, key, numbers ? "\"auto\", true, false or a number" : "\"auto\", true or false");
    }
    return true;
  }
  // One or an array of them; strings, or what else `text_of` makes a text of.
  template <class TextOf>
  Result<bool> take_texts(std::string_view key, Texts& into, std::string_view what, TextOf text_of) {
    const Value* value = find(key);
    if (value == nullptr) return false;
    const auto* items = value->as<Value::Array>();
    for (const Value& item : items != nullptr ? *items : Value::Array{*value}) {
      std::optional<std::string> text = text_of(item);
      if (!text) return expected(item, key, what);
      into.push_back(*std::move(text));
    }
    return true;
  }
  // Tables, each read by `read`.
  template <class Read>
  Result<Done> take_tables(std::string_view key, Read read) {
    const Value* value = find(key);
    if (value == nullptr) return Done{};
    const auto* items = value->as<Value::Array>();
    if (items == nullptr) return expected(*value, key, fmt::format("tables, [[{}]]", key));
    for (const Value& item : *items) {
      if (item.as<Value::Table>() == nullptr) return expected(item, key, "a table");
      TableReader reader(item, file_, key);
      if (Result<Done> done = read(reader); !done) return done;
      if (Result<Done> done = reader.refuse_others(); !done) return done;
    }
    return Done{};
  }

  // Every key was asked for, or there is none such.
  Result<Done> refuse_others() const {
    for (const auto& [key, value] : *table_.as<Value::Table>()) {
      if (std::ranges::find(known_, key) != known_.end()) continue;
      return fail(value, key.substr(0, 80), fmt::format("no such key; there are {}", fmt::join(known_, ", ")));
    }
    return Done{};
  }

 private:
  Error expected(const Value& at, std::string_view key, std::string_view what) const {
    return fail(at, key, fmt::format("expected {}, found {}", what, config::kind_of(at)));
  }

  const Value& table_;
  const std::string_view file_;
  const std::string_view what_;
  std::vector<std::string_view> known_;
};

std::optional<std::string> text_of(const Value& value) {
  const auto* text = value.as<std::string>();
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::string> date_text(const Value& value) {
  const auto* date = value.as<Value::Date>();
  return date == nullptr ? text_of(value) : std::optional(date->text);
}

// An id of digits may stand without quotes.
std::optional<std::string> id_text(const Value& value) {
  const auto* number = value.as<std::int64_t>();
  return number == nullptr ? text_of(value) : std::optional(std::to_string(*number));
}

// Runs the steps up to the first that fails.
template <class... Steps>
Result<Done> all_of(Steps... steps) {
  std::optional<Error> error;
  const auto run = [&](auto& step) {
    if (auto done = step(); !done) error = std::move(done).error();
    return !error;
  };
  static_cast<void>((run(steps) && ...));
  if (error) return *std::move(error);
  return Done{};
}

Result<Done> read_seasonality_table(TableReader& reader, ProphetFlags& into) {
  AddedSeasonality added;
  double scale = std::nan("");
  added.source = reader.source() + ": seasonality";
  Result<Done> read =
      all_of([&] { return reader.take("name", added.name); }, [&] { return reader.take("period", added.period); },
             [&] { return reader.take("fourier_order", added.fourier_order); },
             [&] { return reader.take("prior_scale", scale); }, [&] { return reader.take("mode", added.mode); },
             [&] { return reader.take("condition_name", added.condition_name); });
  if (!read) return read;
  for (const std::string_view key : {"name", "period", "fourier_order"}) {
    if (reader.table().find(key) == nullptr) return reader.fail("", fmt::format("{} is missing", key));
  }
  if (reader.table().find("prior_scale") != nullptr) added.prior_scale = scale;
  added.source += " '" + added.name + "'";
  into.seasonalities.push_back(std::move(added));
  return Done{};
}

Result<Done> read_regressor_table(TableReader& reader, ProphetFlags& into) {
  AddedRegressor added;
  double scale = std::nan("");
  added.source = reader.source() + ": regressor";
  Result<Done> read =
      all_of([&] { return reader.take("name", added.name); }, [&] { return reader.take("prior_scale", scale); },
             [&] { return reader.take_choice("standardize", added.standardize, false); },
             [&] { return reader.take("mode", added.mode); });
  if (!read) return read;
  if (reader.table().find("name") == nullptr) return reader.fail("", "name is missing");
  if (reader.table().find("prior_scale") != nullptr) added.prior_scale = scale;
  added.source += " '" + added.name + "'";
  into.regressors.push_back(std::move(added));
  return Done{};
}

Result<Done> read_days(TableReader& reader, const Texts& dates, AddedHoliday& added) {
  for (const std::string& text : dates) {
    const Result<Instant> moment = parse_instant(text);
    if (!moment) return reader.fail(*reader.table().find("ds"), "ds", moment.error().message);
    added.days.push_back(
        static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(*moment).time_since_epoch().count()));
  }
  return Done{};
}

Result<Done> read_holiday_table(TableReader& reader, ProphetFlags& into) {
  AddedHoliday added;
  Texts dates;
  double lower = 0, upper = 0;
  Result<Done> read = all_of(
      [&] { return reader.take("holiday", added.name); },
      [&] { return reader.take_texts("ds", dates, "dates", date_text); },
      [&] { return reader.take("lower_window", lower); }, [&] { return reader.take("upper_window", upper); },
      [&] { return reader.take("prior_scale", added.prior_scale); }, [&] { return read_days(reader, dates, added); });
  if (!read) return read;
  const Value& table = reader.table();
  for (const std::string_view key : {"holiday", "ds"}) {
    if (table.find(key) == nullptr) return reader.fail("", fmt::format("{} is missing", key));
  }
  if ((table.find("lower_window") == nullptr) != (table.find("upper_window") == nullptr))
    return reader.fail("", "Holidays must have both lower_window and upper_window, or neither");
  if (!(std::fabs(lower) <= kMaxWindow && std::fabs(upper) <= kMaxWindow))
    return reader.fail("", "a window of more than 1000000 days");
  added.has_window = table.find("lower_window") != nullptr;
  added.lower_window = static_cast<std::int32_t>(lower);
  added.upper_window = static_cast<std::int32_t>(upper);
  if (dates.empty()) return reader.fail(*table.find("ds"), "ds", "expected a date at least");
  if (table.find("prior_scale") != nullptr && !(added.prior_scale > 0))
    return reader.fail(*table.find("prior_scale"), "prior_scale", "Prior scale must be > 0");
  into.added_holidays.push_back(std::move(added));
  return Done{};
}

// The options of one value.
Result<Done> read_values(TableReader& reader, ProphetFlags& into) {
  for (const auto& [name, member] : kProphetOptions) {
    Result<bool> taken = false;
    if (name.ends_with("ly_seasonality")) {
      taken = reader.take_choice(name, into.*std::get<std::string ProphetFlags::*>(member), true);
    } else {
      taken = std::visit([&, key = name](auto which) { return reader.take(key, into.*which); }, member);
    }
    if (!taken) return std::move(taken).error();
    if (*taken) into.given.emplace(name);
  }
  Result<bool> taken = reader.take_texts("changepoints", into.changepoints, "dates", date_text);
  if (!taken) return std::move(taken).error();
  if (*taken) into.given.emplace("changepoints");
  // Known, so that it is refused with the reason.
  taken = reader.take_texts("regressor_predictor", into.regressor_predictor, "names", text_of);
  if (!taken) return std::move(taken).error();
  if (*taken) into.given.emplace("regressor_predictor");
  return Done{};
}

Result<Done> read_changes(TableReader& reader, const PlaceFile& place, OptionChanges& into) {
  into.source = reader.source();
  ProphetFlags& values = into.values;
  const auto add_to = [&](auto read) { return [&, read](TableReader& part) { return read(part, values); }; };
  Result<Done> read = all_of([&] { return read_values(reader, values); },
                             [&] { return reader.take_tables("seasonality", add_to(read_seasonality_table)); },
                             [&] { return reader.take_tables("regressor", add_to(read_regressor_table)); },
                             [&] { return reader.take_tables("holiday", add_to(read_holiday_table)); });
  if (!read || values.holidays.empty()) return read;
  const Value& at = *reader.table().find("holidays");
  Result<std::filesystem::path> path = place(values.holidays);
  if (!path) return std::move(path).error().in(reader.source(at) + ": holidays");
  Result<std::shared_ptr<const forecast::HolidayTable>> table = read_holidays_of(*path);
  if (!table) return std::move(table).error().in(reader.source(at) + ": holidays");
  values.holiday_table = *std::move(table);
  return Done{};
}

Result<Done> read_series_entry(TableReader& reader, const PlaceFile& place, std::vector<SeriesEntry>& into) {
  SeriesEntry entry;
  Result<Done> read = all_of([&] { return reader.take_texts("id", entry.ids, "ids", id_text); },
                             [&] { return reader.take_texts("pattern", entry.pattern_texts, "patterns", text_of); },
                             [&] { return reader.take_texts("without", entry.changes.without, "names", text_of); },
                             [&] { return read_changes(reader, place, entry.changes); });
  if (!read) return read;
  if (entry.ids.empty() && entry.pattern_texts.empty())
    return reader.fail("", "id or pattern is missing: which series it is for");
  for (const std::string& text : entry.pattern_texts) entry.patterns.push_back(Wildcard::of(text));
  into.push_back(std::move(entry));
  return Done{};
}

void put_value(std::string_view name, const ProphetFlags& from, ProphetFlags& into) {
  if (name == "changepoints") into.changepoints = from.changepoints;
  if (name == "regressor_predictor") into.regressor_predictor = from.regressor_predictor;
  if (name == "holidays") into.holiday_table = from.holiday_table;
  const auto option = std::ranges::find(kProphetOptions, name, &std::pair<std::string_view, OptionMember>::first);
  if (option != kProphetOptions.end()) std::visit([&](auto member) { into.*member = from.*member; }, option->second);
  into.given.emplace(name);
}

template <class T>
void drop_named(std::vector<T>& parts, std::string_view name) {
  std::erase_if(parts, [&](const T& part) { return part.name == name; });
}

bool is_in_table(const ProphetFlags& flags, const std::string& name) {
  return flags.holiday_table && std::ranges::find(flags.holiday_table->names, name) != flags.holiday_table->names.end();
}

bool has_part(const ProphetFlags& flags, const std::string& name) {
  const auto among = [&](const auto& parts) {
    return std::ranges::any_of(parts, [&](const auto& part) { return part.name == name; });
  };
  return among(flags.seasonalities) || among(flags.regressors) || among(flags.added_holidays) ||
         is_in_table(flags, name);
}

void drop_holiday(ProphetFlags& flags, const std::string& name) {
  drop_named(flags.added_holidays, name);
  if (is_in_table(flags, name)) flags.without_holidays.push_back(name);
}

}  // namespace

Result<OptionsFile> parse_options_file(std::string_view text, std::string_view name, const PlaceFile& place) {
  Result<Value> root = config::parse(text, name);
  if (!root) return std::move(root).error();
  OptionsFile file;
  TableReader reader(*root, name, "");
  Result<Done> read = all_of([&] { return read_changes(reader, place, file.general); },
                             [&] {
                               return reader.take_tables("series", [&](TableReader& entry) {
                                 return read_series_entry(entry, place, file.series);
                               });
                             },
                             [&] { return reader.refuse_others(); });
  if (!read) return std::move(read).error();
  file.general.source = name;
  return file;
}

Result<OptionsFile> read_options_file(const std::string& path, const PlaceFile& place) {
  Result<std::string> text = read_file_or_pipe(path, kMaxFileBytes);
  if (!text) return std::move(text).error();
  const PlaceFile beside = [&](const std::string& other) -> Result<std::filesystem::path> {
    return std::filesystem::path(path).parent_path() / other;  // An absolute one stays.
  };
  return parse_options_file(*text, path, place ? place : beside);
}

Result<Done> put_behind(const OptionsFile& file, ProphetFlags& flags) {
  ProphetFlags merged = file.general.values;
  merged.options = flags.options;
  // The parts of the flags come later, and so in the place of the file's of the same name.
  merged.add_seasonality = std::move(flags.add_seasonality);
  merged.add_regressor = std::move(flags.add_regressor);
  if (!flags.regressor_predictor.empty()) merged.regressor_predictor = flags.regressor_predictor;
  for (const std::string& name : flags.given) put_value(name, flags, merged);
  flags = std::move(merged);
  return parse_added_parts(flags);
}

Result<Done> put_before(const OptionChanges& changes, const ProphetFlags& general, ProphetFlags& flags) {
  for (const std::string& name : changes.values.given) put_value(name, changes.values, flags);
  if (changes.values.given.contains("holidays")) flags.without_holidays.clear();
  for (const std::string& name : changes.without) {
    drop_named(flags.seasonalities, name);
    drop_named(flags.regressors, name);
    drop_holiday(flags, name);
    if (!has_part(general, name)) {
      return invalid(
          fmt::format("{}: series: without: there is no seasonality, regressor or holiday '{}' among the general ones",
                      changes.source, name));
    }
  }
  for (const AddedHoliday& added : changes.values.added_holidays) drop_holiday(flags, added.name);
  const auto append = [](const auto& from, auto& into) { into.insert(into.end(), from.begin(), from.end()); };
  append(changes.values.added_holidays, flags.added_holidays);
  append(changes.values.seasonalities, flags.seasonalities);
  append(changes.values.regressors, flags.regressors);
  return Done{};
}

}  // namespace chiliad::train
