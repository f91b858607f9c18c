#include "forecast/stored_date.h"

#include <chrono>
#include <optional>

namespace chiliad::forecast {
namespace {

constexpr std::int64_t kMillisADay = 86'400'000;

void put_digits(char* to, std::int64_t value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

// Digits text[from, from + count) as a number; -1 when one is no digit.
int digits(const char* text, int from, int count) {
  int value = 0;
  for (int i = from; i < from + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "YYYY-MM-DDTHH:MM:SS.mmm" and nothing else: the form of nearly every date in a file.
std::optional<Instant> parse_usual_form(std::string_view text) {
  if (text.size() != DateText::kLength) return std::nullopt;
  const char* c = text.data();
  if (c[4] != '-' || c[7] != '-' || c[10] != 'T' || c[13] != ':' || c[16] != ':' || c[19] != '.') return std::nullopt;
  const int year = digits(c, 0, 4), month = digits(c, 5, 2), day = digits(c, 8, 2);
  const int hour = digits(c, 11, 2), minute = digits(c, 14, 2), second = digits(c, 17, 2), milli = digits(c, 20, 3);
  if (month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0 || milli < 0) return std::nullopt;
  if (year < 1678 || year > 2261 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return Instant{std::chrono::sys_days{date}} +
         std::chrono::milliseconds{((hour * std::int64_t{60} + minute) * 60 + second) * 1000 + milli};
}

std::string_view without_utc_mark(std::string_view text) {
  for (const std::string_view mark : {"Z", "+00:00", "+0000"}) {
    if (text.size() > 10 + mark.size() && text.ends_with(mark)) return text.substr(0, text.size() - mark.size());
  }
  return text;
}

}  // namespace

std::string_view DateText::of(Instant moment) {
  const std::int64_t millis = millis_since_epoch(moment);
  std::int64_t day = millis / kMillisADay;
  if (millis % kMillisADay < 0) --day;
  if (day != day_) write_day(day);
  if (millis - day * kMillisADay != millis_) write_time(millis - day * kMillisADay);
  return {text_.data(), text_.size()};
}

void DateText::write_day(std::int64_t day) {
  day_ = day;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  put_digits(&text_[0], static_cast<int>(date.year()), 4);
  text_[4] = '-';
  put_digits(&text_[5], static_cast<unsigned>(date.month()), 2);
  text_[7] = '-';
  put_digits(&text_[8], static_cast<unsigned>(date.day()), 2);
  text_[10] = 'T';
}

void DateText::write_time(std::int64_t millis) {
  millis_ = millis;
  put_digits(&text_[11], millis / 3'600'000, 2);
  text_[13] = ':';
  put_digits(&text_[14], millis / 60'000 % 60, 2);
  text_[16] = ':';
  put_digits(&text_[17], millis / 1000 % 60, 2);
  text_[19] = '.';
  put_digits(&text_[20], millis % 1000, 3);
}

Result<Instant> parse_stored_date(std::string_view text) {
  if (const std::optional<Instant> usual = parse_usual_form(text)) return *usual;
  Result<Instant> date = parse_instant(without_utc_mark(text));
  if (!date) return Error{ErrorCode::kCorrupt, date.error().message};
  return date;
}

Result<Instant> stored_date_from_number(std::int64_t number) {
  constexpr std::int64_t kFirst = -9'214'560'000, kEnd = 9'214'646'400;  // Years 1678 to 2261, in seconds.
  for (std::int64_t parts = 1; parts <= 1'000'000'000; parts *= 1000) {  // Of a second.
    if (number / parts > kFirst && number / parts < kEnd) {
      return Instant{std::chrono::nanoseconds{number * (1'000'000'000 / parts)}};
    }
  }
  return Error{ErrorCode::kCorrupt, "the date " + std::to_string(number) + " is outside the years 1678 to 2261"};
}

}  // namespace chiliad::forecast
