#include "control/limits.h"

#include <gtest/gtest.h>

namespace chiliad::control {
namespace {

TEST(Limits, EachIsSetByItsName) {
  Limits limits;
  ASSERT_TRUE(set_limit(limits, "jobs=5000"));
  ASSERT_TRUE(set_limit(limits, "tags=3"));
  EXPECT_EQ(limits.jobs, 5000);
  EXPECT_EQ(limits.tags, 3);
  EXPECT_EQ(limits.endpoints, Limits{}.endpoints);
}

TEST(Limits, WhatIsNoLimitIsRefusedByName) {
  Limits limits;
  for (const char* text : {"job=1", "", "=3", "jobs", "jobs=", "jobs=0", "jobs=-1", "jobs=many", "jobs=1.5"}) {
    const Result<Done> set = set_limit(limits, text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().code, ErrorCode::kInvalid);
  }
  EXPECT_NE(set_limit(limits, "job=1").error().message.find("endpoint_instances, running_jobs"), std::string::npos);
  EXPECT_EQ(limits.jobs, Limits{}.jobs);
}

}  // namespace
}  // namespace chiliad::control
