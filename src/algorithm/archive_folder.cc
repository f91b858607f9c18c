#include "algorithm/archive_folder.h"

#include "base/file.h"
#include "base/hash.h"

namespace chiliad::algorithm {
namespace {

namespace fs = std::filesystem;

class ArchiveFolder final : public store::ObjectStore {
 public:
  explicit ArchiveFolder(std::unique_ptr<store::ObjectStore> inner) : inner_(std::move(inner)) {}

  std::string location() const override { return inner_->location(); }
  Result<std::string> get(std::string_view key, const store::ByteRange& range, Deadline deadline) override {
    return inner_->get(key, range, deadline);
  }
  Result<store::ObjectInfo> put(std::string_view key, std::string_view bytes, const store::PutCondition& condition,
                                Deadline deadline) override {
    const bool plain = !condition.only_if_absent && !condition.only_if_etag;
    Result<store::ObjectInfo> there = plain ? inner_->head(key, deadline) : Result<store::ObjectInfo>(Error{});
    if (there && there->size_bytes == bytes.size()) {
      Result<std::string> old = inner_->get(key, {}, deadline);
      if (old && *old == bytes) return hashed(*std::move(there), bytes);
    }
    Result<store::ObjectInfo> stored = inner_->put(key, bytes, condition, deadline);
    if (!stored) return stored;
    return hashed(*std::move(stored), bytes);
  }
  Result<store::ObjectInfo> download(std::string_view key, const fs::path& to, Deadline deadline) override {
    return inner_->download(key, to, deadline);
  }
  Result<store::ObjectInfo> upload(const fs::path& from, std::string_view key, Deadline deadline) override {
    return inner_->upload(from, key, deadline);
  }
  Result<store::ObjectInfo> head(std::string_view key, Deadline deadline) override {
    Result<store::ObjectInfo> info = inner_->head(key, deadline);
    if (!info) return info;
    return with_hash(*std::move(info), deadline);
  }
  Result<Done> remove(std::string_view key, Deadline deadline) override { return inner_->remove(key, deadline); }
  Result<store::ListPage> list(const store::ListRequest& request, Deadline deadline) override {
    Result<store::ListPage> page = inner_->list(request, deadline);
    if (!page) return page;
    for (store::ObjectInfo& object : page->objects) {
      Result<store::ObjectInfo> info = with_hash(std::move(object), deadline);
      if (!info) return std::move(info).error();
      object = *std::move(info);
    }
    return page;
  }
  Result<Done> sync() override { return inner_->sync(); }

 private:
  static store::ObjectInfo hashed(store::ObjectInfo info, std::string_view bytes) {
    info.etag = hex(content_hash(bytes));
    return info;
  }
  Result<store::ObjectInfo> with_hash(store::ObjectInfo info, Deadline deadline) {
    Result<std::string> bytes = inner_->get(info.key, {}, deadline);
    if (!bytes) return std::move(bytes).error();
    return hashed(std::move(info), *bytes);
  }

  const std::unique_ptr<store::ObjectStore> inner_;
};

}  // namespace

Result<std::unique_ptr<store::ObjectStore>> open_archive_folder(const fs::path& folder) {
  Result<std::unique_ptr<store::ObjectStore>> inner = store::open_folder(folder);
  if (!inner) return inner;
  return std::unique_ptr<store::ObjectStore>(std::make_unique<ArchiveFolder>(*std::move(inner)));
}

}  // namespace chiliad::algorithm
