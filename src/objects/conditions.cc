#include "objects/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "net/http_client.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  // A number past 2^64 is past every object's end.
  if (wrong == std::errc::result_out_of_range) return UINT64_MAX;
  return wrong == std::errc() ? std::optional<std::uint64_t>(value) : std::nullopt;
}

S3Error invalid_range(std::string_view field, std::uint64_t size) {
  S3Error error = s3_error(S3Code::kInvalidRange);
  error.details.emplace_back("RangeRequested", std::string(field.substr(0, 200)));
  error.details.emplace_back("ActualObjectSize", std::to_string(size));
  return error;
}

}  // namespace

std::vector<std::string> read_etags(std::string_view list) {
  std::vector<std::string> etags;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (!one.empty()) etags.emplace_back(unquoted(one));
  }
  return etags;
}

store::ReadCondition read_conditions(const net::HttpRequest& request, std::string_view prefix) {
  const auto field = [&](std::string_view name) { return request.field(std::string(prefix).append(name)); };
  const auto date = [&](std::string_view name) {
    const std::string_view text = field(name);
    return text.empty() ? std::nullopt : net::parse_http_date(text);
  };
  return {.if_match = read_etags(field("If-Match")),
          .if_none_match = read_etags(field("If-None-Match")),
          .if_modified_since = date("If-Modified-Since"),
          .if_unmodified_since = date("If-Unmodified-Since")};
}

std::optional<S3Error> check_conditions(const store::ReadCondition& condition, const store::ObjectMeta& meta) {
  switch (store::check_condition(condition, meta)) {
    case store::Refusal::kNone: return std::nullopt;
    case store::Refusal::kNotModified: return s3_error(S3Code::kNotModified);
    default:
      return s3_error(S3Code::kPreconditionFailed, "Condition",
                      condition.if_match.empty() ? "If-Unmodified-Since" : "If-Match");
  }
}

std::variant<std::monostate, Span, S3Error> read_range(std::string_view field, std::uint64_t size) {
  if (!field.starts_with("bytes=")) return std::monostate();
  const std::string_view range = field.substr(6);
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) return std::monostate();
  const std::string_view first_text = range.substr(0, dash);
  const std::string_view last_text = range.substr(dash + 1);
  const std::optional<std::uint64_t> last = number(last_text);
  if (first_text.empty()) {  // The last so many bytes.
    if (!last) return std::monostate();
    if (*last == 0 || size == 0) return invalid_range(field, size);
    const std::uint64_t length = std::min(*last, size);
    return Span{size - length, length};
  }
  const std::optional<std::uint64_t> first = number(first_text);
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return std::monostate();
  if (*first >= size) return invalid_range(field, size);
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return Span{*first, end - *first + 1};
}

std::variant<Span, S3Error> read_copy_range(std::string_view field, std::uint64_t size) {
  const std::string_view range = field.starts_with("bytes=") ? field.substr(6) : std::string_view();
  const std::size_t dash = std::min(range.find('-'), range.size());
  const std::optional<std::uint64_t> first = number(range.substr(0, dash));
  const std::optional<std::uint64_t> last = number(range.substr(std::min(dash + 1, range.size())));
  if (!first || !last || *last < *first) {
    return invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        "zero-based offsets of the first and last bytes to copy",
        "x-amz-copy-source-range", field);
  }
  if (*last >= size) {
    return invalid_argument(fmt::format("Range specified is not valid for source object of size: {}", size),
                            "x-amz-copy-source-range", field);
  }
  return Span{*first, *last - *first + 1};
}

std::string http_date(Instant instant) {
  static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;  // NOLINT(google-build-using-namespace)
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(instant - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::string iso_date(Instant instant) { return format_instant_fixed(instant, 3) + "Z"; }

}  // namespace chiliad::objects
