#include "train/cross_validate_fleet.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"

namespace chiliad::train {
namespace {

// Some series of 80 days each, and one that is too short.
class CrossValidateFleet : public testing::Test {
 protected:
  void SetUp() override {
    for (int series = 0; series < 5; ++series) write(series, series == 3 ? 6 : 80);
    plan_.call.horizon = std::chrono::days(7);
    plan_.columns.header = table::Header::kNo;
    plan_.rows = plan_.figures = true;
  }

  void write(int series, int days) {
    std::string text;
    for (int i = 0; i < days; ++i) {
      const Instant day = std::chrono::sys_days(std::chrono::days(19000 + i));
      text += fmt::format("{},{}\n", format_instant(day), 20 + series + 0.2 * i + std::fmod(i * (7.0 + series), 11));
    }
    ASSERT_TRUE(write_file_atomically(folder_.path() / fmt::format("s{}.csv", series), text, Durability::kNone));
  }

  std::vector<CrossValidated> run() {
    std::vector<CrossValidated> all;
    std::atomic<bool> stop{false};
    cross_validate_fleet(*SeriesSource::open(folder_.path().string()), plan_, stop, [&](const CrossValidated& one) {
      all.push_back(one);
      return true;
    });
    return all;
  }

  TempFolder folder_ = *TempFolder::make();
  CrossValidatePlan plan_;
};

TEST_F(CrossValidateFleet, GivesATableFiguresAndABaselineASeries) {
  const std::vector<CrossValidated> all = run();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(cross_validation_header(plan_), "customer_id,ds,yhat,yhat_lower,yhat_upper,y,cutoff,naive\n");
  EXPECT_EQ(metrics_header(plan_), "customer_id,horizon,mse,rmse,mae,mape,mdape,smape,coverage\n");
  const CrossValidated& first = all[0];
  EXPECT_EQ(first.report.customer_id, "s0");
  EXPECT_EQ(first.report.rows, 80U);
  EXPECT_EQ(first.report.holdout_rows, 7 * first.cutoffs);
  EXPECT_EQ(std::ranges::count(first.rows, '\n'), static_cast<std::ptrdiff_t>(7 * first.cutoffs));
  EXPECT_TRUE(first.report.naive.mae && first.report.holdout.coverage && first.report.holdout.mase);
  // The last cut-off is day 72; the naive forecast of day 73 is day 66's value.
  EXPECT_NE(first.rows.find(fmt::format(",{},{}T00:00:00,{}\n", 20 + 0.2 * 73 + std::fmod(73 * 7.0, 11),
                                        format_instant(std::chrono::sys_days(std::chrono::days(19072))),
                                        20 + 0.2 * 66 + std::fmod(66 * 7.0, 11))),
            std::string::npos);
}

TEST_F(CrossValidateFleet, SetsAsideASeriesThatIsTooShort) {
  const std::vector<CrossValidated> all = run();
  EXPECT_EQ(all[3].report.status, SeriesStatus::kFailed);
  EXPECT_NE(all[3].report.reason.find("s3.csv: Less data than horizon."), std::string::npos) << all[3].report.reason;
  EXPECT_EQ(all[3].rows, "");
}

TEST_F(CrossValidateFleet, IsTheSameWithAnyNumberOfThreads) {
  const std::vector<CrossValidated> one = run();
  for (const int threads : {2, 16}) {  // 16: more than series, so that cut-offs share them.
    plan_.threads = threads;
    const std::vector<CrossValidated> many = run();
    ASSERT_EQ(one.size(), many.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_EQ(one[i].rows, many[i].rows);
      EXPECT_EQ(one[i].figures, many[i].figures);
    }
  }
}

TEST_F(CrossValidateFleet, EndsWhenStopped) {
  std::atomic<bool> stop{true};
  int seen = 0;
  cross_validate_fleet(*SeriesSource::open(folder_.path().string()), plan_, stop,
                       [&](const CrossValidated&) { return ++seen > 0; });
  EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace chiliad::train
