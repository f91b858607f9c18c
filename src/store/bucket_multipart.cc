// Multipart uploads of a BucketStore.
//
// Completing joins the parts in the first one's file: the others' bytes are appended to it (in the kernel, as shared
// blocks where the file system can), it gets a second name among the new files, and from there on it is a put whose
// transaction also ends the upload. Until the commit nothing is lost: the first part's file is cut back to its part
// when a completion is tried again.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/hash.h"
#include "store/bucket_store_state.h"
#include "store/pairs.h"

namespace chiliad::store {
namespace {

constexpr std::uint64_t kMostCompletedBytes = std::uint64_t{5} << 40;

Failure no_such_upload() {
  return refuse(Refusal::kNoSuchUpload, "there is no such upload: completed, aborted, or never begun");
}

Outcome<ChecksumType> choose_type(const MultipartOptions& options) {
  if (!options.checksum_kind) return ChecksumType::kFullObject;
  const ChecksumKind kind = *options.checksum_kind;
  const ChecksumType usual = kind == ChecksumKind::kCrc64Nvme ? ChecksumType::kFullObject : ChecksumType::kComposite;
  const ChecksumType type = options.checksum_type.value_or(usual);
  if (type == ChecksumType::kFullObject && !checksum_combines(kind))
    return refuse(Refusal::kInvalidRequest, "the checksum of a whole object cannot be made of its parts' " +
                                                std::string(checksum_name(kind)) + ": use COMPOSITE");
  if (type == ChecksumType::kComposite && kind == ChecksumKind::kCrc64Nvme)
    return refuse(Refusal::kInvalidRequest, "CRC64NVME is a checksum of whole objects: use FULL_OBJECT");
  return type;
}

// The parts that a completion names, in its order.
Outcome<std::vector<PartRow>> choose_parts(const std::vector<CompletedPart>& wanted, const std::vector<PartRow>& rows,
                                           std::uint64_t least_part_bytes) {
  if (wanted.empty()) return refuse(Refusal::kInvalidRequest, "no parts are named");
  std::vector<PartRow> chosen;
  auto row = rows.begin();
  for (const CompletedPart& part : wanted) {
    const std::string name = "part " + std::to_string(part.number);
    if (!chosen.empty() && part.number <= chosen.back().info.number)
      return refuse(Refusal::kInvalidPartOrder, name + " is named after a part that is not before it");
    while (row != rows.end() && row->info.number < part.number) ++row;
    if (row == rows.end() || row->info.number != part.number)
      return refuse(Refusal::kInvalidPart, name + " was not uploaded");
    if (row->info.etag != part.etag)
      return refuse(Refusal::kInvalidPart, name + " has the ETag " + row->info.etag + ", not " + part.etag);
    if (part.checksum && row->info.checksum && row->info.checksum->text != part.checksum->base64())
      return refuse(Refusal::kInvalidPart,
                    name + " has the checksum " + row->info.checksum->text + ", not " + part.checksum->base64());
    if (!chosen.empty() && chosen.back().info.size_bytes < least_part_bytes)
      return refuse(Refusal::kEntityTooSmall, "part " + std::to_string(chosen.back().info.number) + " has " +
                                                  std::to_string(chosen.back().info.size_bytes) +
                                                  " bytes; all but the last have to have " +
                                                  std::to_string(least_part_bytes) + " or more");
    chosen.push_back(*row);
  }
  return chosen;
}

unsigned digit_of(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10) & 15; }

std::string etag_of(const std::vector<PartRow>& parts) {
  std::string digests;
  for (const PartRow& part : parts)
    for (std::size_t i = 0; i + 1 < part.info.etag.size(); i += 2)
      digests.push_back(static_cast<char>(digit_of(part.info.etag[i]) << 4 | digit_of(part.info.etag[i + 1])));
  return hex(md5(digests)) + "-" + std::to_string(parts.size());
}

// None when a part has no checksum.
std::optional<StoredChecksum> checksum_of_parts(const UploadInfo& upload, const std::vector<PartRow>& parts) {
  if (!upload.checksum_kind) return std::nullopt;
  const ChecksumKind kind = *upload.checksum_kind;
  std::string composite;
  std::optional<ChecksumValue> whole;
  for (const PartRow& part : parts) {
    if (!part.info.checksum) return std::nullopt;
    const std::optional<ChecksumValue> value = ChecksumValue::read(kind, part.info.checksum->text);
    if (!value) return std::nullopt;
    composite.append(reinterpret_cast<const char*>(value->bytes().data()), value->bytes().size());
    if (upload.checksum_type == ChecksumType::kFullObject)
      whole = whole ? combine(*whole, *value, part.info.size_bytes) : *value;
  }
  if (upload.checksum_type == ChecksumType::kFullObject)
    return StoredChecksum{kind, ChecksumType::kFullObject, whole->base64()};
  return StoredChecksum{kind, ChecksumType::kComposite,
                        checksum_of(kind, composite).base64() + "-" + std::to_string(parts.size())};
}

// A put that ends an upload.
class CompleteChange final : public PutChange {
 public:
  CompleteChange(BucketStoreState& store, std::string bucket, ObjectRow row, PutCondition condition, UploadInfo upload,
                 std::vector<std::uint64_t> used, PutCallback callback)
      : PutChange(store, std::move(bucket), std::move(row), std::move(condition), std::move(callback)),
        upload_(std::move(upload)),
        used_(std::move(used)) {}

