#include "forecast/fourier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace chiliad::forecast {
namespace {

std::vector<Instant> moments() {
  std::vector<Instant> ds;
  for (const char* text : {"1969-07-20T20:17:40", "2024-02-29T12:30:00.5", "1970-01-01",
                           "2260-12-31T23:59:59.999999999", "1700-01-01T00:00:00.000000001"}) {
    ds.push_back(*parse_instant(text));
  }
  return ds;
}

// Prophet's formula in Prophet's order of evaluation, with the C library's sine.
TEST(FillFourier, GivesProphetsColumns) {
  // An odd number of terms, so that the last vector is not whole; a period that is far.
  const std::vector<Seasonality> seasonalities = {{"yearly", 365.25, 10}, {"daily", 1, 6}, {"minutes", 1.0 / 288, 3}};
  const std::vector<Instant> ds = moments();
  FeatureMatrix x(ds.size(), 40);
  for (std::size_t r = 0; r < ds.size(); ++r) x.row(r)[38] = x.row(r)[39] = 7;
  fill_fourier(seasonalities, ds, x);
  for (std::size_t r = 0; r < ds.size(); ++r) {
    const double t = static_cast<double>(nanos_since_epoch(ds[r])) / 1e9 / (24 * 60 * 60);
    const double x_t = std::numbers::pi * 2 * t;
    std::size_t column = 0;
    for (const Seasonality& seasonality : seasonalities) {
      for (int i = 0; i < seasonality.fourier_order; ++i) {
        const double c = (i + 1) / seasonality.period_days * x_t;
        EXPECT_NEAR(x.row(r)[column++], std::sin(c), 3e-14) << seasonality.name << " row " << r;
        EXPECT_NEAR(x.row(r)[column++], std::cos(c), 3e-14) << seasonality.name << " row " << r;
      }
    }
    EXPECT_EQ(x.row(r)[38], 7);
    EXPECT_EQ(x.row(r)[39], 7);
  }
}

TEST(FillFourier, HasThePeriodAsked) {
  const std::vector<Seasonality> weekly = {{"weekly", 7, 1}};
  const std::vector<Instant> ds = {*parse_instant("2024-02-29"), *parse_instant("2024-03-07")};
  FeatureMatrix x(2, 2);
  fill_fourier(weekly, ds, x);
  EXPECT_NEAR(x.row(0)[0], x.row(1)[0], 1e-11);
  EXPECT_NEAR(x.row(0)[0], 0, 1e-11);  // A Thursday, as 1970-01-01 was.
  EXPECT_NEAR(x.row(0)[1], 1, 1e-11);
}

}  // namespace
}  // namespace chiliad::forecast
