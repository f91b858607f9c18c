#include "serve/invocation.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "serve/model_name.h"

namespace chiliad::serve {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t kMaxModels = 10'000;
constexpr std::size_t kMaxQuantiles = 32;
constexpr std::size_t kMaxColumns = 256;
constexpr std::size_t kMaxFutureValues = 4'000'000;
constexpr std::int64_t kMaxSamples = 100'000;
// A parser that once read a larger body is not kept: it holds several times the body's size.
constexpr std::size_t kKeptBody = 64 * 1024;

Error wrong(std::string_view field, std::string_view expected) {
  std::string message("'");
  message.append(field).append("': ").append(expected);
  return Error{ErrorCode::kInvalid, std::move(message)};
}

Result<std::int64_t> whole_number(std::string_view field, element value, std::int64_t least, std::int64_t most) {
  const std::string expected = "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  std::int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS || number < least || number > most) {
    return wrong(field, expected);
  }
  return number;
}

Result<double> fraction(std::string_view field, element value) {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS || !(number > 0 && number < 1)) {
    return wrong(field, "expected a number between 0 and 1");
  }
  return number;
}

Result<Instant> moment(element value) {
  if (value.type() == element_type::STRING) {
    Result<Instant> read = parse_instant(std::string_view(value));
    if (!read) return std::move(read).error().in("'ds'");
    return read;
  }
  std::int64_t millis = 0;
  constexpr std::int64_t kLimit = INT64_MAX / 1'000'000;
  if (value.get_int64().get(millis) != simdjson::SUCCESS || millis > kLimit || millis < -kLimit) {
    return wrong("ds", "expected dates such as \"2023-01-31\", or milliseconds since 1970");
  }
  return Instant(std::chrono::milliseconds(millis));
}

Result<simdjson::dom::array> list(std::string_view field, element value, std::size_t most, std::string_view of_what) {
  simdjson::dom::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS || array.size() == 0 || array.size() > most) {
    return wrong(field, "expected a list of 1 to " + std::to_string(most) + " " + std::string(of_what));
  }
  return array;
}

Result<Done> read_dates(element value, Invocation& out) {
  Result<simdjson::dom::array> dates = list("ds", value, Invocation::kMaxRows, "dates");
  if (!dates) return std::move(dates).error();
  for (const element date : *dates) {
    Result<Instant> read = moment(date);
    if (!read) return std::move(read).error();
    out.ds.push_back(*read);
  }
  return Done{};
}

// A number; true is 1, null a missing value.
Result<double> future_value(std::string_view field, element value) {
  double number = 0;
  bool truth = false;
  if (value.get_double().get(number) == simdjson::SUCCESS) return number;
  if (value.get_bool().get(truth) == simdjson::SUCCESS) return truth ? 1.0 : 0.0;
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  return wrong(field, "expected numbers, true or false: a list with one a row, or one for all rows");
}

// {"temp": [3.5, 4], "promo": true}: a list has a value a row, a single value is for all rows.
// Requires: out.rows() is known.
Result<Done> read_future(element value, Invocation& out) {
  simdjson::dom::object columns;
  if (value.get_object().get(columns) != simdjson::SUCCESS || columns.size() > kMaxColumns) {
    return wrong("future", "expected an object of up to 256 columns by name");
  }
  const auto rows = static_cast<std::size_t>(out.rows());
  if (columns.size() * rows > kMaxFutureValues) return wrong("future", "more than 4,000,000 values");
  for (const auto [name, values] : columns) {
    const std::string field = "future." + std::string(name.substr(0, 100));
    if (std::ranges::find(out.future, name, &forecast::OwnedColumn::name) != out.future.end())
      return wrong(field, "is given twice");
    forecast::OwnedColumn& column = out.future.emplace_back(std::string(name), std::vector<double>());
    simdjson::dom::array list;
    if (values.get_array().get(list) != simdjson::SUCCESS) {
      const Result<double> read = future_value(field, values);
      if (!read) return read.error();
      column.values.assign(rows, *read);
      continue;
    }
    if (list.size() != rows) return wrong(field, fmt::format("has {} values for {} rows", list.size(), rows));
    for (const element one : list) {
      const Result<double> read = future_value(field, one);
      if (!read) return read.error();
      column.values.push_back(*read);
    }
  }
  return Done{};
}

Result<Done> read_quantiles(element value, Invocation& out) {
  Result<simdjson::dom::array> quantiles = list("quantiles", value, kMaxQuantiles, "numbers");
  if (!quantiles) return std::move(quantiles).error();
  for (const element quantile : *quantiles) {
    Result<double> read = fraction("quantiles", quantile);
    if (!read) return std::move(read).error();
    out.options.quantiles.push_back(*read);
  }
  return Done{};
}

Result<Done> read_names(std::string_view field, element value, std::size_t most, std::vector<std::string>& out) {
  Result<simdjson::dom::array> names = list(field, value, most, "names");
  if (!names) return std::move(names).error();
  for (const element name : *names) {
    if (name.type() != element_type::STRING) return wrong(field, "expected a list of strings");
    out.emplace_back(std::string_view(name));
  }
  return Done{};
}

