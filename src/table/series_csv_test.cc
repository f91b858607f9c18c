#include "table/series_csv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "table/gzip_for_test.h"

namespace chiliad::table {
namespace {

Instant at(std::string_view text) { return *parse_instant(text); }

std::string message_of(const Result<Series>& series) { return series ? "no error" : series.error().message; }

TEST(ReadSeriesCsv, FurtherColumnsHoldNumbersAndTruthValues) {
  const SeriesColumns columns{.further = {{"promo"}, {"temp"}, {"cap", true}}};
  const Result<Series> series = read_series_csv(
      "ds,temp,y,promo\n2022-01-01,3.5,1,True\n2022-01-02,,2,false\n2022-01-03,-1,,0\n", "f.csv", columns);
  ASSERT_TRUE(series) << series.error().message;
  EXPECT_EQ(series->further[0], (std::vector<double>{1, 0, 0}));
  EXPECT_EQ(series->further[1][0], 3.5);
  EXPECT_TRUE(std::isnan(series->further[1][1]));
  EXPECT_TRUE(series->further[2].empty());
  EXPECT_EQ(message_of(read_series_csv("ds,y,temp,promo\n2022-01-01,1,warm,0\n", "f.csv", columns)),
            "f.csv:2: column 3 (temp): expected a number, True or False, found 'warm'");
  EXPECT_EQ(message_of(read_series_csv("ds,y,temp\n2022-01-01,1,3\n", "f.csv", columns)),
            "f.csv:1: the promo column: no column is called 'promo'; the header has 'ds', 'y', 'temp'");
}

TEST(ReadSeriesCsv, WithoutAHeaderThereAreNoOptionalColumns) {
  const Result<Series> series = read_series_csv("2022-01-01,1\n2022-01-02,2\n", "f.csv", {.further = {{"temp", true}}});
  ASSERT_TRUE(series) << series.error().message;
  EXPECT_EQ(series->y, (std::vector<double>{1, 2}));
  EXPECT_TRUE(series->further[0].empty());
}

TEST(SeriesCsv, ReadsWhatSplitWrites) {
  const Result<Series> series =
      read_series_csv("2022-01-01,753.2130876585362\n2022-01-02,868.7695410293804\n", "0.csv");
  ASSERT_TRUE(series) << message_of(series);
  EXPECT_FALSE(series->has_header);
  EXPECT_EQ(series->ds, (std::vector<Instant>{at("2022-01-01"), at("2022-01-02")}));
  EXPECT_EQ(series->y, (std::vector<double>{753.2130876585362, 868.7695410293804}));
}

TEST(SeriesCsv, FindsHeaderAndColumnsByTheirUsualNames) {
  const Result<Series> series =
      read_series_csv("y,extra,ds\n1.5,x,2022-01-01 06:00:00\n", "f.csv", {.header = Header::kYes});
  ASSERT_TRUE(series) << message_of(series);
  EXPECT_TRUE(series->has_header);
  EXPECT_EQ(series->ds[0], at("2022-01-01 06:00"));
  EXPECT_EQ(series->y[0], 1.5);
  const Result<Series> detected = read_series_csv("when,what\r2022-01-01,2\r", "f.csv");
  ASSERT_TRUE(detected) << message_of(detected);
  EXPECT_TRUE(detected->has_header);
  EXPECT_EQ(detected->y, (std::vector<double>{2}));
}

TEST(SeriesCsv, ColumnsAreChosenByNameOrPosition) {
  const std::string text = "load,day,temp\n1,2022-01-01,7\n";
  EXPECT_EQ(read_series_csv(text, "f.csv", {.timestamp = {"day", 0}, .value = {"temp", 0}})->y[0], 7);
  EXPECT_EQ(read_series_csv(text, "f.csv", {.timestamp = {"", 2}, .value = {"", 1}})->y[0], 1);
  EXPECT_EQ(message_of(read_series_csv(text, "f.csv", {.timestamp = {"date", 0}})),
            "f.csv:1: the timestamp column: no column is called 'date'; the header has 'load', 'day', 'temp'");
  EXPECT_EQ(message_of(read_series_csv(text, "f.csv", {.timestamp = {"", 9}, .header = Header::kYes})),
            "f.csv:1: the timestamp column: there is no column 9, the table has 3");
  EXPECT_EQ(message_of(read_series_csv(text, "f.csv", {.timestamp = {"", 2}, .value = {"", 2}})),
            "f.csv:1: column 2 cannot be both the timestamp and the value column: choose them by name or position");
  EXPECT_EQ(
      message_of(read_series_csv(text, "f.csv", {.timestamp = {"day", 0}})),
      "f.csv:1: the value column: choose one of the table's 3 columns by position or name: 'load', 'day', 'temp'");
}

TEST(SeriesCsv, MissingValuesKeepTheirRow) {
  const Result<Series> series = read_series_csv("2022-01-01,\n2022-01-02,NA\n2022-01-03,1\n2022-01-04,nan\n", "f.csv");
  ASSERT_TRUE(series) << message_of(series);
  ASSERT_EQ(series->y.size(), 4U);
  EXPECT_TRUE(std::isnan(series->y[0]) && std::isnan(series->y[1]) && std::isnan(series->y[3]));
  EXPECT_EQ(series->ds[3], at("2022-01-04"));
}

TEST(SeriesCsv, BadFieldsNameFileLineColumnAndWhatWasExpected) {
  const auto error = [](std::string_view row) {
    return message_of(read_series_csv("ds,consumption\n2022-01-01,1\n" + std::string(row) + "\n", "8.csv"));
  };
  EXPECT_EQ(error("2022-01-02,abc"), "8.csv:3: column 2 (consumption): expected a number, found 'abc'");
  EXPECT_EQ(error("2022-01-02, 5"),
            "8.csv:3: column 2 (consumption): expected a number, found ' 5' (blanks are part of a field)");
  EXPECT_EQ(error("2022-01-02,inf"), "8.csv:3: column 2 (consumption): expected a number, found 'inf'");
  EXPECT_EQ(error(",5"), "8.csv:3: column 1 (ds): expected a date, found an empty field");
  EXPECT_EQ(error("2022-02-30,5"), "8.csv:3: column 1 (ds): '2022-02-30' is not a date: there is no such day");
  EXPECT_NE(error("2022-01-02T00:00:00Z,5").find("column 1 (ds): '2022-01-02T00:00:00Z' has a time zone"),
            std::string::npos);
  EXPECT_EQ(error("2022-01-02"), "8.csv:3: expected 2 columns, as on line 1, found 1");
  EXPECT_EQ(error("2022-01-02,\x1b[31m"), "8.csv:3: column 2 (consumption): expected a number, found '?[31m'");
}

TEST(SeriesCsv, BadRowsAreSkippedCountedAndReportedWhenAsked) {
  const Result<Series> series =
      read_series_csv("2022-01-01,1\nx,2\n2022-01-03,\"3\n2022-01-04,y\n2022-01-05,5,6\n2022-01-06,7\n", "f.csv",
                      {.skip_bad_rows = true});
  ASSERT_TRUE(series) << message_of(series);
  EXPECT_EQ(series->y, (std::vector<double>{1, 7}));
  EXPECT_EQ(series->bad_rows.count, 4U);
  ASSERT_EQ(series->bad_rows.messages.size(), 4U);
  EXPECT_EQ(series->bad_rows.messages[1], "f.csv:3: column 2: the quoted field is never closed");
}

TEST(SeriesCsv, OnlyTheFirstBadRowsAreKeptAsText) {
  std::string text = "2022-01-01,1\n";
  for (int i = 0; i < 1000; ++i) text += "bad,row\n";
  const Result<Series> series = read_series_csv(text, "f.csv", {.skip_bad_rows = true});
  ASSERT_TRUE(series) << message_of(series);
  EXPECT_EQ(series->bad_rows.count, 1000U);
  EXPECT_EQ(series->bad_rows.messages.size(), BadRows::kKept);
}

TEST(SeriesCsv, AFirstLineThatCouldBeEitherIsNotGuessed) {
  // A number where the date should be: neither a header's text with a header's text, nor a row.
  const Result<Series> series = read_series_csv("load,17\n2022-01-01,1\n", "f.csv");
  ASSERT_FALSE(series);
  EXPECT_NE(series.error().message.find("f.csv:1: cannot tell whether this is a header"), std::string::npos);
  EXPECT_TRUE(read_series_csv("load,17\n2022-01-01,1\n", "f.csv", {.header = Header::kYes}));
  EXPECT_EQ(message_of(read_series_csv("load,17\n2022-01-01,1\n", "f.csv", {.header = Header::kNo})),
            "f.csv:1: column 1 (timestamp): 'load' is not a date: expected YYYY-MM-DD or "
            "YYYY-MM-DD HH:MM[:SS[.fraction]]");
}

TEST(SeriesCsv, AFirstLineWithATimeZoneIsToldSo) {
  const std::string message = message_of(read_series_csv("2022-01-01T00:00Z,1\n2022-01-02,1\n", "f.csv"));
  EXPECT_TRUE(message.starts_with("f.csv:1: ")) << message;
  EXPECT_NE(message.find("'2022-01-01T00:00Z' has a time zone"), std::string::npos) << message;
}

TEST(SeriesCsv, APositionBeyondTheColumnsIsNamed) {
  EXPECT_EQ(message_of(read_series_csv("ds,y\n2022-01-01,1\n", "f.csv", {.value = {.position = 9}})),
            "f.csv:1: the value column: there is no column 9, the table has 2");
}

TEST(SeriesCsv, AnEmptyFileIsASeriesWithoutRows) {
  EXPECT_TRUE(read_series_csv("", "f.csv")->ds.empty());
  EXPECT_TRUE(read_series_csv("ds,y\n", "f.csv")->ds.empty());
}

TEST(SeriesCsv, GzipIsReadByItsFirstBytes) {
  const std::string zipped = gzip_for_test("2022-01-01,1\n2022-01-02,2\n");
  EXPECT_EQ(read_series_csv(zipped, "8.csv")->y, (std::vector<double>{1, 2}));
  EXPECT_EQ(read_series_csv(zipped.substr(0, zipped.size() - 1), "8.csv").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(read_series_csv(zipped, "8.csv", {.max_bytes = 10}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read_series_csv("2022-01-01,1\n", "8.csv", {.max_bytes = 10}).error().code, ErrorCode::kTooLarge);
}

TEST(SeriesCsv, UnsortedAndDuplicateDatesStayAsTheyAre) {
  const Result<Series> series = read_series_csv("2022-01-02,1\n2022-01-01,2\n2022-01-02,3\n", "f.csv");
  EXPECT_EQ(series->ds, (std::vector<Instant>{at("2022-01-02"), at("2022-01-01"), at("2022-01-02")}));
}

}  // namespace
}  // namespace chiliad::table
