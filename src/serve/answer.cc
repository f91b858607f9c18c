#include "serve/answer.h"

#include <algorithm>
#include <span>

#include "base/check.h"
#include "base/csv_field.h"
#include "base/json_writer.h"
#include "base/number.h"

namespace chiliad::serve {
namespace {

using forecast::Forecast;

constexpr int kDecimals = 10;
constexpr std::size_t kDsColumn = SIZE_MAX;  // Stands for the column ds among indices of Forecast's columns.

Result<std::vector<std::size_t>> chosen_columns(const Forecast& forecast, const std::vector<std::string>& wanted,
                                                std::size_t quantiles) {
  const std::vector<std::string>& names = forecast.names();
  std::vector<std::size_t> chosen;
  if (wanted.empty()) {
    chosen.reserve(names.size() + 1);
    chosen.push_back(kDsColumn);
    for (std::size_t i = 0; i < names.size(); ++i) chosen.push_back(i);
    return chosen;
  }
  for (const std::string& name : wanted) {
    if (name == "ds") {
      chosen.push_back(kDsColumn);
      continue;
    }
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      std::string all = "ds";
      for (const std::string& known : names) all += ", " + known;
      return Error{ErrorCode::kInvalid, "'columns': there is no column '" + name + "'; this forecast has " + all};
    }
    chosen.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  // The quantiles are the forecast's last columns. Who asks for them wants them, whatever else.
  for (std::size_t i = names.size() - quantiles; i < names.size(); ++i) {
    if (std::find(chosen.begin(), chosen.end(), i) == chosen.end()) chosen.push_back(i);
  }
  return chosen;
}

// `"358":` for every row, one after the other, and where each ends.
struct RowKeys {
  RowKeys(std::int64_t first_row, std::size_t rows) {
    text.reserve(rows * 10);
    ends.reserve(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      text += ",\"";
      append_integer(text, first_row + static_cast<std::int64_t>(row));
      text += "\":";
      ends.push_back(text.size());
    }
  }
  std::string text;
  std::vector<std::size_t> ends;
};

void append_json(std::string& out, const Forecast& forecast, const std::vector<std::size_t>& columns,
                 std::int64_t first_row) {
  const RowKeys keys(first_row, forecast.rows());
  constexpr std::size_t kUsualValue = 14;
  out.reserve(out.size() + columns.size() * (keys.text.size() + forecast.rows() * kUsualValue + 32));
  char separator = '{';
  for (const std::size_t column : columns) {
    out += separator;
    separator = ',';
    if (column == kDsColumn) {
      out += "\"ds\"";
    } else {
      append_json_string(out, forecast.names()[column], true);
    }
    out += ":{";
    const std::span<const double> values = column == kDsColumn ? std::span<const double>() : forecast.column(column);
    std::size_t begin = 1;  // Without the first key's comma.
    for (std::size_t row = 0; row < forecast.rows(); ++row) {
      out.append(keys.text, begin, keys.ends[row] - begin);
      begin = keys.ends[row];
      if (column == kDsColumn) {
        append_integer(out, millis_since_epoch(forecast.ds()[row]));
      } else {
        append_rounded(out, values[row], kDecimals);
      }
    }
    out += '}';
  }
  out += '}';
}

// As pandas writes a table: dates alone where all rows are at midnight.
std::vector<std::string> csv_moments(const std::vector<Instant>& ds) {
  const bool dates_only =
      std::all_of(ds.begin(), ds.end(), [](Instant at) { return at == std::chrono::floor<std::chrono::days>(at); });
  std::vector<std::string> moments;
  for (const Instant at : ds) {
    std::string& moment = moments.emplace_back(format_instant(at));
    if (dates_only) continue;
    if (moment.size() == 10) moment += "T00:00:00";
    moment[10] = ' ';
  }
  return moments;
}

void append_csv(std::string& out, const Forecast& forecast, const std::vector<std::size_t>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_field(out, columns[i] == kDsColumn ? "ds" : std::string_view(forecast.names()[columns[i]]));
  }
  out += '\n';
  const std::vector<std::string> moments = csv_moments(forecast.ds());
  for (std::size_t row = 0; row < forecast.rows(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += ',';
      if (columns[i] != kDsColumn) {
        append_repr(out, forecast.column(columns[i])[row]);
      } else {
        out += moments[row];
      }
    }
    out += '\n';
  }
}

// A column of futures: its values, or null for ds.
struct SampledColumn {
  std::string_view name;
  const std::vector<double>* values;
};

Result<std::vector<SampledColumn>> sampled_columns(const forecast::PredictiveSamples& samples,
                                                   const std::vector<std::string>& wanted) {
  const std::vector<SampledColumn> all{{"ds", nullptr}, {"trend", &samples.trend}, {"yhat", &samples.yhat}};
  if (wanted.empty()) return all;
  std::vector<SampledColumn> chosen;
  for (const std::string& name : wanted) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const SampledColumn& one) { return one.name == name; });
    if (found == all.end()) {
      return Error{ErrorCode::kInvalid,
                   "'columns': there is no column '" + name + "'; with 'samples' there are ds, trend, yhat"};
    }
    chosen.push_back(*found);
  }
  return chosen;
}

