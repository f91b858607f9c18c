// Objects of a BucketStore: read, removed, tagged, listed.
//
// Reading: the row first, then a file whose modification time and size are the row's: at the key's place, or still
// among the new ones. If neither fits, somebody replaced the object in between, and the row is read again. When the
// same row fits no file twice, the file was changed by hand: it is taken in (its time differs) or told to be damaged.

#include <fcntl.h>

#include <algorithm>

#include "store/bucket_store_state.h"
#include "store/pairs.h"

namespace chiliad::store {
namespace {

constexpr int kMostTries = 16;

Failure no_such_key() { return refuse(Refusal::kNoSuchKey, "there is no such object"); }

class RemoveChange final : public Change {
 public:
  using Outcomes = std::vector<std::optional<Failure>>;  // A key each; none: it is gone.
  RemoveChange(BucketStoreState& store, std::string bucket, std::vector<std::string> keys,
               std::optional<std::string> if_match, std::function<void(Outcome<Outcomes>)> callback)
      : store_(store),
        bucket_(std::move(bucket)),
        keys_(std::move(keys)),
        if_match_(std::move(if_match)),
        callback_(std::move(callback)) {}

  Result<Done> apply(sql::Database& index) override {
    verdict_ = Done{};
    outcomes_.clear();
    removed_.clear();
    Outcome<std::int64_t> bucket = store_.bucket_id(index, bucket_);
    if (!bucket) {
      Failure failure = std::move(bucket).failure();
      if (failure.refusal == Refusal::kNone) return std::move(failure).error;
      verdict_ = std::move(failure);
      return Done{};
    }
    for (const std::string& key : keys_) {
      Result<Done> removed = remove(index, *bucket, key);
      if (!removed) return removed;
    }
    return Done{};
  }

  Result<Done> settle(sql::Database&) override {
    Result<Done> settled = Done{};
    for (const ObjectRow& row : removed_) {
      Result<Done> gone = store_.files.remove(bucket_, row.meta.key, row.place);
      // Where it could not be moved to its place.
      store_.files.remove_new(row.generation);
      if (!gone) settled = std::move(gone);
    }
    return settled;
  }

  void answer(const Result<Done>& committed) override {
    if (!committed) return callback_(store_.about(bucket_, "", {Refusal::kNone, committed.error()}));
    if (!verdict_) return callback_(std::move(verdict_).failure());
    for (const ObjectRow& row : removed_) store_.listeners.tell(bucket_, row.meta.key);
    callback_(std::move(outcomes_));
  }

 private:
  Result<Done> remove(sql::Database& index, std::int64_t bucket, const std::string& key) {
    Result<std::optional<ObjectRow>> row = find_object(index, bucket, key);
    if (!row) return std::move(row).error();
    if (if_match_ && (!*row || (*if_match_ != "*" && (*row)->meta.etag != *if_match_))) {
      outcomes_.push_back(store_.about(
          bucket_, key,
          *row ? refuse(Refusal::kPreconditionFailed, "its ETag is " + (*row)->meta.etag + ", not " + *if_match_)
               : no_such_key()));
      return Done{};
    }
    outcomes_.emplace_back();
    if (!*row) return Done{};
    Result<Done> deleted = delete_object(index, bucket, **row);
    if (!deleted) return deleted;
    const ObjectRow& gone = removed_.emplace_back(std::move(**row));
    return intend(index, {0, bucket_, key, gone.place, gone.generation, gone.stamp().modified_ns});
  }

