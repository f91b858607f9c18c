// Deployment: the set of variants that an endpoint answers with, from one deploy or change of weights to the next.
//
// Which variant answers a call follows weights by a golden-ratio sequence: the n-th call takes the fraction of n times
// the golden ratio, so that every run of calls is shared out nearly as the weights say, without chance or memory.
//
// Thread safety: immutable but for the count of calls; choose() may be called from any threads at a time.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hosting/endpoint_plan.h"
#include "hosting/model_host.h"
#include "hosting/runtime_answer.h"
#include "hosting/variant_tally.h"

namespace chiliad::hosting {

class CaptureStream;

struct Variant {
  VariantPlan plan;
  std::shared_ptr<ModelHost> host;
  std::shared_ptr<VariantTally> tally;
  std::shared_ptr<CaptureStream> capture;  // Null: nothing is captured.
  std::string answer_field;                // "x-Amzn-Invoked-Production-Variant: AllTraffic\r\n"
};

class Deployment {
 public:
  // Requires: at least one variant; `plan.variants` are theirs.
  Deployment(EndpointPlan plan, LogPlace log, std::vector<Variant> variants);

  const EndpointPlan& plan() const { return plan_; }
  const LogPlace& log() const { return log_; }
  const std::vector<Variant>& variants() const { return variants_; }

  // The variant for the next call. With no weight above 0 all have the same share.
  const Variant& choose() const;

  // Null when there is none of this name.
  const Variant* find(std::string_view variant) const;

 private:
  const EndpointPlan plan_;
  const LogPlace log_;
  const std::vector<Variant> variants_;
  std::vector<std::uint64_t> ends_;  // Of each variant's share of [0, 2^64); the last is not looked at.
  alignas(64) mutable std::atomic<std::uint64_t> calls_{0};
};

}  // namespace chiliad::hosting
