#include "hosting/deployment.h"

#include <gtest/gtest.h>

#include <map>

#include "hosting/endpoint_table.h"
#include "hosting/native_host.h"
#include "hosting/s3_location.h"

namespace chiliad::hosting {
namespace {

std::shared_ptr<const Deployment> deployment_of(const std::string& name, const std::vector<double>& weights) {
  EndpointPlan plan;
  plan.name = name;
  std::vector<Variant> variants;
  for (const double weight : weights) {
    Variant variant;
    variant.plan.name = std::string(1, 'v').append(std::to_string(variants.size()));
    variant.plan.weight = weight;
    plan.variants.push_back(variant.plan);
    variants.push_back(variant);
  }
  return std::make_shared<const Deployment>(plan, LogPlace(), variants);
}

TEST(Deployment, EveryRunOfCallsIsSharedOutAsTheWeightsSay) {
  const auto deployment = deployment_of("e", {5, 3, 0, 2});
  std::map<std::string, int> counts;
  for (int call = 1; call <= 10'000; ++call) {
    ++counts[deployment->choose().plan.name];
    EXPECT_NEAR(counts["v0"], 0.5 * call, 6);
    EXPECT_NEAR(counts["v1"], 0.3 * call, 6);
    EXPECT_EQ(counts["v2"], 0);
    EXPECT_NEAR(counts["v3"], 0.2 * call, 6);
  }
}

TEST(Deployment, VariantWithoutWeightIsNeverChosenAtTheEndEither) {
  const auto deployment = deployment_of("e", {0.1, 0.2, 0});
  for (int call = 0; call < 100'000; ++call) EXPECT_NE(deployment->choose().plan.name, "v2");
}

TEST(Deployment, WithoutWeightsAllShareAlike) {
  const auto deployment = deployment_of("e", {0, 0});
  int first = 0;
  for (int call = 0; call < 1000; ++call) first += deployment->choose().plan.name == "v0";
  EXPECT_NEAR(first, 500, 5);
}

TEST(EndpointTable, ReplaceNeedsWhatWasThere) {
  EndpointTable table;
  const auto first = deployment_of("e", {1});
  const auto second = deployment_of("e", {1});
  EXPECT_EQ(table.put(first), nullptr);
  EXPECT_EQ(table.find("e"), first);
  EXPECT_TRUE(table.replace(first, second));
  EXPECT_FALSE(table.replace(first, second));
  EXPECT_EQ(table.find("e"), second);
  EXPECT_EQ(table.put(first), second);
  EXPECT_EQ(table.remove("e"), first);
  EXPECT_EQ(table.remove("e"), nullptr);
  EXPECT_EQ(table.find("e"), nullptr);
}

TEST(ImageName, IsTheLastPartWithoutTagAndDigest) {
  EXPECT_EQ(image_name("chiliad-prophet"), "chiliad-prophet");
  EXPECT_EQ(image_name("host:5000/team/chiliad-prophet:1.0"), "chiliad-prophet");
  EXPECT_EQ(image_name("1.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet@sha256:ab"), "chiliad-prophet");
  EXPECT_EQ(image_name("host/my-chiliad-prophet"), "my-chiliad-prophet");
  EXPECT_EQ(image_name("chiliad-prophet/other"), "other");
  EXPECT_EQ(image_name(""), "");
}

TEST(S3Location, IsReadStrictly) {
  EXPECT_EQ(*parse_s3_uri("s3://b/k/x.json"), (S3Location{"b", "k/x.json"}));
  EXPECT_EQ(*parse_s3_uri("s3://b"), (S3Location{"b", ""}));
  EXPECT_EQ(as_folder(*parse_s3_uri("s3://b/k")).key, "k/");
  EXPECT_EQ(as_folder(*parse_s3_uri("s3://b/")).key, "");
  for (const char* uri :
       {"", "b/k", "https://b/k", "s3://", "s3:///k", "s3://b/../k", "s3://b/k/..", "s3://b/./k", "s3://b/a\nb"}) {
    EXPECT_FALSE(parse_s3_uri(uri)) << uri;
  }
  EXPECT_FALSE(parse_s3_uri("s3://b/" + std::string(1100, 'k')));
}

}  // namespace
}  // namespace chiliad::hosting