  BucketStoreState& store_;
  const std::string bucket_;
  const std::vector<std::string> keys_;
  const std::optional<std::string> if_match_;
  std::function<void(Outcome<Outcomes>)> callback_;
  Outcome<Done> verdict_ = Done{};
  Outcomes outcomes_;
  std::vector<ObjectRow> removed_;
};

}  // namespace

Outcome<ObjectRow> BucketStoreState::find(std::string_view bucket, std::string_view key) {
  Outcome<Done> good = check_bucket_and_key(bucket, key);
  if (!good) return std::move(good).failure();
  Result<IndexReaders::Borrowed> reader = readers.borrow();
  if (!reader) return about(bucket, key, {Refusal::kNone, std::move(reader).error()});
  Outcome<std::int64_t> id = bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<std::optional<ObjectRow>> row = find_object(**reader, *id, key);
  if (!row) return about(bucket, key, {Refusal::kNone, std::move(row).error()});
  if (!*row) return about(bucket, key, no_such_key());
  return std::move(**row);
}

Result<FileDescriptor> BucketStoreState::open_generation(std::string_view bucket, const ObjectRow& row) const {
  Result<FileDescriptor> file = files.open_object(bucket, row.meta.key, row.place);
  if (!file && file.error().code != ErrorCode::kNotFound) return file;
  if (file) {
    Result<FileStamp> stamp = stamp_of(*file, files.object_path(bucket, row.meta.key, row.place));
    if (stamp && *stamp == row.stamp()) return file;
  }
  Result<FileDescriptor> fresh = open_file(files.new_path(row.generation), O_RDONLY);
  if (!fresh) return fresh;
  Result<FileStamp> stamp = stamp_of(*fresh, files.new_path(row.generation));
  if (stamp && *stamp == row.stamp()) return fresh;
  return Error{ErrorCode::kNotFound, files.new_path(row.generation).string() + ": not the object's bytes"};
}

Outcome<BucketStoreState::OpenRow> BucketStoreState::open(std::string_view bucket, std::string_view key) {
  std::uint64_t before = 0;
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    Outcome<ObjectRow> row = find(bucket, key);
    if (!row) return std::move(row).failure();
    Result<FileDescriptor> file = open_generation(bucket, *row);
    if (file) return OpenRow{*std::move(file), *std::move(row)};
    if (file.error().code != ErrorCode::kNotFound) return about(bucket, key, {Refusal::kNone, std::move(file).error()});
    if (std::exchange(before, row->generation) != row->generation) continue;
    Result<FileStamp> stamp = files.stat_object(bucket, key, row->place);
    if (!stamp && stamp.error().code == ErrorCode::kNotFound)
      return about(bucket, key,
                   refuse(Refusal::kNoSuchKey,
                          "its file was removed by hand: `chiliad store scan` takes "
                          "it out of the lists"));
    if (!stamp) return about(bucket, key, {Refusal::kNone, std::move(stamp).error()});
    if (stamp->modified_ns == row->stamp().modified_ns && stamp->size_bytes != row->meta.size_bytes)
      return about(bucket, key,
                   {Refusal::kNone,
                    {ErrorCode::kCorrupt, "its file has " + std::to_string(stamp->size_bytes) + " bytes instead of " +
                                              std::to_string(row->meta.size_bytes) + ": damaged"}});
    if (*stamp == row->stamp()) continue;
    Outcome<Done> adopted = adopt(bucket, key, row->place);
    if (!adopted) return std::move(adopted).failure();
  }
  return about(bucket, key, {Refusal::kNone, {ErrorCode::kUnavailable, "it changes too fast to be read"}});
}

Outcome<ObjectMeta> BucketStore::put(std::string_view bucket, std::string_view key, std::string_view bytes,
                                     const PutOptions& options) {
  UploadPlan plan{.size_bytes = bytes.size()};
  if (options.expected_checksum) plan.checksum_kind = options.expected_checksum->kind();
  Outcome<Upload> upload = begin_put(bucket, key, plan);
  if (!upload) return std::move(upload).failure();
  Outcome<Done> written = upload->write(bytes);
  if (!written) return std::move(written).failure();
  return upload->finish(options);
}

Outcome<ObjectMeta> BucketStore::head(std::string_view bucket, std::string_view key) {
  Outcome<ObjectRow> row = state_->find(bucket, key);
  if (!row) return std::move(row).failure();
  return std::move(row->meta);
}

Outcome<OpenObject> BucketStore::get(std::string_view bucket, std::string_view key) {
  Outcome<BucketStoreState::OpenRow> open = state_->open(bucket, key);
  if (!open) return std::move(open).failure();
  return OpenObject{std::move(open->file), std::move(open->row.meta)};
}

