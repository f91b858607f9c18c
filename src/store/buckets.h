// Buckets: the buckets of one object store, as jobs and endpoints use them: opened by name, listed, listened to.
//
//   Result<std::shared_ptr<ObjectStore>> bucket = buckets.open("models");
//   Subscription heard = buckets.subscribe([&](std::string_view bucket, std::string_view key) { ... });
//
// Two implementations: BucketStore::buckets() (bucket_store.h: a folder with an index) and open_s3_buckets() below
// (a real S3, or anything that speaks its protocol).
//
// Promises:
//   1. A listener is called after a change is there for readers: what it reads is the new state or a later one.
//   2. A listener hears each change that this process makes through these buckets. What others do in a real S3, and
//      files put by hand into a folder, it does not hear before a scan or a request finds them.
//   3. After a Subscription's end its listener is not called again, and no call of it is under way.
//
// Thread safety: all methods may be called from any threads at a time. A listener is called on the thread that makes
// changes, one call at a time for a BucketStore: it must be quick, may not throw, and may not call into the store.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "store/object_store.h"

namespace chiliad::store {

struct BucketInfo {
  std::string name;
  Instant created;  // UTC.
};

// The object `key` of `bucket` was written, replaced or removed.
using BucketListener = std::function<void(std::string_view bucket, std::string_view key)>;

class BucketListeners;

// Holds a listener's place; its end takes the listener out.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&& other) noexcept;
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription() { reset(); }
  // Waits for a call under way. Requires: not called from within the listener.
  void reset();

 private:
  friend class BucketListeners;
  struct Entry;
  explicit Subscription(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
  std::shared_ptr<Entry> entry_;
};

// The listeners of one store.
class BucketListeners {
 public:
  BucketListeners();
  ~BucketListeners();
  Subscription add(BucketListener listener);
  void tell(std::string_view bucket, std::string_view key);

 private:
  mutable Mutex mutex_;
  std::vector<std::weak_ptr<Subscription::Entry>> entries_ CHILIAD_GUARDED_BY(mutex_);
};

class Buckets {
 public:
  virtual ~Buckets() = default;

  // The bucket as an ObjectStore, under the key rules of object_store.h: other keys are neither listed nor taken.
  // Errors: kNotFound: no such bucket (a real S3 tells it at the first use); kInvalid: no name of a bucket.
  virtual Result<std::shared_ptr<ObjectStore>> open(std::string_view bucket) = 0;

  // By name.
  virtual Result<std::vector<BucketInfo>> list(Deadline deadline) = 0;

  virtual Subscription subscribe(BucketListener listener) = 0;
};

// The buckets that the credentials can reach at the endpoint of `options` (whose `bucket` is ignored; `prefix` goes
// before every key of every bucket). Makes no request. Errors: kInvalid, with the option to blame.
Result<std::shared_ptr<Buckets>> open_s3_buckets(S3Options options);

// Where open_s3_buckets() sends its requests: "https://s3.eu-central-1.amazonaws.com". Errors: as there.
Result<std::string> s3_address(const S3Options& options);

// S3's rules for the names of general purpose buckets: what is wrong with `name`, or empty.
// Source: Amazon S3 user guide, "Bucket naming rules".
std::string_view wrong_with_bucket_name(std::string_view name);

}  // namespace chiliad::store