Result<Done> read_columns(element value, std::vector<std::string>& out) {
  Result<Done> read = read_names("columns", value, kMaxColumns, out);
  if (!read) return read;
  for (auto column = out.begin(); column != out.end(); ++column) {
    if (std::find(out.begin(), column, *column) != column) {
      return wrong("columns", "names '" + column->substr(0, 100) + "' twice");
    }
  }
  return Done{};
}

Result<Done> read_uncertainty(element value, Invocation& out) {
  std::string_view name;
  if (value.get_string().get(name) == simdjson::SUCCESS) {
    if (name == "exact") return out.options.uncertainty = forecast::Uncertainty::kExact, Done{};
    if (name == "simulated") return out.options.uncertainty = forecast::Uncertainty::kSimulated, Done{};
    if (name == "none") return out.options.uncertainty = forecast::Uncertainty::kNone, Done{};
  }
  return wrong("uncertainty", "expected \"exact\", \"simulated\" or \"none\"");
}

template <class T>
Result<Done> store(Result<T> read, auto& into) {
  if (!read) return std::move(read).error();
  into = static_cast<std::remove_reference_t<decltype(into)>>(*read);
  return Done{};
}

Result<Done> read_freq(element value, Invocation& out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return wrong("freq", "expected a text such as \"D\" or \"h\"");
  // The same as in the last call, nearly always.
  if (out.step && out.freq == text) return Done{};
  Result<forecast::Frequency> step = forecast::Frequency::parse(text);
  if (!step) return std::move(step).error().in("'freq'");
  out.freq = text;
  out.step = *step;
  return Done{};
}

Result<Done> read_seed(element value, Invocation& out) {
  std::uint64_t seed = 0;
  if (value.get_uint64().get(seed) != simdjson::SUCCESS) return wrong("seed", "expected a whole number, 0 or above");
  out.options.seed = seed;
  return Done{};
}

enum Field : unsigned {
  kPeriod,
  kFreq,
  kDs,
  kQuantiles,
  kColumns,
  kUncertainty,
  kIntervalWidth,
  kSamples,
  kSeed,
  kFuture,
  kConformal,
  kFutures,
  kModels,
  kFields
};
constexpr std::array<std::string_view, kFields> kNames = {
    "period", "freq",   "ds",        "quantiles", "columns", "uncertainty", "interval_width", "uncertainty_samples",
    "seed",   "future", "conformal", "samples",   "models"};

Result<Done> read_field(Field field, element value, Invocation& out, std::vector<std::string>* models) {
  switch (field) {
    case kPeriod: return store(whole_number("period", value, 1, Invocation::kMaxRows), out.period);
    case kFreq: return read_freq(value, out);
    case kDs: return read_dates(value, out);
    case kQuantiles: return read_quantiles(value, out);
    case kColumns: return read_columns(value, out.columns);
    case kUncertainty: return read_uncertainty(value, out);
    case kIntervalWidth: {
      Result<double> width = fraction("interval_width", value);
      if (!width) return std::move(width).error();
      out.options.interval_width = *width;
      return Done{};
    }
    case kSamples: {
      Result<std::int64_t> samples = whole_number("uncertainty_samples", value, 1, kMaxSamples);
      if (!samples) return std::move(samples).error();
      out.options.uncertainty_samples = static_cast<int>(*samples);
      return Done{};
    }
    case kSeed: return read_seed(value, out);
    case kFuture: return Done{};  // Read last: its lists are as long as there are rows.
    case kConformal:
      if (value.get_bool().get(out.options.conformal) != simdjson::SUCCESS)
        return wrong("conformal", "expected true or false");
      return Done{};
    case kFutures: return store(whole_number("samples", value, 1, kMaxSamples), out.samples);
    case kModels: return read_names("models", value, kMaxModels, *models);
    case kFields: break;
  }
  return Done{};
}

