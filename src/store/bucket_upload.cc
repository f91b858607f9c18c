// Upload: bytes into a file of their own, MD5 and the wanted checksum on the way, then a change for the writer.

#include "store/bucket_store_state.h"
#include "store/pairs.h"

namespace chiliad::store {

struct Upload::State {
  BucketStoreState& store;
  std::string bucket;
  std::string key;
  UploadPlan plan;
  std::optional<UploadInfo> part_of = {};
  int part_number = 0;
  std::uint64_t generation = BucketFiles::new_generation();
  FileDescriptor file = {};
  Checksum md5 = Checksum(ChecksumKind::kMd5);
  std::optional<Checksum> checksum = {};
  std::uint64_t written = 0;
  bool handed_over = false;

  std::filesystem::path path() const {
    return part_of ? store.files.part_path(generation) : store.files.new_path(generation);
  }
  Failure about(Failure failure) const { return store.about(bucket, key, std::move(failure)); }
  Outcome<Done> check_bytes(const PutOptions& options, const ChecksumValue& digest,
                            const std::optional<ChecksumValue>& sum) const;
  ~State() {
    if (handed_over || !file) return;
    part_of ? store.files.remove_part(generation) : store.files.remove_new(generation);
  }
};

namespace {

// Puts a finished part's file into the index; the one it replaces goes.
class PartChange final : public Change {
 public:
  PartChange(BucketStoreState& store, std::string bucket, UploadInfo upload, PartRow row, PutCallback callback)
      : store_(store),
        bucket_(std::move(bucket)),
        upload_(std::move(upload)),
        row_(std::move(row)),
        callback_(std::move(callback)) {}

  Result<Done> apply(sql::Database& index) override {
    verdict_ = Done{};
    replaced_.reset();
    Result<std::optional<std::int64_t>> bucket = find_bucket(index, bucket_);
    if (!bucket) return std::move(bucket).error();
    Result<std::optional<UploadRow>> upload = std::optional<UploadRow>();
    if (*bucket) upload = find_upload(index, **bucket, upload_.key, upload_.id);
    if (!upload) return std::move(upload).error();
    if (!*upload) {
      verdict_ = refuse(Refusal::kNoSuchUpload, "the upload was completed or aborted meanwhile");
      return Done{};
    }
    Result<std::optional<PartRow>> before = find_part(index, upload_, row_.info.number);
    if (!before) return std::move(before).error();
    if (*before) replaced_ = (*before)->generation;
    return write_part(index, upload_.id, row_);
  }

  Result<Done> settle(sql::Database&) override {
    if (verdict_ && replaced_) store_.files.remove_part(*replaced_);
    return Done{};
  }

  void answer(const Result<Done>& committed) override {
    if (committed && verdict_) {
      ObjectMeta meta;
      meta.key = upload_.key;
      meta.size_bytes = row_.info.size_bytes;
      meta.modified = row_.info.modified;
      meta.etag = row_.info.etag;
      meta.checksum = row_.info.checksum;
      callback_(std::move(meta));
      return;
    }
    store_.files.remove_part(row_.generation);
    Failure failure = committed ? std::move(verdict_).failure() : Failure{Refusal::kNone, committed.error()};
    callback_(store_.about(bucket_, upload_.key, std::move(failure)));
  }

