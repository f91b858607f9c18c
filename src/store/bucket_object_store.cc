// A bucket of a BucketStore as an ObjectStore, and the store as Buckets: what jobs and endpoints use.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/utf8.h"
#include "store/bucket_store_state.h"
#include "store/folder_file.h"
#include "store/key.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostInMemory = std::uint64_t{1} << 30;
constexpr std::string_view kTokenStart = "b1";

ObjectInfo info_of(const ObjectMeta& meta) { return {meta.key, meta.size_bytes, meta.modified, meta.etag}; }

class BucketObjectStore final : public ObjectStore {
 public:
  BucketObjectStore(std::shared_ptr<BucketStore> store, std::string bucket)
      : store_(std::move(store)), bucket_(std::move(bucket)) {}

  std::string location() const override { return "s3://" + bucket_; }

  Result<std::string> get(std::string_view key, const ByteRange& range, Deadline deadline) override;
  Result<ObjectInfo> put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                         Deadline deadline) override;
  Result<ObjectInfo> download(std::string_view key, const fs::path& to, Deadline deadline) override;
  Result<ObjectInfo> lend(std::string_view key, const fs::path& to, Deadline deadline) override;
  Result<ObjectInfo> upload(const fs::path& from, std::string_view key, Deadline deadline) override;

  Result<ObjectInfo> head(std::string_view key, Deadline deadline) override {
    Result<Done> good = check(key, deadline);
    if (!good) return std::move(good).error();
    Outcome<ObjectMeta> meta = store_->head(bucket_, key);
    if (!meta) return std::move(meta).failure().error;
    return info_of(*meta);
  }

  Result<Done> remove(std::string_view key, Deadline deadline) override {
    Result<Done> good = check(key, deadline);
    if (!good) return good;
    return store_->remove(bucket_, key).result();
  }

  Result<ListPage> list(const ListRequest& request, Deadline deadline) override;
  Result<Done> sync() override { return store_->sync(); }

 private:
  Error about(std::string_view key, Error error) const { return about_key(location(), key, std::move(error)); }
  Result<Done> check(std::string_view key, Deadline deadline) const {
    Result<Done> good = check_key(key, location());
    if (!good) return good;
    Result<Done> time_left = in_time(deadline);
    if (!time_left) return about(key, std::move(time_left).error());
    return Done{};
  }

  const std::shared_ptr<BucketStore> store_;
  const std::string bucket_;
};

