// Text of a field -> number, missing, or date; quickly for the forms that nearly all fields have.
//
// Both readers accept exactly what base/number.h and base/time.h accept and give the same bits; they only get there
// sooner: a decimal of up to 15 digits (and most of 16) is two exact doubles and one division (Clinger's fast path),
// and a date in the month of the one before needs its last two digits only.
//
// Source: W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990; pandas' documentation of
// read_csv, parameter na_values, for the texts that mean "missing".
// Thread safety: pure functions; an InstantReader belongs to one thread at a time.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::table {

// Empty, or one of pandas' default texts: "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
// "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null".
bool is_missing(std::string_view text);

// parse_double(text). Cost: 5-10 ns.
std::optional<double> read_number(std::string_view text);

// A number, or NaN for what is_missing(); nullopt for anything else.
std::optional<double> read_value(std::string_view text);

// The same, and 1 and 0 for True and False in any case of letters.
std::optional<double> read_value_or_truth(std::string_view text);

// Whether read_value() has a value. Cost: less than read_value(), since no double is made.
bool is_value(std::string_view text);

// parse_instant() for a column of dates.
class InstantReader {
 public:
  // False where parse_instant() fails; its error has the reason. Cost: 2-5 ns for dates that follow one another.
  bool read(std::string_view text, Instant& instant);

 private:
  bool read_day(std::string_view text);

  char month_text_[8] = {};  // "2022-01-" of the month below.
  std::int64_t month_start_ns_ = 0;
  unsigned days_in_month_ = 0;  // 0: none read yet.
  std::int64_t day_ns_ = 0;     // Midnight of the day that read_day() found.
};

}  // namespace chiliad::table
