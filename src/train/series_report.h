// What a run says of one series: the row of the report, by column, and its text forms.
//
// One list of columns serves the CSV and JSON-lines reports and the journal, so that a series which is not trained
// again is reported with the figures of the run that trained it. Columns: doc/report.md.
//
// Thread safety: values; pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "train/accuracy.h"

namespace chiliad::train {

enum class SeriesStatus : std::uint8_t {
  kTrained,  // Fitted and stored in this run.
  kKept,     // Nothing changed since it was trained; the stored model stays.
  kFailed,   // Set aside; `reason` says why. A model stored earlier stays.
};

struct SeriesReport {
  std::string customer_id;
  SeriesStatus status = SeriesStatus::kTrained;
  std::string reason;              // Empty unless failed.
  std::string note;                // What a person should know of the fit; mostly empty.
  std::uint64_t rows = 0;          // Rows with a value that were fitted.
  std::uint64_t holdout_rows = 0;  // Rows kept back at the end.
  double seconds = 0;              // From reading to storing, one thread's time.
  std::optional<double> log_posterior;
  std::optional<double> optimality_residual;
  std::uint64_t iterations = 0;
  std::string archive;  // Key in the store.
  std::uint64_t archive_bytes = 0;
  Accuracy fit;      // On the rows of the fit.
  Accuracy holdout;  // On the rows kept back.
  Accuracy naive;    // The seasonal-naive forecast on the rows kept back.
  std::string way;   // Of a refresh, how the rows came into the model: update_way_name(). Else empty.
};

// A further note, behind what is there.
void add_note(std::string& note, std::string_view text);

std::string_view status_name(SeriesStatus status);

// The columns' names, in order.
std::span<const std::string_view> report_columns();

// One value a column as text; an absent one and one that is not finite are empty. Numbers are written to read back to
// the same bits.
std::vector<std::string> report_fields(const SeriesReport& report);

// Errors: kCorrupt: another number of fields, or one that is no value of its column (it is named).
Result<SeriesReport> parse_report_fields(std::span<const std::string> fields);

// One line with its line end. CSV as RFC 4180 with LF; JSON with null for what is absent.
void append_csv_header(std::string& out);
void append_csv_row(std::string& out, const SeriesReport& report);
void append_json_row(std::string& out, const SeriesReport& report);

}  // namespace chiliad::train
