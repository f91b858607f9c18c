#include "train/series_report.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace chiliad::train {
namespace {

SeriesReport example() {
  SeriesReport report;
  report.customer_id = std::string("8");
  report.rows = 358;
  report.holdout_rows = 7;
  report.seconds = 0.000125;
  report.log_posterior = 1234.5;
  report.optimality_residual = 1e-12;
  report.iterations = 9;
  report.archive = "8.tar.gz";
  report.archive_bytes = 13000;
  report.fit.smape = 10.25;
  report.fit.mae = 1;
  report.holdout.mae = 0.1;
  report.holdout.coverage = 1;
  report.naive.mae = 0.3;
  return report;
}

TEST(SeriesReport, FieldsReadBackToTheSameReport) {
  const SeriesReport report = example();
  const Result<SeriesReport> again = parse_report_fields(report_fields(report));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(report_fields(*again), report_fields(report));
  EXPECT_EQ(again->fit.rows, 358u);
  EXPECT_EQ(again->holdout.coverage, 1.0);
  EXPECT_FALSE(again->holdout.mape);
}

TEST(SeriesReport, CsvQuotesWhatNeedsIt) {
  SeriesReport report = example();
  report.customer_id = std::string("a,\"b\"");
  report.status = SeriesStatus::kFailed;
  report.reason = "two\nlines";
  std::string out;
  append_csv_row(out, report);
  EXPECT_TRUE(out.starts_with("\"a,\"\"b\"\"\",failed,\"two\nlines\",,358,7,0.000125,1234.5,1e-12,9,8.tar.gz,13000,"))
      << out;
}

TEST(SeriesReport, HeaderAndRowHaveTheSameNumberOfColumns) {
  std::string header, row;
  append_csv_header(header);
  append_csv_row(row, example());
  EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(row.begin(), row.end(), ','));
  EXPECT_TRUE(header.starts_with("customer_id,status,reason,note,rows,"));
}

TEST(SeriesReport, JsonHasNullForWhatIsAbsent) {
  std::string out;
  append_json_row(out, example());
  EXPECT_TRUE(out.starts_with(R"({"customer_id":"8","status":"trained","reason":null,"note":null,"rows":358,)")) << out;
  EXPECT_NE(out.find(R"("holdout_mae":0.1,)"), std::string::npos);
  EXPECT_NE(out.find(R"("holdout_mape":null,)"), std::string::npos);
}

TEST(SeriesReport, DamagedFieldsAreNamed) {
  std::vector<std::string> fields = report_fields(example());
  fields[4] = "-1";
  EXPECT_EQ(parse_report_fields(fields).error().message, "rows: not a value of this column: '-1'");
  fields.pop_back();
  EXPECT_EQ(parse_report_fields(fields).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace chiliad::train
