// `chiliad holidays`: the public holidays of a country as a table that --holidays reads (forecast/country_holidays.h).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/command.h"
#include "app/commands.h"
#include "app/text_output.h"
#include "base/csv_field.h"
#include "base/time.h"
#include "forecast/country_holidays.h"

namespace chiliad::app {
namespace {

struct HolidaysFlags {
  std::string country;
  int first_year = 2000, last_year = 2050;
  std::string output = "-";
};

std::string countries_text() {
  std::string text;
  for (const std::string_view name : forecast::CountryHolidays::all()) text.append(name).append("\n");
  return text;
}

std::string table_text(const HolidaysFlags& flags, const forecast::CountryHolidays& country) {
  std::string text = "holiday,ds\n";
  for (int year = flags.first_year; year <= flags.last_year; ++year) {
    std::vector<forecast::CountryHoliday> days;
    country.append(year, days);
    std::ranges::stable_sort(days, {}, &forecast::CountryHoliday::day);
    for (const forecast::CountryHoliday& holiday : days) {
      append_csv_field(text, forecast::country_holiday_name(holiday.name));
      text += ',' + format_instant(Instant(std::chrono::days(holiday.day))) + '\n';
    }
  }
  return text;
}

void run_holidays(const HolidaysFlags& flags) {
  const auto usage = [](std::string message) { fail({ErrorCode::kInvalid, std::move(message)}, kExitUsage); };
  const int first = forecast::first_holiday_year(), last = forecast::last_holiday_year();
  if (flags.first_year < first || flags.last_year > last || flags.first_year > flags.last_year) {
    usage(fmt::format("--first-year {}, --last-year {}: expected years from {} to {}, the first not after the last",
                      flags.first_year, flags.last_year, first, last));
  }
  std::string text;
  if (flags.country.empty()) {
    text = countries_text();
  } else {
    const std::optional<forecast::CountryHolidays> country = forecast::CountryHolidays::find(flags.country);
    if (!country) usage("Holidays in " + flags.country + " are not currently supported!");
    text = table_text(flags, *country);
  }
  TextOutput output = value_or_fail(TextOutput::open(flags.output));
  static_cast<void>(value_or_fail(output.write(text)));
  static_cast<void>(value_or_fail(output.finish()));
}

}  // namespace

void add_holidays_command(CLI::App& app) {
  auto flags = std::make_shared<HolidaysFlags>();
  CLI::App* command = app.add_subcommand("holidays", "The public holidays of a country as a table for --holidays");
  command->add_option("--country", flags->country, "As US, USA or UnitedStates; without it: all countries");
  command->add_option("--first-year", flags->first_year, "From this year on")->capture_default_str();
  command->add_option("--last-year", flags->last_year, "To this year")->capture_default_str();
  command->add_option("--output", flags->output, "File, or - for standard output")->capture_default_str();
  command->footer("Names and days are those of the Python package holidays " +
                  std::string(forecast::holidays_version()) + ".");
  command->callback([flags] { run_holidays(*flags); });
}

}  // namespace chiliad::app