Outcome<std::vector<PartInfo>> BucketStore::object_parts(std::string_view bucket, std::string_view key) {
  Outcome<ObjectRow> row = state_->find(bucket, key);
  if (!row) return std::move(row).failure();
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = state_->bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<std::vector<PartInfo>> parts = read_object_parts(**reader, *id, *row);
  if (!parts) return state_->about(bucket, key, {Refusal::kNone, std::move(parts).error()});
  return *std::move(parts);
}

Outcome<Done> BucketStore::remove(std::string_view bucket, std::string_view key,
                                  const std::optional<std::string>& if_match) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (!good) return good;
  Awaited<RemoveChange::Outcomes> answer;
  state_->queue->submit(std::make_unique<RemoveChange>(
      *state_, std::string(bucket), std::vector<std::string>{std::string(key)}, if_match, answer.callback()));
  Outcome<RemoveChange::Outcomes> outcomes = answer.wait();
  if (!outcomes) return std::move(outcomes).failure();
  if (outcomes->front()) return std::move(*outcomes->front());
  return Done{};
}

Outcome<std::vector<Outcome<Done>>> BucketStore::remove_many(std::string_view bucket,
                                                             std::span<const std::string> keys) {
  if (keys.size() > kMostKeysInBatch)
    return state_->about(bucket, "", refuse(Refusal::kInvalidArgument, "more than 1,000 keys"));
  std::vector<std::string> good_keys;
  std::vector<std::optional<Failure>> refused;
  for (const std::string& key : keys) {
    Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
    refused.push_back(good ? std::nullopt : std::optional(std::move(good).failure()));
    if (!refused.back()) good_keys.push_back(key);
  }
  Awaited<RemoveChange::Outcomes> answer;
  state_->queue->submit(std::make_unique<RemoveChange>(*state_, std::string(bucket), std::move(good_keys), std::nullopt,
                                                       answer.callback()));
  Outcome<RemoveChange::Outcomes> outcomes = answer.wait();
  if (!outcomes) return std::move(outcomes).failure();
  std::vector<Outcome<Done>> all;
  all.reserve(keys.size());
  auto next = outcomes->begin();
  for (std::optional<Failure>& early : refused) {
    std::optional<Failure> failure = early ? std::move(early) : std::move(*next++);
    if (failure) {
      all.emplace_back(std::move(*failure));
    } else {
      all.emplace_back(Done{});
    }
  }
  return all;
}

Outcome<Pairs> BucketStore::tags(std::string_view bucket, std::string_view key) {
  Outcome<ObjectRow> row = state_->find(bucket, key);
  if (!row) return std::move(row).failure();
  return std::move(row->tags);
}

Outcome<Done> BucketStore::put_tags(std::string_view bucket, std::string_view key, const Pairs& tags) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (good) good = check_tags(tags);
  if (!good) return good;
  return state_->change([this, bucket = std::string(bucket), key = std::string(key),
                         tags](sql::Database& index) -> Result<Outcome<Done>> {
    Outcome<std::int64_t> id = state_->bucket_id(index, bucket);
    if (!id) return Outcome<Done>(std::move(id).failure());
    Result<std::optional<ObjectRow>> row = find_object(index, *id, key);
    if (!row) return std::move(row).error();
    if (!*row) return Outcome<Done>(state_->about(bucket, key, no_such_key()));
    Result<Done> written = write_object_tags(index, *id, key, tags);
    if (!written) return std::move(written).error();
    return Outcome<Done>(Done{});
  });
}

Outcome<ObjectPage> BucketStore::list(std::string_view bucket, const ObjectQuery& query) {
  if (query.max_keys < 0 || query.max_keys > 1000)
    return state_->about(bucket, "", refuse(Refusal::kInvalidArgument, "max_keys has to be 0 to 1000"));
  if (!wrong_with_bucket_name(bucket).empty())
    return state_->about(bucket, "", refuse(Refusal::kNoSuchBucket, "there is no such bucket"));
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = state_->bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<ObjectPage> page = list_objects(**reader, *id, query);
  if (!page) return state_->about(bucket, "", {Refusal::kNone, std::move(page).error()});
  return *std::move(page);
}

}  // namespace chiliad::store
