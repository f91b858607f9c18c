#include "forecast/seasonality_name.h"

#include <gtest/gtest.h>

#include <string>

namespace chiliad::forecast {
namespace {

std::string refusal(std::string_view name) {
  const Result<Done> checked = check_seasonality_name(name);
  return checked ? "" : checked.error().message;
}

TEST(SeasonalityName, OwnNamesAndTheBuiltInOnesAreTaken) {
  for (const char* name :
       {"monthly", "yearly", "weekly", "daily", "Trend", "y_lower", "my_lower", "_upper", "\xC3\xA4"}) {
    EXPECT_EQ(refusal(name), "") << name;
  }
}

TEST(SeasonalityName, ColumnsOfAForecastAreRefusedWithTheirBounds) {
  for (const std::string name : {"trend", "additive_terms", "holidays", "zeros", "extra_regressors_additive", "yhat",
                                 "extra_regressors_multiplicative", "multiplicative_terms"}) {
    for (const char* suffix : {"", "_lower", "_upper"}) {
      EXPECT_EQ(refusal(name + suffix), "Name '" + name + suffix + "' is reserved.");
    }
  }
  EXPECT_EQ(refusal("weekly_upper"), "Name 'weekly_upper' is reserved.");
}

TEST(SeasonalityName, ColumnsOfTheRowsAreRefused) {
  for (const std::string name : {"ds", "y", "cap", "floor", "y_scaled", "cap_scaled"}) {
    EXPECT_EQ(refusal(name), "Name '" + name + "' is reserved.");
  }
}

TEST(SeasonalityName, EmptyAndDelimitedNamesAreRefused) {
  EXPECT_EQ(refusal(""), "a seasonality needs a name");
  EXPECT_EQ(refusal("a_delim_b"), "Name cannot contain \"_delim_\"");
}

}  // namespace
}  // namespace chiliad::forecast
