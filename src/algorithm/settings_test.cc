#include "algorithm/settings.h"

#include <gtest/gtest.h>

namespace chiliad::algorithm {
namespace {

TEST(Settings, HyperparametersAreReadPlainAndEncodedOnceMore) {
  Settings settings = *Settings::parse_hyperparameters(
      R"({"growth": "\"linear\"", "holdout": "7", "interval-width": "0.5", "sagemaker_program": "\"x.py\"",)"
      R"( "add_seasonality": "[\"monthly:30.5:5\", \"q:91:3\"]", "resume_journal": "true"})");
  std::string growth;
  std::int64_t holdout = 0;
  double width = 0;
  std::vector<std::string> added;
  bool resume = false;
  settings.take("growth", growth);
  settings.take("holdout", holdout, 0, 10);
  settings.take("interval_width", width);
  settings.take("add_seasonality", added);
  settings.take("resume_journal", resume);
  EXPECT_TRUE(settings.finish());
  EXPECT_EQ(growth, "linear");
  EXPECT_EQ(holdout, 7);
  EXPECT_EQ(width, 0.5);
  EXPECT_EQ(added, (std::vector<std::string>{"monthly:30.5:5", "q:91:3"}));
  EXPECT_TRUE(resume);
}

TEST(Settings, ArgumentsWinOverTheEnvironment) {
  Settings settings = *Settings::parse_processing_config(
      R"({"AppSpecification": {"ContainerArguments": ["--id-column", "a", "--header=yes", "--overwrite"]},)"
      R"( "Environment": {"CHILIAD_ID_COLUMN": "b", "CHILIAD_VALUE_COLUMN": "v", "OTHER": "x"}})");
  std::string id, value, header;
  bool overwrite = false;
  settings.take("id_column", id);
  settings.take("value_column", value);
  settings.take("header", header);
  settings.take("overwrite", overwrite);
  EXPECT_TRUE(settings.finish());
  EXPECT_EQ(id, "a");
  EXPECT_EQ(value, "v");
  EXPECT_EQ(header, "yes");
  EXPECT_TRUE(overwrite);
}

TEST(Settings, WhatNobodyTakesIsAnErrorThatNamesIt) {
  Settings settings = *Settings::parse_hyperparameters(R"({"changepoint_prior_scala": "0.1"})");
  std::string text;
  settings.take("changepoint_prior_scale", text);
  const Result<Done> done = settings.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "'changepoint_prior_scala' is no setting here; known are: changepoint_prior_scale");
}

TEST(Settings, AValueThatCannotBeReadIsNamedWithWhatWasExpected) {
  Settings settings = *Settings::parse_hyperparameters(R"({"holdout": "many"})");
  std::int64_t holdout = 0;
  settings.take("holdout", holdout, 0, 10);
  EXPECT_EQ(settings.finish().error().message, "holdout: expected a whole number from 0 to 10, found 'many'");
}

TEST(Settings, WhatIsNoConfigurationIsRefused) {
  EXPECT_FALSE(Settings::parse_hyperparameters("[]"));
  EXPECT_FALSE(Settings::parse_hyperparameters("{"));
  EXPECT_FALSE(Settings::parse_hyperparameters(R"({"a": {}})"));
  EXPECT_FALSE(Settings::parse_hyperparameters(R"({"a-b": "1", "a_b": "2"})"));
  EXPECT_FALSE(Settings::parse_processing_config(R"({"AppSpecification": {"ContainerArguments": ["x"]}})"));
  EXPECT_FALSE(Settings::parse_processing_config(R"({"AppSpecification": {"ContainerArguments": [1]}})"));
}

}  // namespace
}  // namespace chiliad::algorithm