 private:
  BucketStoreState& store_;
  const std::string bucket_;
  const UploadInfo upload_;
  const PartRow row_;
  std::optional<std::uint64_t> replaced_;
  Outcome<Done> verdict_ = Done{};
  PutCallback callback_;
};

}  // namespace

Upload::Upload(std::unique_ptr<State> state) : state_(std::move(state)) {}
Upload::Upload(Upload&&) noexcept = default;
Upload& Upload::operator=(Upload&&) noexcept = default;
Upload::~Upload() = default;

Outcome<Done> Upload::write(std::string_view bytes) {
  State& state = *state_;
  const std::uint64_t size = state.written + bytes.size();
  if (size > state.plan.most_bytes)
    return state.about(refuse(Refusal::kEntityTooLarge, "more than " + std::to_string(state.plan.most_bytes) +
                                                            " bytes; larger objects go in parts"));
  if (state.plan.size_bytes && size > *state.plan.size_bytes)
    return state.about(refuse(Refusal::kInvalidRequest,
                              "more than the " + std::to_string(*state.plan.size_bytes) + " bytes announced"));
  Result<Done> written = write_all(state.file, bytes, state.path());
  if (!written) return state.about({Refusal::kNone, std::move(written).error()});
  state.md5.update(bytes);
  if (state.checksum) state.checksum->update(bytes);
  state.written = size;
  return Done{};
}

std::uint64_t Upload::written_bytes() const { return state_->written; }

Outcome<Done> Upload::State::check_bytes(const PutOptions& options, const ChecksumValue& digest,
                                         const std::optional<ChecksumValue>& sum) const {
  if (plan.size_bytes && written != *plan.size_bytes)
    return refuse(Refusal::kIncompleteBody,
                  std::to_string(written) + " bytes of the " + std::to_string(*plan.size_bytes) + " announced came");
  if (options.expected_md5 && *options.expected_md5 != digest)
    return refuse(Refusal::kBadDigest, "the MD5 of the bytes is " + digest.base64() + ", not " +
                                           options.expected_md5->base64() + ": damaged on the way");
  if (!options.expected_checksum) return Done{};
  const std::string name(checksum_name(options.expected_checksum->kind()));
  if (!sum || sum->kind() != options.expected_checksum->kind())
    return refuse(Refusal::kInvalidRequest, "a checksum " + name + " is given, and another was announced");
  if (*options.expected_checksum != *sum)
    return refuse(Refusal::kBadDigest, "the " + name + " of the bytes is " + sum->base64() + ", not " +
                                           options.expected_checksum->base64() + ": damaged on the way");
  return Done{};
}

void Upload::finish(PutOptions options, PutCallback callback) {
  State& state = *state_;
  const ChecksumValue digest = state.md5.finish();
  std::optional<ChecksumValue> sum;
  if (state.checksum) sum = state.checksum->finish();
  Outcome<Done> good = state.check_bytes(options, digest, sum);
  if (good && !state.part_of) good = check_headers(options.headers);
  if (good && !state.part_of) good = check_tags(options.tags);
  if (!good) return callback(state.about(std::move(good).failure()));
  Result<FileStamp> stamp = state.store.files.finish(state.file, state.generation, state.path());
  if (!stamp) return callback(state.about({Refusal::kNone, std::move(stamp).error()}));
  const Instant modified{std::chrono::nanoseconds(stamp->modified_ns)};
  std::optional<StoredChecksum> stored;
  if (sum) stored = StoredChecksum{sum->kind(), ChecksumType::kFullObject, sum->base64()};
  std::unique_ptr<Change> change;
  if (state.part_of) {
    PartRow row{{state.part_number, state.written, modified, digest.hex(), std::move(stored)}, state.generation};
    change =
        std::make_unique<PartChange>(state.store, state.bucket, *state.part_of, std::move(row), std::move(callback));
  } else {
    ObjectRow row;
    row.meta = {state.key, state.written, modified, digest.hex(), std::move(options.headers), std::move(stored)};
    row.generation = state.generation;
    row.tags = std::move(options.tags);
    change = std::make_unique<PutChange>(state.store, state.bucket, std::move(row), std::move(options.condition),
                                         std::move(callback));
  }
  state.handed_over = true;
  state.file.reset();
  state.store.queue->submit(std::move(change));
}

Outcome<ObjectMeta> Upload::finish(PutOptions options) {
  Awaited<ObjectMeta> answer;
  finish(std::move(options), answer.callback());
  return answer.wait();
}

Outcome<Upload> BucketStore::begin_put(std::string_view bucket, std::string_view key, const UploadPlan& plan) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (!good) return std::move(good).failure();
  if (plan.size_bytes && *plan.size_bytes > plan.most_bytes)
    return state_->about(bucket, key, refuse(Refusal::kEntityTooLarge, "more than 5 GiB; larger objects go in parts"));
  std::unique_ptr<Upload::State> upload(new Upload::State{*state_, std::string(bucket), std::string(key), plan});
  if (plan.checksum_kind) upload->checksum.emplace(*plan.checksum_kind);
  Result<FileDescriptor> file = state_->files.create_new(upload->generation);
  if (!file) return state_->about(bucket, key, {Refusal::kNone, std::move(file).error()});
  upload->file = std::move(*file);
  return Upload(std::move(upload));
}

Outcome<Upload> BucketStore::begin_part(std::string_view bucket, std::string_view key, std::string_view upload_id,
                                        int number, const UploadPlan& plan) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (!good) return std::move(good).failure();
  const auto failed = [&](Failure failure) { return state_->about(bucket, key, std::move(failure)); };
  if (number < 1 || number > kMostParts)
    return failed(refuse(Refusal::kInvalidArgument,
                         "part number " + std::to_string(number) + "; it has to be between 1 and 10000"));
  if (plan.size_bytes && *plan.size_bytes > kMostObjectBytes)
    return failed(refuse(Refusal::kEntityTooLarge, "a part of more than 5 GiB"));
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return failed({Refusal::kNone, std::move(reader).error()});
  Outcome<std::int64_t> id = state_->bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<std::optional<UploadRow>> row = find_upload(**reader, *id, key, upload_id);
  if (!row) return failed({Refusal::kNone, std::move(row).error()});
  if (!*row)
    return failed(refuse(Refusal::kNoSuchUpload, "there is no such upload: completed, aborted, or never begun"));
  const UploadInfo& info = (*row)->info;
  if (plan.checksum_kind && info.checksum_kind && *plan.checksum_kind != *info.checksum_kind)
    return failed(refuse(Refusal::kInvalidRequest, "a checksum " + std::string(checksum_name(*plan.checksum_kind)) +
                                                       ", but the upload was begun with " +
                                                       std::string(checksum_name(*info.checksum_kind))));
  std::unique_ptr<Upload::State> upload(
      new Upload::State{*state_, std::string(bucket), std::string(key), plan, info, number});
  const std::optional<ChecksumKind> kind = plan.checksum_kind ? plan.checksum_kind : info.checksum_kind;
  if (kind) upload->checksum.emplace(*kind);
  Result<FileDescriptor> file = state_->files.create_part(upload->generation);
  if (!file) return failed({Refusal::kNone, std::move(file).error()});
  upload->file = std::move(*file);
  return Upload(std::move(upload));
}

}  // namespace chiliad::store
