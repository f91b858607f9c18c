// The project's own reference cases (test/golden/cases) pass, and a case with a wrong number fails.

#include "parity/check_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "archive/gzip.h"
#include "base/file.h"
#include "parity/check_cross_validation.h"

namespace chiliad::parity {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = CHILIAD_SOURCE_DIR "/test/golden/cases";

std::string reasons(const CaseReport& report) {
  std::string out;
  for (const std::string& reason : report.reasons) out += reason + "; ";
  return out;
}

std::string case_text(const char* id) {
  const std::string bytes = *read_file(kCases / (std::string(id) + ".json.gz"));
  return std::string(archive::gunzip(bytes, 1 << 28)->view());
}

CaseReport check_changed(const char* id, std::string_view from, std::string_view to) {
  std::string text = case_text(id);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const Result<ReferenceCase> reference = read_reference_case(text);
  if (reference) return check_case(*reference);
  CaseReport report;
  report.verdict = Verdict::kFailed;
  report.reasons = {reference.error().message};
  return report;
}

TEST(Parity, OwnReferenceCasesPass) {
  int passed = 0, skipped = 0;
  const Result<int> files = check_folder(kCases, [&](const CaseReport& report) {
    EXPECT_NE(report.verdict, Verdict::kFailed) << report.id << ": " << reasons(report);
    passed += report.verdict == Verdict::kPassed;
    skipped += report.verdict == Verdict::kSkipped;
  });
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_GE(passed, 46);
  EXPECT_EQ(skipped, 0);
}

TEST(Parity, FurtherReferenceCasesPassWherePresent) {
  const char* reference = std::getenv("REFERENCE_DIR");
  if (reference == nullptr) GTEST_SKIP() << "REFERENCE_DIR is not set";
  int passed = 0;
  const Result<int> files = check_folder(fs::path(reference) / "fixtures/prophet/cases", [&](const CaseReport& report) {
    EXPECT_NE(report.verdict, Verdict::kFailed) << report.id << ": " << reasons(report);
    passed += report.verdict == Verdict::kPassed;
  });
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_GE(passed, 53);
}

TEST(Parity, AWrongScaleFails) {
  const CaseReport report = check_changed("short_default", "\"y_min\":0.0", "\"y_min\":0.001");
  EXPECT_EQ(report.verdict, Verdict::kFailed);
  EXPECT_EQ(report.worst_column, "y_min");
}

TEST(Parity, AColumnOfAnotherLengthFails) {
  const CaseReport report = check_changed("short_default", "\"trend\":[", "\"trend\":[1e9,");
  EXPECT_EQ(report.verdict, Verdict::kFailed) << reasons(report);
}

TEST(Parity, AColumnMovedByAMillionthFails) {
  const std::string text = case_text("short_default");
  const std::size_t at = text.find("\"trend\":[");
  const std::string stored = text.substr(at, text.find(',', at) - at);
  const double value = std::stod(stored.substr(stored.find('[') + 1));
  ASSERT_GT(std::abs(value), 1e-3);
  EXPECT_EQ(check_changed("short_default", stored, fmt::format("\"trend\":[{:.17g}", value)).verdict, Verdict::kPassed);
  const CaseReport report =
      check_changed("short_default", stored, fmt::format("\"trend\":[{:.17g}", value * (1 + 1e-6)));
  EXPECT_EQ(report.verdict, Verdict::kFailed);
  EXPECT_NE(reasons(report).find("trend"), std::string::npos) << reasons(report);
}

TEST(Parity, ALogPosteriorAboveOursFails) {
  const std::string text = case_text("short_default");
  const std::size_t at = text.find("\"lp_numpy\":");
  const std::string stored = text.substr(at, text.find(',', at) - at);
  const CaseReport report = check_changed("short_default", stored, "\"lp_numpy\":1e6");
  EXPECT_EQ(report.verdict, Verdict::kFailed);
}

CaseReport check_changed_cross_validation(std::string_view from, std::string_view to) {
  std::string text = case_text("cv_regressors");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const Result<CrossValidationCase> reference = read_cross_validation_case(text);
  if (reference) return check_cross_validation(*reference);
  CaseReport report;
  report.verdict = Verdict::kFailed;
  report.reasons = {reference.error().message};
  return report;
}

TEST(Parity, ACrossValidationWithAnotherValueOrCutOffFails) {
  EXPECT_EQ(check_changed_cross_validation("cv_regressors", "cv_regressors").verdict, Verdict::kPassed);
  CaseReport report = check_changed_cross_validation("\"mse\":[", "\"mse\":[1e9,");
  EXPECT_EQ(report.verdict, Verdict::kFailed);
  EXPECT_EQ(report.reasons.at(0), "performance_metrics: sizes differ");
  report = check_changed_cross_validation("\"cutoffs\":[\"2021-07-10", "\"cutoffs\":[\"2021-07-11");
  EXPECT_EQ(report.verdict, Verdict::kFailed);
  EXPECT_EQ(report.reasons.at(0), "other cut-offs");
  // A prior that differs moves the forecasts.
  report = check_changed_cross_validation("\"prior_scale\":0.5", "\"prior_scale\":0.05");
  EXPECT_EQ(report.verdict, Verdict::kFailed);
}

TEST(Parity, UnsupportedFeaturesAreSkippedByName) {
  const std::string options = "\"constructor\":{";
  const CaseReport report = check_changed("minmax", options, options + "\"mcmc_samples\":300,");
  EXPECT_EQ(report.verdict, Verdict::kSkipped);
  EXPECT_EQ(report.reasons, std::vector<std::string>{"option mcmc_samples"});
}

TEST(Parity, DamagedFilesFailWithTheReason) {
  EXPECT_FALSE(read_reference_case("{\"format\":\"prophet-fixture-1\"}"));
  EXPECT_FALSE(read_reference_case("[]"));
  EXPECT_FALSE(read_reference_case(case_text("short_default").substr(0, 5000)));
}

TEST(Parity, AFolderWithoutCasesIsAnError) {
  const TempFolder empty = *TempFolder::make();
  const Result<int> files = check_folder(empty.path(), [](const CaseReport&) {});
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace chiliad::parity
