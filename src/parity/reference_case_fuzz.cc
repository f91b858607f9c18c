// Any bytes as each of the files that a folder of reference cases may hold: refused, or tables whose sizes agree.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "parity/reference_case.h"

namespace {

using namespace chiliad;

void check(const parity::ReferenceCase& read) {
  if (!read.unsupported.empty()) return;
  CHILIAD_CHECK(read.ds.size() == read.y.size() && read.t.size() == read.y_scaled.size());
  CHILIAD_CHECK(read.x.size() == read.x_rows.size());
  for (const std::size_t row : read.x_rows) CHILIAD_CHECK(row < read.t.size());
  for (const auto& [name, values] : read.forecast) CHILIAD_CHECK(values.size() == read.frame.size());
  if (read.optimum) CHILIAD_CHECK(read.optimum->yhat.size() == read.frame.size());
  if (!read.intervals) return;
  for (const std::size_t row : read.intervals->rows) CHILIAD_CHECK(row < read.frame.size());
  for (const auto& [name, values] : read.intervals->mean) CHILIAD_CHECK(values.size() == read.intervals->rows.size());
}

void check(const parity::CrossValidationCase& read) {
  CHILIAD_CHECK(read.ds.size() == read.y.size() && read.frame.cutoff.size() == read.frame.rows());
  for (const parity::StoredMetrics& metrics : read.metrics) {
    CHILIAD_CHECK(metrics.names.size() == metrics.values.size());
    for (const auto& [name, values] : metrics.values) CHILIAD_CHECK(values.size() == metrics.horizon.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parity::file_format(json));
  if (const Result<parity::ReferenceCase> read = parity::read_reference_case(json); read) check(*read);
  if (const Result<parity::CrossValidationCase> read = parity::read_cross_validation_case(json); read) check(*read);
  static_cast<void>(parity::read_dates_cases(json));
  return 0;
}
