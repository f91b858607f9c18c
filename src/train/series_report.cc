// One table of columns, each with its way out and in; all text forms go through it.

#include "train/series_report.h"

#include <array>
#include <cmath>
#include <utility>

#include "base/csv_field.h"
#include "base/json_writer.h"
#include "base/number.h"

namespace chiliad::train {
namespace {

using Text = std::string SeriesReport::*;
using Count = std::uint64_t SeriesReport::*;
using Figure = std::optional<double> SeriesReport::*;
using AccuracyPart = Accuracy SeriesReport::*;
using AccuracyFigure = std::optional<double> Accuracy::*;

enum class Kind : std::uint8_t { kText, kStatus, kCount, kSeconds, kFigure, kAccuracy };

struct Column {
  std::string_view name;
  Kind kind;
  Text text = nullptr;
  Count count = nullptr;
  Figure figure = nullptr;
  AccuracyPart part = nullptr;
  AccuracyFigure part_figure = nullptr;

  constexpr Column(std::string_view n, Text t) : name(n), kind(Kind::kText), text(t) {}
  constexpr Column(std::string_view n, Count c) : name(n), kind(Kind::kCount), count(c) {}
  constexpr Column(std::string_view n, Figure f) : name(n), kind(Kind::kFigure), figure(f) {}
  constexpr Column(std::string_view n, AccuracyPart p, AccuracyFigure f)
      : name(n), kind(Kind::kAccuracy), part(p), part_figure(f) {}
  constexpr Column(std::string_view n, Kind k) : name(n), kind(k) {}
};

constexpr std::array kColumns{
    Column{"customer_id", &SeriesReport::customer_id},
    Column{"status", Kind::kStatus},
    Column{"reason", &SeriesReport::reason},
    Column{"note", &SeriesReport::note},
    Column{"rows", &SeriesReport::rows},
    Column{"holdout_rows", &SeriesReport::holdout_rows},
    Column{"seconds", Kind::kSeconds},
    Column{"log_posterior", &SeriesReport::log_posterior},
    Column{"optimality_residual", &SeriesReport::optimality_residual},
    Column{"iterations", &SeriesReport::iterations},
    Column{"archive", &SeriesReport::archive},
    Column{"archive_bytes", &SeriesReport::archive_bytes},
    Column{"fit_smape", &SeriesReport::fit, &Accuracy::smape},
    Column{"fit_mape", &SeriesReport::fit, &Accuracy::mape},
    Column{"fit_mae", &SeriesReport::fit, &Accuracy::mae},
    Column{"fit_rmse", &SeriesReport::fit, &Accuracy::rmse},
    Column{"fit_mase", &SeriesReport::fit, &Accuracy::mase},
    Column{"holdout_smape", &SeriesReport::holdout, &Accuracy::smape},
    Column{"holdout_mape", &SeriesReport::holdout, &Accuracy::mape},
    Column{"holdout_mae", &SeriesReport::holdout, &Accuracy::mae},
    Column{"holdout_rmse", &SeriesReport::holdout, &Accuracy::rmse},
    Column{"holdout_mase", &SeriesReport::holdout, &Accuracy::mase},
    Column{"holdout_coverage", &SeriesReport::holdout, &Accuracy::coverage},
    Column{"naive_smape", &SeriesReport::naive, &Accuracy::smape},
    Column{"naive_mape", &SeriesReport::naive, &Accuracy::mape},
    Column{"naive_mae", &SeriesReport::naive, &Accuracy::mae},
    Column{"naive_rmse", &SeriesReport::naive, &Accuracy::rmse},
    Column{"naive_mase", &SeriesReport::naive, &Accuracy::mase},
    Column{"way", &SeriesReport::way},
};

constexpr auto kNames = [] {
  std::array<std::string_view, kColumns.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kColumns[i].name;
  return names;
}();

constexpr std::array kStatuses{SeriesStatus::kTrained, SeriesStatus::kKept, SeriesStatus::kFailed};

// What overflowed is no figure: JSON has no word for it, and a reader could do nothing with it.
std::string figure_text(const std::optional<double>& value) {
  std::string text;
  if (value && std::isfinite(*value)) append_repr(text, *value);
  return text;
}

std::string field(const SeriesReport& report, const Column& column) {
  switch (column.kind) {
    case Kind::kText: return report.*column.text;
    case Kind::kStatus: return std::string(status_name(report.status));
    case Kind::kCount: return std::to_string(report.*column.count);
    case Kind::kSeconds: return figure_text(report.seconds);
    case Kind::kFigure: return figure_text(report.*column.figure);
    case Kind::kAccuracy: return figure_text(report.*column.part.*column.part_figure);
  }
  return {};
}

bool parse_status(std::string_view text, SeriesStatus& status) {
  for (const SeriesStatus candidate : kStatuses) {
    if (status_name(candidate) == text) {
      status = candidate;
      return true;
    }
  }
  return false;
}

bool parse_figure(std::string_view text, std::optional<double>& value) {
  value = text.empty() ? std::nullopt : parse_double(text);
  return text.empty() || value;
}

bool parse_field(std::string_view text, const Column& column, SeriesReport& report) {
  switch (column.kind) {
    case Kind::kText: report.*column.text = text; return true;
    case Kind::kStatus: return parse_status(text, report.status);
    case Kind::kCount: {
      const std::optional<std::int64_t> value = parse_integer(text);
      if (!value || *value < 0) return false;
      report.*column.count = static_cast<std::uint64_t>(*value);
      return true;
    }
    case Kind::kSeconds: {
      std::optional<double> value;
      if (!parse_figure(text, value) || !value) return false;
      report.seconds = *value;
      return true;
    }
    case Kind::kFigure: return parse_figure(text, report.*column.figure);
    case Kind::kAccuracy: return parse_figure(text, report.*column.part.*column.part_figure);
  }
  return false;
}

bool is_text(const Column& column) { return column.kind == Kind::kText || column.kind == Kind::kStatus; }

}  // namespace

void add_note(std::string& note, std::string_view text) {
  if (!note.empty()) note += "; ";
  note += text;
}

std::string_view status_name(SeriesStatus status) {
  switch (status) {
    case SeriesStatus::kTrained: return "trained";
    case SeriesStatus::kKept: return "kept";
    case SeriesStatus::kFailed: return "failed";
  }
  return "?";
}

std::span<const std::string_view> report_columns() { return kNames; }

std::vector<std::string> report_fields(const SeriesReport& report) {
  std::vector<std::string> fields;
  fields.reserve(kColumns.size());
  for (const Column& column : kColumns) fields.push_back(field(report, column));
  return fields;
}

Result<SeriesReport> parse_report_fields(std::span<const std::string> fields) {
  // Journals of earlier versions end before `way`.
  const bool earlier = fields.size() + 1 == kColumns.size();
  if (fields.size() != kColumns.size() && !earlier) {
    return Error{ErrorCode::kCorrupt, "expected " + std::to_string(kColumns.size()) + " columns of a report, found " +
                                          std::to_string(fields.size())};
  }
  SeriesReport report;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!parse_field(fields[i], kColumns[i], report)) {
      return Error{ErrorCode::kCorrupt, std::string(kNames[i]) + ": not a value of this column: '" + fields[i] + "'"};
    }
  }
  report.fit.rows = report.fit.mae ? report.rows : 0;
  report.holdout.rows = report.naive.rows = report.holdout.mae ? report.holdout_rows : 0;
  return report;
}

void append_csv_header(std::string& out) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (i > 0) out += ',';
    out += kNames[i];
  }
  out += '\n';
}

void append_csv_row(std::string& out, const SeriesReport& report) {
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_field(out, field(report, kColumns[i]));
  }
  out += '\n';
}

void append_json_row(std::string& out, const SeriesReport& report) {
  JsonWriter json;
  json.begin_object();
  for (const Column& column : kColumns) {
    const std::string text = field(report, column);
    json.key(column.name);
    if (text.empty() && column.name != "customer_id") {
      json.null();
    } else if (is_text(column)) {
      json.string(text);
    } else {
      json.raw(text);
    }
  }
  json.end_object();
  out += std::move(json).take();
  out += '\n';
}

}  // namespace chiliad::train