  Result<Done> settle(sql::Database& index) override {
    Result<Done> settled = PutChange::settle(index);
    if (verdict_)
      for (const std::uint64_t generation : all_) store_.files.remove_part(generation);
    return settled;
  }

 protected:
  Result<Outcome<Done>> apply_more(sql::Database& index, std::int64_t bucket) override {
    all_.clear();
    Result<std::optional<UploadRow>> upload = find_upload(index, bucket, upload_.key, upload_.id);
    if (!upload) return std::move(upload).error();
    if (!*upload) return Outcome<Done>(no_such_upload());
    Result<std::vector<PartRow>> rows = read_parts(index, upload_, 0, kMostParts);
    if (!rows) return std::move(rows).error();
    auto next = used_.begin();
    for (const PartRow& row : *rows) {
      all_.push_back(row.generation);
      if (next != used_.end() && row.generation == *next) ++next;
    }
    if (next != used_.end())
      return Outcome<Done>(refuse(Refusal::kInvalidPart, "a part was uploaded anew while the upload was completed"));
    Result<Done> deleted = delete_upload(index, bucket, upload_.key, upload_.id);
    if (!deleted) return std::move(deleted).error();
    return Outcome<Done>(Done{});
  }

 private:
  const UploadInfo upload_;
  const std::vector<std::uint64_t> used_;  // The parts that became the object, by number.
  std::vector<std::uint64_t> all_;
};

// Only one completion of an upload at a time.
class Completing {
 public:
  Completing(BucketStoreState& store, std::string id) : store_(store), id_(std::move(id)) {
    MutexLock lock(store_.completing_mutex);
    alone_ = store_.completing.insert(id_).second;
  }
  Completing(const Completing&) = delete;
  Completing& operator=(const Completing&) = delete;
  ~Completing() {
    if (!alone_) return;
    MutexLock lock(store_.completing_mutex);
    store_.completing.erase(id_);
  }
  bool alone() const { return alone_; }

 private:
  BucketStoreState& store_;
  const std::string id_;
  bool alone_ = false;
};

// The parts' bytes in one file of `.chiliad/new`. What fails cuts the first part back.
Result<FileStamp> join(const BucketFiles& files, const std::vector<PartRow>& parts, std::uint64_t generation) {
  const PartRow& first = parts.front();
  const std::filesystem::path path = files.part_path(first.generation);
  Result<FileDescriptor> whole = open_file(path, O_RDWR);
  if (!whole) return std::move(whole).error();
  const auto first_size = static_cast<off_t>(first.info.size_bytes);
  const auto cut_back = [&] { return ::ftruncate(whole->get(), first_size); };
  if (cut_back() != 0 || ::lseek(whole->get(), 0, SEEK_END) != first_size) return system_error("write", path, errno);
  Result<Done> joined = Done{};
  for (std::size_t i = 1; i < parts.size() && joined; ++i) {
    const std::filesystem::path part_path = files.part_path(parts[i].generation);
    Result<FileDescriptor> part = open_file(part_path, O_RDONLY);
    joined = part ? copy_bytes(*part, part_path, *whole, path, parts[i].info.size_bytes)
                  : Result<Done>(std::move(part).error());
  }
  if (joined) joined = files.link_part(first.generation, generation);
  if (!joined && joined.error().code == ErrorCode::kInvalid) {
    // No hard links here: the whole is copied.
    Result<FileDescriptor> copy = files.create_new(generation);
    const off_t size = ::lseek(whole->get(), 0, SEEK_CUR);
    if (!copy) {
      joined = std::move(copy).error();
    } else if (::lseek(whole->get(), 0, SEEK_SET) != 0) {
      joined = system_error("read", path, errno);
    } else {
      joined = copy_bytes(*whole, path, *copy, files.new_path(generation), static_cast<std::uint64_t>(size));
      whole = std::move(copy);
    }
  }
  Result<FileStamp> stamp = FileStamp{};
  if (joined) stamp = files.finish(*whole, generation, files.new_path(generation));
  if (joined && stamp) return stamp;
  files.remove_new(generation);
  if (cut_back() != 0) return system_error("write", path, errno);
  return joined ? std::move(stamp).error() : std::move(joined).error();
}

}  // namespace