std::string known_fields(bool batch) {
  std::string text;
  for (const std::string_view name : kNames) {
    if (name == "models" && !batch) continue;
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

Result<Done> check_together(const Invocation& out, unsigned seen) {
  const bool period = (seen & (1u << kPeriod)) != 0;
  const bool dates = (seen & (1u << kDs)) != 0;
  if (period == dates) {
    return Error{ErrorCode::kInvalid, period ? "'period' and 'ds' exclude each other"
                                             : "expected 'period' (such as {\"period\": 7}) or 'ds'"};
  }
  if (dates && (seen & (1u << kFreq)) != 0) return wrong("freq", "goes with 'period', not with 'ds'");
  if (out.samples > 0) {
    for (const Field field : {kQuantiles, kUncertainty, kIntervalWidth, kSamples, kConformal}) {
      if ((seen & (1u << field)) != 0) return wrong(kNames[field], "is about bounds, of which 'samples' gives none");
    }
    if (out.rows() * out.samples > Invocation::kMaxSampled) {
      return wrong("samples", "an answer may hold 1,000,000 values (rows times samples), this one asks for " +
                                  std::to_string(out.rows() * out.samples));
    }
  }
  if (out.options.uncertainty == forecast::Uncertainty::kSimulated) {
    const std::int64_t samples = out.options.uncertainty_samples.value_or(1000);
    if (out.rows() * samples > Invocation::kMaxDraws) {
      return wrong("uncertainty", "a simulation may draw 20,000,000 values (rows times samples), this one asks for " +
                                      std::to_string(out.rows() * samples));
    }
  }
  return Done{};
}

// Back to the defaults; the frequency stays read when it is the default.
void reset(Invocation& out) {
  out.period = 0;
  if (out.freq != "D") {
    out.freq.assign(1, 'D');
    out.step.reset();
  }
  if (!out.step) {
    Result<forecast::Frequency> daily = forecast::Frequency::parse("D");
    if (daily) out.step = *daily;
  }
  out.ds.clear();
  out.future.clear();
  out.options = {};
  out.samples = 0;
  out.columns.clear();
  out.doubly_encoded = false;
  out.format = Invocation::Format::kJson;
}

}  // namespace

struct InvocationReader::State {
  simdjson::error_code parse(std::string_view text, element& root);
  Result<Done> read(std::string_view body, Invocation& out, std::vector<std::string>* models);
  Result<Done> read_object(simdjson::dom::object object, Invocation& out, std::vector<std::string>* models);

  simdjson::dom::parser parser;
  std::string padded;  // simdjson reads some bytes beyond the end.
  std::string inner;
};

simdjson::error_code InvocationReader::State::parse(std::string_view text, element& root) {
  padded.assign(text);
  padded.resize(text.size() + simdjson::SIMDJSON_PADDING);
  return parser.parse(padded.data(), text.size(), false).get(root);
}

Result<Done> InvocationReader::State::read_object(simdjson::dom::object object, Invocation& out,
                                                  std::vector<std::string>* models) {
  unsigned seen = 0;
  std::optional<element> future;
  for (const auto [key, value] : object) {
    unsigned field = 0;
    while (field < kFields && kNames[field] != key) ++field;
    if (field == kFields || (field == kModels && models == nullptr)) {
      return wrong(key.substr(0, 100), "is not a field of a request; those are " + known_fields(models != nullptr));
    }
    if ((seen & (1u << field)) != 0) return wrong(key, "is given twice");
    seen |= 1u << field;
    if (field == kFuture) future = value;
    if (Result<Done> done = read_field(static_cast<Field>(field), value, out, models); !done) return done;
  }
  if (models != nullptr && models->empty()) return wrong("models", "is missing");
  if (Result<Done> checked = check_together(out, seen); !checked || !future) return checked;
  return read_future(*future, out);
}

Result<Done> InvocationReader::State::read(std::string_view body, Invocation& out, std::vector<std::string>* models) {
  reset(out);
  element root;
  simdjson::error_code error = parse(body, root);
  std::string_view text;
  if (error == simdjson::SUCCESS && root.get_string().get(text) == simdjson::SUCCESS) {
    out.doubly_encoded = true;
    inner.assign(text);
    error = parse(inner, root);
  }
  if (error != simdjson::SUCCESS) {
    return Error{ErrorCode::kInvalid,
                 std::string("the body is not JSON: ") + std::string(simdjson::error_message(error))};
  }
  simdjson::dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    return Error{ErrorCode::kInvalid, "the body is not a JSON object such as {\"period\": 7}"};
  }
  return read_object(object, out, models);
}

InvocationReader::InvocationReader() : state_(std::make_unique<State>()) {}
InvocationReader::~InvocationReader() = default;

Result<Done> InvocationReader::read(std::string_view body, Invocation& out) {
  Result<Done> done = state_->read(body, out, nullptr);
  if (body.size() > kKeptBody) state_ = std::make_unique<State>();
  return done;
}

Result<Done> InvocationReader::read_batch(std::string_view body, Invocation& out, std::vector<std::string>& models) {
  models.clear();
  Result<Done> done = state_->read(body, out, &models);
  if (body.size() > kKeptBody) state_ = std::make_unique<State>();
  return done;
}

Result<Invocation::Format> format_accepted(std::string_view accept) {
  if (accept.empty()) return Invocation::Format::kJson;
  for (std::size_t begin = 0; begin < accept.size();) {
    const std::size_t end = std::min(accept.find(',', begin), accept.size());
    std::string_view type = accept.substr(begin, end - begin);
    type = type.substr(0, type.find(';'));
    while (!type.empty() && type.front() == ' ') type.remove_prefix(1);
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    if (type == "application/json" || type == "*/*" || type == "application/*") return Invocation::Format::kJson;
    if (type == "text/csv" || type == "text/*") return Invocation::Format::kCsv;
    begin = end + 1;
  }
  return Error{ErrorCode::kInvalid, "Accept: answers are application/json or text/csv"};
}

}  // namespace chiliad::serve
