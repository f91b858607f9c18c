// EndpointTable: which deployment answers for which name, read by every call and changed by few.
//
// The whole table is one immutable value; a change makes another. Readers take the current one from one of a few slots
// of their own, so that threads do not meet on a lock, and keep it for the length of the call.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "hosting/deployment.h"

namespace chiliad::hosting {

class EndpointTable {
 public:
  // Keys are views of the deployments' own names.
  using Map = std::unordered_map<std::string_view, std::shared_ptr<const Deployment>>;

  EndpointTable();

  // The table as it is now. Cost: one short lock that threads seldom share.
  std::shared_ptr<const Map> now() const;

  // Null when there is no such endpoint.
  std::shared_ptr<const Deployment> find(std::string_view name) const;

  // What was there before, or null. Calls that begin after this see the change. Cost: proportional to the table.
  std::shared_ptr<const Deployment> put(std::shared_ptr<const Deployment> deployment);
  std::shared_ptr<const Deployment> remove(std::string_view name);
  // In place of `before` alone. False when something else is there by now.
  bool replace(const std::shared_ptr<const Deployment>& before, std::shared_ptr<const Deployment> deployment);

 private:
  struct alignas(64) Slot {
    Mutex mutex;
    std::shared_ptr<const Map> map CHILIAD_GUARDED_BY(mutex);
  };
  void publish(std::shared_ptr<const Map> map) CHILIAD_REQUIRES(change_);

  Mutex change_;  // Taken before a slot's.
  mutable std::array<Slot, 16> slots_;
};

}  // namespace chiliad::hosting
