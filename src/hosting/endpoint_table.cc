#include "hosting/endpoint_table.h"

#include <atomic>

namespace chiliad::hosting {
namespace {

std::size_t slot_of_thread(std::size_t slots) {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine % slots;
}

}  // namespace

EndpointTable::EndpointTable() {
  const MutexLock lock(change_);
  publish(std::make_shared<const Map>());
}

void EndpointTable::publish(std::shared_ptr<const Map> map) {
  for (Slot& slot : slots_) {
    std::shared_ptr<const Map> old = map;
    const MutexLock lock(slot.mutex);
    slot.map.swap(old);
  }
}

std::shared_ptr<const EndpointTable::Map> EndpointTable::now() const {
  Slot& slot = slots_[slot_of_thread(slots_.size())];
  const MutexLock lock(slot.mutex);
  return slot.map;
}

std::shared_ptr<const Deployment> EndpointTable::find(std::string_view name) const {
  const std::shared_ptr<const Map> map = now();
  const auto found = map->find(name);
  return found == map->end() ? nullptr : found->second;
}

std::shared_ptr<const Deployment> EndpointTable::put(std::shared_ptr<const Deployment> deployment) {
  const MutexLock lock(change_);
  auto map = std::make_shared<Map>(*now());
  std::shared_ptr<const Deployment> before;
  // The key is a view of the old deployment's name: it has to go with it.
  if (const auto node = map->extract(deployment->plan().name); !node.empty()) before = node.mapped();
  const std::string_view name = deployment->plan().name;
  map->emplace(name, std::move(deployment));
  publish(std::move(map));
  return before;
}

std::shared_ptr<const Deployment> EndpointTable::remove(std::string_view name) {
  const MutexLock lock(change_);
  auto map = std::make_shared<Map>(*now());
  const auto node = map->extract(name);
  if (node.empty()) return nullptr;
  std::shared_ptr<const Deployment> before = node.mapped();
  publish(std::move(map));
  return before;
}

bool EndpointTable::replace(const std::shared_ptr<const Deployment>& before,
                            std::shared_ptr<const Deployment> deployment) {
  const MutexLock lock(change_);
  auto map = std::make_shared<Map>(*now());
  const auto node = map->extract(before->plan().name);
  if (node.empty() || node.mapped() != before) return false;
  const std::string_view name = deployment->plan().name;
  map->emplace(name, std::move(deployment));
  publish(std::move(map));
  return true;
}

}  // namespace chiliad::hosting
