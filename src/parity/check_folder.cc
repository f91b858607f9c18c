#include "parity/check_folder.h"

#include <algorithm>

#include "archive/gzip.h"
#include "base/file.h"
#include "parity/check_cross_validation.h"

namespace chiliad::parity {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;

Result<std::string> read_text(const fs::path& file) {
  Result<std::string> bytes = read_file(file, kMaxBytes);
  if (!bytes || !archive::is_gzip(*bytes)) return bytes;
  const Result<archive::Buffer> text = archive::gunzip(*bytes, kMaxBytes);
  if (!text) return text.error();
  return std::string(text->view());
}

std::string id_of(const fs::path& file) {
  std::string name = file.filename();
  for (const std::string_view end : {".gz", ".json"}) {
    if (name.ends_with(end)) name.resize(name.size() - end.size());
  }
  return name;
}

CaseReport failed(const fs::path& file, const Error& error) {
  CaseReport report;
  report.id = id_of(file);
  report.verdict = Verdict::kFailed;
  report.reasons = {error.message};
  return report;
}

CaseReport skipped(const fs::path& file, std::string reason) {
  CaseReport report;
  report.id = id_of(file);
  report.verdict = Verdict::kSkipped;
  report.reasons = {std::move(reason)};
  return report;
}

}  // namespace

CaseReport check_file(const fs::path& file) {
  const Result<std::string> text = read_text(file);
  if (!text) return failed(file, text.error());
  if (id_of(file) == "make_future_dataframe") {
    const Result<std::vector<DatesCase>> lines = read_dates_cases(*text);
    return lines ? check_dates(id_of(file), *lines) : failed(file, lines.error());
  }
  const Result<std::string> format = file_format(*text);
  if (!format) return failed(file, format.error());
  if (*format == "prophet-cv-fixture-1") {
    const Result<CrossValidationCase> reference = read_cross_validation_case(*text);
    return reference ? check_cross_validation(*reference) : failed(file, reference.error());
  }
  if (*format != "prophet-fixture-1") {
    return skipped(file, format->empty() ? "no reference case" : "format " + *format + " holds nothing to check");
  }
  const Result<ReferenceCase> reference = read_reference_case(*text);
  return reference ? check_case(*reference) : failed(file, reference.error());
}

Result<int> check_folder(const fs::path& folder, const std::function<void(const CaseReport&)>& each) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (name.ends_with(".json") || name.ends_with(".json.gz")) files.push_back(at->path());
  }
  if (error) return system_error("open folder", folder, error.value());
  if (files.empty()) return Error{ErrorCode::kNotFound, folder.string() + ": no *.json or *.json.gz in it"};
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) each(check_file(file));
  return static_cast<int>(files.size());
}

}  // namespace chiliad::parity