Result<std::string> BucketObjectStore::get(std::string_view key, const ByteRange& range, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Outcome<OpenObject> object = store_->get(bucket_, key);
  if (!object) return std::move(object).failure().error;
  const std::uint64_t size = object->meta.size_bytes;
  if (range.offset > 0 && range.offset >= size)
    return about(key, {ErrorCode::kInvalid, "offset " + std::to_string(range.offset) + " is past the end of its " +
                                                std::to_string(size) + " bytes"});
  const std::uint64_t length = std::min(range.length, size - range.offset);
  if (length > kMostInMemory)
    return about(key, {ErrorCode::kTooLarge, std::to_string(length) + " bytes; over 1 GiB use download or a range"});
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::pread(object->file.get(), bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(range.offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return about(key, system_error("read", location(), errno));
    if (got == 0) return about(key, {ErrorCode::kUnavailable, "cut shorter while it was read"});
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<ObjectInfo> BucketObjectStore::put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                                          Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Outcome<ObjectMeta> put = store_->put(bucket_, key, bytes, {.condition = condition});
  if (!put) return std::move(put).failure().error;
  return info_of(*put);
}

Result<ObjectInfo> BucketObjectStore::download(std::string_view key, const fs::path& to, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Outcome<OpenObject> object = store_->get(bucket_, key);
  if (!object) return std::move(object).failure().error;
  Result<FileDescriptor> folder = open_file(to.has_parent_path() ? to.parent_path() : ".", O_PATH | O_DIRECTORY);
  if (!folder) return about(key, std::move(folder).error());
  Result<TemporaryFile> temporary = TemporaryFile::make(*folder, to);
  if (!temporary) return about(key, std::move(temporary).error());
  Result<Done> copied = copy(object->file, store_->folder() / bucket_ / key, temporary->file(), to, deadline);
  if (!copied) return about(key, std::move(copied).error());
  if (::renameat(folder->get(), temporary->name().c_str(), folder->get(), to.filename().c_str()) != 0)
    return about(key, system_error("rename", to, errno));
  temporary->keep();
  return info_of(object->meta);
}

Result<ObjectInfo> BucketObjectStore::lend(std::string_view key, const fs::path& to, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Outcome<OpenObject> object = store_->get(bucket_, key);
  if (!object) return std::move(object).failure().error;
  // The file that is open, whatever lies at the key's path by now. One that others cannot read is copied: the copy may
  // be given to whoever is to read it.
  struct stat info {};
  const std::string open = "/proc/self/fd/" + std::to_string(object->file.get());
  if (::fstat(object->file.get(), &info) != 0 || (info.st_mode & S_IROTH) == 0) return download(key, to, deadline);
  if (::linkat(AT_FDCWD, open.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0) return info_of(object->meta);
  if (errno == EEXIST) return about(key, {ErrorCode::kConflict, to.string() + ": is there already"});
  return download(key, to, deadline);
}

Result<ObjectInfo> BucketObjectStore::upload(const fs::path& from, std::string_view key, Deadline deadline) {
  Result<Done> good = check(key, deadline);
  if (!good) return std::move(good).error();
  Result<FileDescriptor> source = open_file(from, O_RDONLY);
  if (!source) return about(key, std::move(source).error());
  // Larger than S3 takes in one put: here nobody has to cut it.
  Outcome<Upload> upload = store_->begin_put(bucket_, key, {.most_bytes = UINT64_MAX});
  if (!upload) return std::move(upload).failure().error;
  std::string piece(kCopyPiece, '\0');
  while (true) {
    Result<Done> time_left = in_time(deadline);
    if (!time_left) return about(key, std::move(time_left).error());
    const ssize_t got = ::read(source->get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return about(key, system_error("read", from, errno));
    if (got == 0) break;
    Outcome<Done> written = upload->write(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    if (!written) return std::move(written).failure().error;
  }
  Outcome<ObjectMeta> put = upload->finish({});
  if (!put) return std::move(put).failure().error;
  return info_of(*put);
}

Result<ListPage> BucketObjectStore::list(const ListRequest& request, Deadline deadline) {
  const auto refuse_list = [&](std::string_view why) {
    return about("", {ErrorCode::kInvalid, std::string("list: ").append(why)});
  };
  if (request.max_keys < 1 || request.max_keys > 1000) return refuse_list("max_keys has to be 1 to 1000");
  Result<Done> time_left = in_time(deadline);
  if (!time_left) return about("", std::move(time_left).error()).in("list");
  ObjectQuery query{request.prefix, request.delimiter, request.start_after, request.max_keys};
  if (!request.token.empty()) {
    const std::string_view token = request.token;
    if (!token.starts_with(kTokenStart) || !is_utf8(token)) return refuse_list("the token is not one of this store");
    query.after = std::max(query.after, std::string(token.substr(kTokenStart.size())));
  }
  Outcome<ObjectPage> page = store_->list(bucket_, query);
  if (!page) return std::move(page).failure().error;
  ListPage own;
  if (page->after) own.next_token = std::string(kTokenStart).append(*page->after);
  for (const ObjectMeta& meta : page->objects) {
    if (wrong_with_key(meta.key).empty()) {
      own.objects.push_back(info_of(meta));
    } else if (!own.left_out && !meta.key.ends_with('/')) {
      own.left_out = meta.key;
    }
  }
  for (std::string& group : page->groups) {
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos || wrong_with_key(std::string_view(group).substr(0, slash)).empty())
      own.prefixes.push_back(std::move(group));
  }
  return own;
}

class StoreBuckets final : public Buckets {
 public:
  explicit StoreBuckets(std::shared_ptr<BucketStore> store) : store_(std::move(store)) {}

  Result<std::shared_ptr<ObjectStore>> open(std::string_view bucket) override {
    const std::string_view wrong = wrong_with_bucket_name(bucket);
    if (!wrong.empty())
      return Error{ErrorCode::kInvalid,
                   std::string("'").append(bucket.substr(0, 64)).append("' is no name of a bucket: ").append(wrong)};
    Outcome<BucketInfo> info = store_->head_bucket(bucket);
    if (!info) return std::move(info).failure().error;
    return std::shared_ptr<ObjectStore>(std::make_shared<BucketObjectStore>(store_, std::string(bucket)));
  }

  Result<std::vector<BucketInfo>> list(Deadline deadline) override {
    Result<Done> time_left = in_time(deadline);
    if (!time_left) return std::move(time_left).error().in("list buckets");
    return store_->list_buckets().result();
  }

  Subscription subscribe(BucketListener listener) override { return store_->subscribe(std::move(listener)); }

 private:
  const std::shared_ptr<BucketStore> store_;
};

}  // namespace

std::shared_ptr<Buckets> BucketStore::buckets(std::shared_ptr<BucketStore> store) {
  return std::make_shared<StoreBuckets>(std::move(store));
}

}  // namespace chiliad::store
