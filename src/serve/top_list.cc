#include "serve/top_list.h"

#include <algorithm>

namespace chiliad::serve {

void TopList::add(std::string_view name, std::uint64_t count) {
  if (count == 0) return;
  const MutexLock lock(mutex_);
  std::string key(name);
  if (const auto known = places_.find(key); known != places_.end()) {
    counters_[known->second].count += count;
    return;
  }
  if (counters_.size() < capacity_) {
    places_.emplace(key, counters_.size());
    counters_.push_back(Counted{std::move(key), count, 0});
    return;
  }
  const auto smallest = std::min_element(counters_.begin(), counters_.end(),
                                         [](const Counted& a, const Counted& b) { return a.count < b.count; });
  const auto place = static_cast<std::size_t>(smallest - counters_.begin());
  places_.erase(smallest->name);
  smallest->error = smallest->count;
  smallest->count += count;
  smallest->name = key;
  places_.emplace(std::move(key), place);
}

std::vector<TopList::Counted> TopList::counted() const {
  std::vector<Counted> all;
  {
    const MutexLock lock(mutex_);
    all = counters_;
  }
  std::sort(all.begin(), all.end(), [](const Counted& a, const Counted& b) {
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  return all;
}

}  // namespace chiliad::serve
