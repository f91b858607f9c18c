#include "store/buckets.h"

#include <algorithm>

namespace chiliad::store {

// Its mutex is held while the listener is called, so that reset() can wait for the end of a call.
struct Subscription::Entry {
  Mutex mutex;
  BucketListener listener CHILIAD_GUARDED_BY(mutex);
};

Subscription::Subscription(Subscription&& other) noexcept : entry_(std::move(other.entry_)) {}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    reset();
    entry_ = std::move(other.entry_);
  }
  return *this;
}

void Subscription::reset() {
  if (entry_ == nullptr) return;
  {
    MutexLock lock(entry_->mutex);
    entry_->listener = nullptr;
  }
  entry_.reset();
}

BucketListeners::BucketListeners() = default;
BucketListeners::~BucketListeners() = default;

Subscription BucketListeners::add(BucketListener listener) {
  auto entry = std::make_shared<Subscription::Entry>();
  {
    MutexLock lock(entry->mutex);
    entry->listener = std::move(listener);
  }
  MutexLock lock(mutex_);
  std::erase_if(entries_, [](const auto& ended) { return ended.expired(); });
  entries_.push_back(entry);
  return Subscription(std::move(entry));
}

void BucketListeners::tell(std::string_view bucket, std::string_view key) {
  std::vector<std::shared_ptr<Subscription::Entry>> entries;
  {
    MutexLock lock(mutex_);
    if (entries_.empty()) return;
    for (const auto& weak : entries_)
      if (auto entry = weak.lock()) entries.push_back(std::move(entry));
  }
  for (const auto& entry : entries) {
    MutexLock lock(entry->mutex);
    if (entry->listener) entry->listener(bucket, key);
  }
}

namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Four numbers with points between them.
bool looks_like_an_address(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string_view wrong_with_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return "it has to have 3 to 63 characters";
  const auto allowed = [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; };
  if (!std::ranges::all_of(name, allowed)) return "it may only have lower case letters, digits, '-' and '.'";
  if (!is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back()))
    return "it has to begin and end with a letter or a digit";
  if (name.find("..") != std::string_view::npos) return "it has two '.' in a row";
  if (looks_like_an_address(name)) return "it looks like an IP address";
  for (const std::string_view start : {"xn--", "sthree-", "amzn-s3-demo-"})
    if (name.starts_with(start)) return "S3 keeps names with this beginning for itself";
  for (const std::string_view end : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"})
    if (name.ends_with(end)) return "S3 keeps names with this end for itself";
  return {};
}

}  // namespace chiliad::store
