// Copies inside a BucketStore: in the kernel where ETag and checksum of the source stay right for the copy, through
// memory (a megabyte at a time) where they have to be computed.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/bucket_store_state.h"
#include "store/pairs.h"

namespace chiliad::store {

Refusal check_condition(const ReadCondition& condition, const ObjectMeta& meta) {
  const auto names = [&](const std::vector<std::string>& etags) {
    return std::ranges::any_of(etags, [&](const std::string& etag) { return etag == "*" || etag == meta.etag; });
  };
  const auto modified = std::chrono::floor<std::chrono::seconds>(meta.modified);
  const auto seconds = [](Instant time) { return std::chrono::floor<std::chrono::seconds>(time); };
  if (!condition.if_match.empty()) {
    if (!names(condition.if_match)) return Refusal::kPreconditionFailed;
  } else if (condition.if_unmodified_since && modified > seconds(*condition.if_unmodified_since)) {
    return Refusal::kPreconditionFailed;
  }
  if (!condition.if_none_match.empty()) {
    if (names(condition.if_none_match)) return Refusal::kNotModified;
  } else if (condition.if_modified_since && modified <= seconds(*condition.if_modified_since)) {
    return Refusal::kNotModified;
  }
  return Refusal::kNone;
}

namespace {

Outcome<BucketStoreState::OpenRow> open_source(BucketStoreState& store, const CopySource& source) {
  Outcome<BucketStoreState::OpenRow> open = store.open(source.bucket, source.key);
  if (!open) return open;
  if (check_condition(source.condition, open->row.meta) != Refusal::kNone)
    return store.about(source.bucket, source.key,
                       refuse(Refusal::kPreconditionFailed, "a condition on the copy's source does not hold"));
  return open;
}

// `length` bytes at `offset` of the source into the upload.
Outcome<Done> pour(const FileDescriptor& from, const std::filesystem::path& path, std::uint64_t offset,
                   std::uint64_t length, Upload& upload) {
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(length, kCopyPiece)), '\0');
  while (length > 0) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, piece.size()));
    const ssize_t got = ::pread(from.get(), piece.data(), wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) return Error{ErrorCode::kUnavailable, "read " + path.string() + ": cut shorter meanwhile"};
    Outcome<Done> written = upload.write(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    if (!written) return written;
    offset += static_cast<std::uint64_t>(got);
    length -= static_cast<std::uint64_t>(got);
  }
  return Done{};
}

// The checksum that the copy keeps: of the kind asked for, else the source's; a composite becomes one of the whole.
std::optional<ChecksumKind> kind_for(const ObjectMeta& source, const CopyOptions& options) {
  if (options.checksum_kind) return options.checksum_kind;
  return source.checksum ? std::optional(source.checksum->kind) : std::nullopt;
}

bool stays_right(const ObjectMeta& source, const std::optional<ChecksumKind>& kind) {
  if (source.etag.find('-') != std::string::npos) return false;
  if (!kind) return true;
  return source.checksum && source.checksum->kind == *kind && source.checksum->type == ChecksumType::kFullObject;
}

}  // namespace

Outcome<ObjectMeta> BucketStore::copy(const CopySource& source, std::string_view bucket, std::string_view key,
                                      const CopyOptions& options) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (good && options.headers) good = check_headers(*options.headers);
  if (good && options.tags) good = check_tags(*options.tags);
  if (!good) return state_->about(bucket, key, std::move(good).failure());
  Outcome<BucketStoreState::OpenRow> from = open_source(*state_, source);
  if (!from) return std::move(from).failure();
  const ObjectMeta& meta = from->row.meta;
  const std::filesystem::path path = state_->files.object_path(source.bucket, source.key, from->row.place);
  if (meta.size_bytes > kMostObjectBytes)
    return state_->about(source.bucket, source.key,
                         refuse(Refusal::kEntityTooLarge, "more than 5 GiB: copy it in parts"));
  const std::optional<ChecksumKind> kind = kind_for(meta, options);
  if (!stays_right(meta, kind)) {
    Outcome<Upload> upload = begin_put(bucket, key, {.size_bytes = meta.size_bytes, .checksum_kind = kind});
    if (!upload) return std::move(upload).failure();
    Outcome<Done> poured = pour(from->file, path, 0, meta.size_bytes, *upload);
    if (!poured) return state_->about(bucket, key, std::move(poured).failure());
    return upload->finish({.headers = options.headers.value_or(meta.headers),
                           .tags = options.tags.value_or(from->row.tags),
                           .condition = options.condition});
  }
  ObjectRow row;
  row.generation = BucketFiles::new_generation();
  row.meta = {std::string(key), meta.size_bytes, {}, meta.etag, options.headers.value_or(meta.headers), meta.checksum};
  row.tags = options.tags.value_or(from->row.tags);
  const std::filesystem::path to = state_->files.new_path(row.generation);
  Result<FileDescriptor> file = state_->files.create_new(row.generation);
  Result<Done> copied =
      file ? copy_bytes(from->file, path, *file, to, meta.size_bytes) : Result<Done>(std::move(file).error());
  Result<FileStamp> stamp = FileStamp{};
  if (copied) stamp = state_->files.finish(*file, row.generation, to);
  if (copied && !stamp) copied = std::move(stamp).error();
  if (!copied) {
    state_->files.remove_new(row.generation);
    return state_->about(bucket, key, {Refusal::kNone, std::move(copied).error()});
  }
  row.meta.modified = Instant(std::chrono::nanoseconds(stamp->modified_ns));
  Awaited<ObjectMeta> answer;
  state_->queue->submit(
      std::make_unique<PutChange>(*state_, std::string(bucket), std::move(row), options.condition, answer.callback()));
  return answer.wait();
}

Outcome<PartInfo> BucketStore::copy_part(const CopySource& source, const std::optional<PartRange>& range,
                                         std::string_view bucket, std::string_view key, std::string_view upload_id,
                                         int number) {
  Outcome<BucketStoreState::OpenRow> from = open_source(*state_, source);
  if (!from) return std::move(from).failure();
  const std::uint64_t size = from->row.meta.size_bytes;
  const PartRange part = range.value_or(PartRange{0, size});
  if (part.length > size || part.offset > size - part.length)
    return state_->about(source.bucket, source.key,
                         refuse(Refusal::kInvalidArgument,
                                "the range to copy goes past the end of its " + std::to_string(size) + " bytes"));
  Outcome<Upload> upload = begin_part(bucket, key, upload_id, number, {.size_bytes = part.length});
  if (!upload) return std::move(upload).failure();
  const std::filesystem::path path = state_->files.object_path(source.bucket, source.key, from->row.place);
  Outcome<Done> poured = pour(from->file, path, part.offset, part.length, *upload);
  if (!poured) return state_->about(bucket, key, std::move(poured).failure());
  Outcome<ObjectMeta> done = upload->finish({});
  if (!done) return std::move(done).failure();
  return PartInfo{number, done->size_bytes, done->modified, std::move(done->etag), std::move(done->checksum)};
}

}  // namespace chiliad::store