Outcome<UploadInfo> BucketStore::create_upload(std::string_view bucket, std::string_view key,
                                               const MultipartOptions& options) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (good) good = check_headers(options.headers);
  if (good) good = check_tags(options.tags);
  if (!good) return state_->about(bucket, key, std::move(good).failure());
  Outcome<ChecksumType> type = choose_type(options);
  if (!type) return state_->about(bucket, key, std::move(type).failure());
  UploadRow row;
  row.info.key = key;
  row.info.started = std::chrono::system_clock::now();
  row.info.id = new_upload_id(row.info.started);
  row.info.checksum_kind = options.checksum_kind;
  row.info.checksum_type = *type;
  row.headers = options.headers;
  row.tags = options.tags;
  Outcome<Done> created =
      state_->change([this, bucket = std::string(bucket), &row](sql::Database& index) -> Result<Outcome<Done>> {
        Outcome<std::int64_t> id = state_->bucket_id(index, bucket);
        if (!id) return Outcome<Done>(std::move(id).failure());
        Result<Done> inserted = insert_upload(index, *id, row);
        if (!inserted) return std::move(inserted).error();
        return Outcome<Done>(Done{});
      });
  if (!created) return std::move(created).failure();
  return std::move(row.info);
}

Outcome<PartPage> BucketStore::list_parts(std::string_view bucket, std::string_view key, std::string_view upload_id,
                                          int after_number, int max_parts) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (!good) return std::move(good).failure();
  if (max_parts < 0 || max_parts > 1000)
    return state_->about(bucket, key, refuse(Refusal::kInvalidArgument, "max_parts has to be 0 to 1000"));
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = state_->bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<std::optional<UploadRow>> upload = find_upload(**reader, *id, key, upload_id);
  if (!upload) return state_->about(bucket, key, {Refusal::kNone, std::move(upload).error()});
  if (!*upload) return state_->about(bucket, key, no_such_upload());
  Result<std::vector<PartRow>> rows = read_parts(**reader, (*upload)->info, after_number, max_parts + 1);
  if (!rows) return state_->about(bucket, key, {Refusal::kNone, std::move(rows).error()});
  PartPage page;
  page.upload = std::move((*upload)->info);
  page.truncated = max_parts > 0 && rows->size() > static_cast<std::size_t>(max_parts);
  for (PartRow& row : *rows)
    if (page.parts.size() < static_cast<std::size_t>(max_parts)) page.parts.push_back(std::move(row.info));
  return page;
}

Outcome<UploadPage> BucketStore::list_uploads(std::string_view bucket, const UploadQuery& query) {
  if (query.max_uploads < 0 || query.max_uploads > 1000)
    return state_->about(bucket, "", refuse(Refusal::kInvalidArgument, "max_uploads has to be 0 to 1000"));
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = state_->bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<UploadPage> page = list_upload_rows(**reader, *id, query);
  if (!page) return state_->about(bucket, "", {Refusal::kNone, std::move(page).error()});
  return *std::move(page);
}

Outcome<Done> BucketStore::abort(std::string_view bucket, std::string_view key, std::string_view upload_id) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (!good) return good;
  auto parts = std::make_shared<std::vector<PartRow>>();
  return state_->change(
      [this, bucket = std::string(bucket), key = std::string(key), id = std::string(upload_id),
       parts](sql::Database& index) -> Result<Outcome<Done>> {
        Outcome<std::int64_t> bucket_id = state_->bucket_id(index, bucket);
        if (!bucket_id) return Outcome<Done>(std::move(bucket_id).failure());
        Result<std::optional<UploadRow>> upload = find_upload(index, *bucket_id, key, id);
        if (!upload) return std::move(upload).error();
        if (!*upload) return Outcome<Done>(state_->about(bucket, key, no_such_upload()));
        Result<std::vector<PartRow>> rows = read_parts(index, (*upload)->info, 0, kMostParts);
        if (!rows) return std::move(rows).error();
        *parts = *std::move(rows);
        Result<Done> deleted = delete_upload(index, *bucket_id, key, id);
        if (!deleted) return std::move(deleted).error();
        return Outcome<Done>(Done{});
      },
      [this, parts] {
        for (const PartRow& part : *parts) state_->files.remove_part(part.generation);
      });
}

