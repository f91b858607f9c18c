#include "forecast/component_name.h"

#include <gtest/gtest.h>

#include <string>

namespace chiliad::forecast {
namespace {

std::string refusal(std::string_view name) {
  const Result<Done> checked = check_seasonality_name(name);
  return checked ? "" : checked.error().message;
}

TEST(ComponentName, OwnNamesAndTheBuiltInOnesAreTaken) {
  for (const char* name :
       {"monthly", "yearly", "weekly", "daily", "Trend", "y_lower", "my_lower", "_upper", "\xC3\xA4"}) {
    EXPECT_EQ(refusal(name), "") << name;
  }
}

TEST(ComponentName, ColumnsOfAForecastAreRefusedWithTheirBounds) {
  for (const std::string name : {"trend", "additive_terms", "holidays", "zeros", "extra_regressors_additive", "yhat",
                                 "extra_regressors_multiplicative", "multiplicative_terms"}) {
    for (const char* suffix : {"", "_lower", "_upper"}) {
      EXPECT_EQ(refusal(name + suffix), "Name '" + name + suffix + "' is reserved.");
    }
  }
  EXPECT_EQ(refusal("weekly_upper"), "Name 'weekly_upper' is reserved.");
}

TEST(ComponentName, ColumnsOfTheRowsAreRefused) {
  for (const std::string name : {"ds", "y", "cap", "floor", "y_scaled", "cap_scaled"}) {
    EXPECT_EQ(refusal(name), "Name '" + name + "' is reserved.");
  }
}

TEST(ComponentName, BuiltInNamesAreForSeasonalitiesAlone) {
  for (const std::string name : {"yearly", "weekly", "daily"}) {
    EXPECT_EQ(check_component_name(name).error().message, "Name '" + name + "' is reserved.");
  }
  EXPECT_TRUE(check_component_name("temp"));
}

TEST(ComponentName, IsQuotedAsPythonDoes) {
  EXPECT_EQ(quoted_name("temp"), "'temp'");
  EXPECT_EQ(quoted_name("New Year's Day"), "\"New Year's Day\"");
  EXPECT_EQ(quoted_name("a'b\"c"), "'a\\'b\"c'");
  EXPECT_EQ(quoted_name("a\\b"), "'a\\\\b'");
}

TEST(ComponentName, EmptyAndDelimitedNamesAreRefused) {
  EXPECT_EQ(refusal(""), "a seasonality needs a name");
  EXPECT_EQ(refusal("a_delim_b"), "Name cannot contain \"_delim_\"");
}

}  // namespace
}  // namespace chiliad::forecast