void append_samples_json(std::string& out, const forecast::PredictiveSamples& samples,
                         const std::vector<SampledColumn>& columns, std::int64_t first_row) {
  const std::size_t n = samples.samples;
  char separator = '{';
  for (const SampledColumn& column : columns) {
    out += separator;
    separator = ',';
    out.append("\"").append(column.name).append("\":");
    char before = '{';
    for (std::size_t row = 0; row < samples.rows(); ++row) {
      out += before;
      before = ',';
      out += '"';
      append_integer(out, first_row + static_cast<std::int64_t>(row));
      out += "\":";
      if (column.values == nullptr) {
        append_integer(out, millis_since_epoch(samples.ds[row]));
        continue;
      }
      for (std::size_t i = 0; i < n; ++i) {
        out += i == 0 ? '[' : ',';
        append_rounded(out, (*column.values)[row * n + i], kDecimals);
      }
      out += ']';
    }
    out += '}';
  }
  out += '}';
}

void append_samples_csv(std::string& out, const forecast::PredictiveSamples& samples,
                        const std::vector<SampledColumn>& columns) {
  const std::size_t n = samples.samples;
  // The number of the future stands behind ds, or first.
  const auto ds = std::find_if(columns.begin(), columns.end(), [](const auto& one) { return one.values == nullptr; });
  const auto at = ds == columns.end() ? std::ptrdiff_t{-1} : ds - columns.begin();
  const std::vector<std::string> moments = csv_moments(samples.ds);
  const auto line = [&](auto&& number, auto&& value) {
    if (at < 0) number();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (c > 0 || at < 0) out += ',';
      value(columns[c]);
      if (static_cast<std::ptrdiff_t>(c) != at) continue;
      out += ',';
      number();
    }
    out += '\n';
  };
  line([&] { out += "sample"; }, [&](const SampledColumn& column) { out += column.name; });
  for (std::size_t row = 0; row < samples.rows(); ++row) {
    for (std::size_t i = 0; i < n; ++i) {
      line([&] { append_integer(out, static_cast<std::int64_t>(i)); },
           [&](const SampledColumn& column) {
             if (column.values == nullptr) {
               out += moments[row];
             } else {
               append_repr(out, (*column.values)[row * n + i]);
             }
           });
    }
  }
}

}  // namespace

Result<Done> append_answer(std::string& out, const Forecast& forecast, std::int64_t first_row,
                           const Invocation& asked) {
  CHILIAD_CHECK(asked.options.quantiles.size() <= forecast.names().size());
  Result<std::vector<std::size_t>> chosen = chosen_columns(forecast, asked.columns, asked.options.quantiles.size());
  if (!chosen) return std::move(chosen).error();
  if (asked.format == Invocation::Format::kCsv) {
    append_csv(out, forecast, *chosen);
  } else {
    append_json(out, forecast, *chosen, first_row);
  }
  return Done{};
}

Result<Done> append_samples(std::string& out, const forecast::PredictiveSamples& samples, std::int64_t first_row,
                            const Invocation& asked) {
  const Result<std::vector<SampledColumn>> columns = sampled_columns(samples, asked.columns);
  if (!columns) return columns.error();
  if (asked.format == Invocation::Format::kCsv) {
    append_samples_csv(out, samples, *columns);
  } else {
    append_samples_json(out, samples, *columns, first_row);
  }
  return Done{};
}

}  // namespace chiliad::serve
