// The buckets of a real S3. Each is opened once while somebody uses it; listeners hear what goes through them.

#include "store/s3_buckets.h"

#include <map>

#include "base/mutex.h"
#include "net/credentials.h"
#include "store/s3.h"
#include "store/s3_connection.h"
#include "store/s3_xml.h"

namespace chiliad::store {
namespace {

// A store that tells of what is changed through it.
class ToldStore final : public ObjectStore {
 public:
  ToldStore(std::unique_ptr<ObjectStore> store, std::string bucket, std::shared_ptr<BucketListeners> listeners)
      : store_(std::move(store)), bucket_(std::move(bucket)), listeners_(std::move(listeners)) {}

  std::string location() const override { return store_->location(); }
  Result<std::string> get(std::string_view key, const ByteRange& range, Deadline deadline) override {
    return store_->get(key, range, deadline);
  }
  Result<ObjectInfo> put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                         Deadline deadline) override {
    return told(key, store_->put(key, bytes, condition, deadline));
  }
  Result<ObjectInfo> download(std::string_view key, const std::filesystem::path& to, Deadline deadline) override {
    return store_->download(key, to, deadline);
  }
  Result<ObjectInfo> upload(const std::filesystem::path& from, std::string_view key, Deadline deadline) override {
    return told(key, store_->upload(from, key, deadline));
  }
  Result<ObjectInfo> head(std::string_view key, Deadline deadline) override { return store_->head(key, deadline); }
  Result<Done> remove(std::string_view key, Deadline deadline) override {
    return told(key, store_->remove(key, deadline));
  }
  Result<ListPage> list(const ListRequest& request, Deadline deadline) override {
    return store_->list(request, deadline);
  }
  Result<Done> sync() override { return store_->sync(); }

 private:
  template <class T>
  Result<T> told(std::string_view key, Result<T> result) {
    if (result) listeners_->tell(bucket_, key);
    return result;
  }

  const std::unique_ptr<ObjectStore> store_;
  const std::string bucket_;
  const std::shared_ptr<BucketListeners> listeners_;
};

class S3Buckets final : public Buckets {
 public:
  S3Buckets(std::unique_ptr<S3Connection> service, S3Options options, net::Environment environment)
      : service_(std::move(service)), options_(std::move(options)), environment_(std::move(environment)) {}

  Result<std::shared_ptr<ObjectStore>> open(std::string_view bucket) override {
    MutexLock lock(mutex_);
    std::erase_if(open_, [](const auto& entry) { return entry.second.expired(); });
    const auto found = open_.find(bucket);
    if (found != open_.end())
      if (std::shared_ptr<ObjectStore> store = found->second.lock()) return store;
    S3Options options = options_;
    options.bucket = bucket;
    // Makes no request, so that nothing is waited for under the lock.
    Result<std::unique_ptr<ObjectStore>> opened = open_s3(std::move(options), environment_);
    if (!opened) return std::move(opened).error();
    std::shared_ptr<ObjectStore> store =
        std::make_shared<ToldStore>(*std::move(opened), std::string(bucket), listeners_);
    open_[std::string(bucket)] = store;
    return store;
  }

  Result<std::vector<BucketInfo>> list(Deadline deadline) override {
    const Result<net::ClientResponse> response =
        service_->send({.method = "GET", .max_body_bytes = kMostListBytes}, deadline);
    if (!response) return Error(response.error()).in("list the buckets of S3");
    Result<std::vector<BucketInfo>> buckets = parse_buckets(response->body);
    if (!buckets) return std::move(buckets).error().in("list the buckets of S3");
    return buckets;
  }

  Subscription subscribe(BucketListener listener) override { return listeners_->add(std::move(listener)); }

 private:
  const std::unique_ptr<S3Connection> service_;
  const S3Options options_;
  const net::Environment environment_;
  const std::shared_ptr<BucketListeners> listeners_ = std::make_shared<BucketListeners>();
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<ObjectStore>, std::less<>> open_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::string> s3_address(const S3Options& options) {
  S3Options service = options;
  service.bucket.clear();
  Result<std::unique_ptr<S3Connection>> opened = S3Connection::open(service, net::process_environment());
  if (!opened) return std::move(opened).error();
  return (*opened)->address();
}

Result<std::shared_ptr<Buckets>> open_s3_buckets(S3Options options) {
  return open_s3_buckets(std::move(options), net::process_environment());
}

Result<std::shared_ptr<Buckets>> open_s3_buckets(S3Options options, net::Environment environment) {
  // What is wrong with the options of each bucket's store shows here already.
  S3Options any = options;
  any.bucket = "any-bucket";
  Result<std::unique_ptr<ObjectStore>> opened = open_s3(std::move(any), environment);
  if (!opened) return std::move(opened).error();
  options.bucket.clear();
  Result<std::unique_ptr<S3Connection>> service = S3Connection::open(options, environment);
  if (!service) return std::move(service).error();
  return std::shared_ptr<Buckets>(
      std::make_shared<S3Buckets>(*std::move(service), std::move(options), std::move(environment)));
}

}  // namespace chiliad::store