namespace {

struct Completion {
  UploadRow upload;
  std::vector<PartRow> parts;
};

// The upload and its parts, checked. Errors: as complete().
Outcome<Completion> prepare(BucketStoreState& store, std::string_view bucket, std::string_view key,
                            std::string_view upload_id, const std::vector<CompletedPart>& wanted) {
  Result<IndexReaders::Borrowed> reader = store.readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = store.bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<std::optional<UploadRow>> upload = find_upload(**reader, *id, key, upload_id);
  if (!upload) return std::move(upload).error();
  if (!*upload) return no_such_upload();
  Result<std::vector<PartRow>> rows = read_parts(**reader, (*upload)->info, 0, kMostParts);
  if (!rows) return std::move(rows).error();
  Outcome<std::vector<PartRow>> parts = choose_parts(wanted, *rows, store.options.least_part_bytes);
  if (!parts) return std::move(parts).failure();
  return Completion{std::move(**upload), *std::move(parts)};
}

// The row of the object that the parts make. Errors: kBadDigest, kInvalidRequest, kEntityTooLarge.
Outcome<ObjectRow> row_of(const Completion& completion, const CompleteOptions& options) {
  const UploadInfo& upload = completion.upload.info;
  ObjectRow row;
  for (const PartRow& part : completion.parts) {
    row.meta.size_bytes += part.info.size_bytes;
    row.parts.push_back(part.info);
  }
  if (row.meta.size_bytes > kMostCompletedBytes)
    return refuse(Refusal::kEntityTooLarge, "the parts have more than 5 TiB together");
  if (options.expected_size && *options.expected_size != row.meta.size_bytes)
    return refuse(Refusal::kInvalidRequest, "the parts have " + std::to_string(row.meta.size_bytes) +
                                                " bytes together, not " + std::to_string(*options.expected_size));
  row.meta.checksum = checksum_of_parts(upload, completion.parts);
  if (options.expected_checksum && row.meta.checksum && row.meta.checksum->text != *options.expected_checksum)
    return refuse(Refusal::kBadDigest, "the checksum of the parts together is " + row.meta.checksum->text + ", not " +
                                           *options.expected_checksum);
  row.meta.key = upload.key;
  row.meta.etag = etag_of(completion.parts);
  row.meta.headers = completion.upload.headers;
  row.meta.part_count = static_cast<int>(completion.parts.size());
  row.tags = completion.upload.tags;
  row.upload_id = upload.id;
  row.generation = BucketFiles::new_generation();
  return row;
}

}  // namespace

Outcome<ObjectMeta> BucketStore::complete(std::string_view bucket, std::string_view key, std::string_view upload_id,
                                          const std::vector<CompletedPart>& parts, const CompleteOptions& options) {
  Outcome<Done> good = state_->check_bucket_and_key(bucket, key);
  if (!good) return std::move(good).failure();
  const auto failed = [&](Failure failure) { return state_->about(bucket, key, std::move(failure)); };
  const Completing completing(*state_, std::string(upload_id));
  if (!completing.alone())
    return failed({Refusal::kNone, {ErrorCode::kUnavailable, "the upload is being completed by another call"}});
  Outcome<Completion> completion = prepare(*state_, bucket, key, upload_id, parts);
  if (!completion) {
    // Its answer was lost: the same answer again.
    Outcome<ObjectRow> made = state_->find(bucket, key);
    if (completion.failure().refusal == Refusal::kNoSuchUpload && made && made->upload_id == upload_id)
      return std::move(made->meta);
    return failed(std::move(completion).failure());
  }
  Outcome<ObjectRow> row = row_of(*completion, options);
  if (!row) return failed(std::move(row).failure());
  Result<FileStamp> stamp = join(state_->files, completion->parts, row->generation);
  if (!stamp && stamp.error().code == ErrorCode::kNotFound)
    return failed(refuse(Refusal::kInvalidPart, "a part was uploaded anew, or the upload aborted, meanwhile"));
  if (!stamp) return failed({Refusal::kNone, std::move(stamp).error()});
  row->meta.modified = Instant(std::chrono::nanoseconds(stamp->modified_ns));
  std::vector<std::uint64_t> used;
  for (const PartRow& part : completion->parts) used.push_back(part.generation);
  Awaited<ObjectMeta> answer;
  state_->queue->submit(std::make_unique<CompleteChange>(*state_, std::string(bucket), *std::move(row),
                                                         options.condition, completion->upload.info, std::move(used),
                                                         answer.callback()));
  return answer.wait();
}

}  // namespace chiliad::store
