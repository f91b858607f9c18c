#include "hosting/deployment.h"

#include <cmath>

#include "hosting/even_share.h"

namespace chiliad::hosting {

Deployment::Deployment(EndpointPlan plan, LogPlace log, std::vector<Variant> variants)
    : plan_(std::move(plan)), log_(std::move(log)), variants_(std::move(variants)) {
  long double total = 0;
  for (const Variant& variant : variants_) total += variant.plan.weight;
  long double end = 0;
  for (const Variant& variant : variants_) {
    end += total > 0 ? variant.plan.weight / total : 1.0L / static_cast<long double>(variants_.size());
    ends_.push_back(end >= 1 ? UINT64_MAX : static_cast<std::uint64_t>(std::ldexp(end, 64)));
  }
}

const Variant& Deployment::choose() const {
  if (variants_.size() == 1) return variants_.front();
  const std::uint64_t at = even_share(calls_.fetch_add(1, std::memory_order_relaxed));
  std::size_t chosen = variants_.size();
  for (std::size_t i = 0; i < variants_.size(); ++i) {
    if (at < ends_[i]) {
      chosen = i;
      break;
    }
  }
  if (chosen < variants_.size()) return variants_[chosen];
  // Rounding left a sliver at the end: it belongs to the last one that has a share.
  while (chosen > 1 && ends_[chosen - 1] == ends_[chosen - 2]) --chosen;
  return variants_[chosen - 1];
}

const Variant* Deployment::find(std::string_view variant) const {
  for (const Variant& known : variants_) {
    if (known.plan.name == variant) return &known;
  }
  return nullptr;
}

}  // namespace chiliad::hosting
