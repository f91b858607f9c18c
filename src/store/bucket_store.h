// BucketStore: buckets in a folder, with an index: all that S3's REST face needs, without knowing HTTP.
//
//   DIR/store/<bucket>/<key>    the objects' bytes, plain files that a person can read
//   DIR/store/.chiliad/         bytes on their way in, parts of multipart uploads
//   DIR/state/objects.db        the index (SQLite): the authority for lists, ETags, headers, checksums, tags, uploads
//
// doc/bucket_store.md has the layout, the rule for keys that a folder cannot hold, the order of writes and why a kill
// at any moment leaves index and folder in agreement.
//
// Promises:
//   1. An object is replaced whole, bytes and description together: a reader sees the old or the new one.
//   2. What was answered survives kill -9, and with Options::sync a power cut.
//   3. What was answered is seen by every call that begins after it.
//   4. Memory does not grow with the sizes of objects or the number of keys.
//   5. A page of a list costs its own length, however many keys the bucket has.
//
// Concurrent changes share transactions: a writer thread takes what waits, at most 256 changes, commits once, moves
// files, answers.
//
// Source: Amazon S3 API reference and user guide (conditional writes, multipart limits, checksums). No versions, no
// ACLs, no storage classes: doc/bucket_store.md, "Differences from S3".
//
// Thread safety: safe from any thread; an Upload belongs to one thread at a time. Callbacks and listeners run on the
// writer thread (the callback of what fails early: on the caller's): they must be quick, may not throw, and may not
// wait for another call of the store.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/buckets.h"
#include "store/object_store.h"
#include "store/stored_object.h"

namespace chiliad::store {

inline constexpr std::uint64_t kMostObjectBytes = std::uint64_t{5} << 30;  // Of one put, copy or part.
inline constexpr std::uint64_t kLeastPartBytes = std::uint64_t{5} << 20;   // Of every part but the last.
inline constexpr int kMostParts = 10'000;
inline constexpr std::size_t kMostKeyBytes = 1024;
inline constexpr std::size_t kMostUserMetadataBytes = 2048;
inline constexpr std::size_t kMostKeysInBatch = 1000;

// What a scan found.
struct ScanReport {
  std::uint64_t files = 0;  // Looked at.
  std::uint64_t unchanged = 0;
  std::uint64_t added = 0;
  std::uint64_t updated = 0;  // Changed by hand: size or modification time differ from the index.
  std::uint64_t removed = 0;  // In the index, and no file.
  std::uint64_t ignored = 0;  // Names that are no keys, links, devices, files that stand where another key's are.
  std::vector<std::string> complaints = {};  // The first 100 of what was ignored or could not be read, with why.
};

struct BucketStoreOptions {
  // Each answered change survives a power cut: one syncfs(2) and one synchronised commit a batch.
  bool sync = false;
  // For a command that scans or checks while a server may have the home open: repairs nothing, and changes only what
  // scan() changes.
  bool beside_server = false;
  // A thread scans all buckets once after open(): what was put there by hand while nobody was looking comes in.
  bool scan_at_open = false;
  // Told of that scan now and then, and with its end (not null) once. On the scanning thread. Optional.
  std::function<void(const ScanReport&, const Result<Done>* end)> on_scan = {};
  int most_buckets = 10'000;
  std::uint64_t least_part_bytes = kLeastPartBytes;  // Smaller in tests.
};

// What is known of a put or a part before its bytes.
struct UploadPlan {
  std::optional<std::uint64_t> size_bytes = {};    // Announced: more or fewer bytes are refused.
  std::optional<ChecksumKind> checksum_kind = {};  // Computed on the way and kept with the object.
  std::uint64_t most_bytes = kMostObjectBytes;
};

// What a put ends with.
struct PutOptions {
  Pairs headers = {};  // See ObjectMeta::headers; others are refused.
  Pairs tags = {};     // At most 10.
  PutCondition condition = {};
  std::optional<ChecksumValue> expected_md5 = {};       // Content-MD5
  std::optional<ChecksumValue> expected_checksum = {};  // Of UploadPlan::checksum_kind.
};

using PutCallback = std::function<void(Outcome<ObjectMeta>)>;

// An object or a part on its way in. Its end before finish() takes its bytes back. It goes before its store does.
class Upload {
 public:
  Upload(Upload&&) noexcept;
  Upload& operator=(Upload&&) noexcept;
  ~Upload();

  // The next bytes, to disk. After an error only the end is left.
  // Errors: kEntityTooLarge beyond 5 GiB; kInvalidRequest beyond the size announced; kNoSpace.
  Outcome<Done> write(std::string_view bytes);
  std::uint64_t written_bytes() const;

  // Makes it an object, or a part (only the expected values of `options` mean something then; of the ObjectMeta that
  // is answered key, size, time, etag and checksum are set). Call once. The callback form returns at once; the callback
  // runs on the writer thread, or in this call when it fails early.
  // Errors: kBadDigest, kIncompleteBody, kPreconditionFailed (If-Match on a missing key: kNoSuchKey), kNoSuchBucket,
  // kNoSuchUpload, kMetadataTooLarge, kInvalidArgument, kInvalidTag; kNoSpace; kUnavailable when too many changes wait.
  void finish(PutOptions options, PutCallback callback);
  Outcome<ObjectMeta> finish(PutOptions options);

 private:
  friend class BucketStore;
  struct State;
  explicit Upload(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct CopySource {
  std::string bucket;
  std::string key;
  ReadCondition condition = {};
};

struct CopyOptions {
  std::optional<Pairs> headers = {};               // Set: metadata directive REPLACE. Unset: COPY.
  std::optional<Pairs> tags = {};                  // Set: tagging directive REPLACE. Unset: COPY.
  std::optional<ChecksumKind> checksum_kind = {};  // Unset: the source's.
  PutCondition condition = {};
};

struct MultipartOptions {
  Pairs headers = {};
  Pairs tags = {};
  std::optional<ChecksumKind> checksum_kind = {};
  // Unset: full object for CRC64NVME, composite for the others, as S3 does. Errors: kInvalidRequest for a full object
  // of SHA-1 or SHA-256 and for a composite of CRC64NVME.
  std::optional<ChecksumType> checksum_type = {};
};

struct CompletedPart {
  int number = 0;
  std::string etag;                            // Without quotes.
  std::optional<ChecksumValue> checksum = {};  // Compared if given.
};

struct CompleteOptions {
  PutCondition condition = {};
  std::optional<std::string> expected_checksum = {};  // x-amz-checksum-*: as StoredChecksum::text.
  std::optional<std::uint64_t> expected_size = {};    // x-amz-mp-object-size
};

struct PartRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Called now and then while a scan goes on; false ends it early (what it did so far stays).
using ScanProgress = std::function<bool(const ScanReport&)>;

struct BucketStoreState;

class BucketStore {
 public:
  using Options = BucketStoreOptions;

  // Makes what is missing below `home`, repairs what a kill left behind (time in proportion to what was in flight, not
  // to the store), starts the writer. One process may have a home open, others beside it (Options::beside_server).
  // Errors: kConflict: another process has it; kForbidden, kNoSpace, kCorrupt (a damaged index), kInvalid.
  static Result<std::shared_ptr<BucketStore>> open(const std::filesystem::path& home, const Options& options);
  // Finishes what waits.
  ~BucketStore();

  // The buckets as jobs and endpoints use them. Lives on its own: it keeps the store open.
  static std::shared_ptr<Buckets> buckets(std::shared_ptr<BucketStore> store);

  // ---- Buckets
  // Errors: kInvalidBucketName, kBucketAlreadyOwnedByYou, kTooManyBuckets.
  Outcome<Done> create_bucket(std::string_view bucket);
  // Unfinished uploads go with it. Errors: kNoSuchBucket, kBucketNotEmpty.
  Outcome<Done> delete_bucket(std::string_view bucket);
  Outcome<BucketInfo> head_bucket(std::string_view bucket);
  // By name, those after `after` that start with `prefix`.
  Outcome<std::vector<BucketInfo>> list_buckets(std::string_view prefix = {}, std::string_view after = {},
                                                int max_buckets = 10'000);
  // Small texts that are kept with a bucket by a name of the caller's (the S3 face: tagging, encryption, public access
  // block), as they are: at most 64 KiB each, at most 32 a bucket. Errors: kNoSuchBucket, kNoSuchDocument.
  Outcome<std::string> bucket_document(std::string_view bucket, std::string_view name);
  Outcome<Done> put_bucket_document(std::string_view bucket, std::string_view name, std::string_view text);
  Outcome<Done> delete_bucket_document(std::string_view bucket, std::string_view name);

  // ---- Objects
  // Errors here and wherever a key is given: kNoSuchBucket, kKeyTooLong, kInvalidArgument (empty, NUL, not UTF-8).
  Outcome<Upload> begin_put(std::string_view bucket, std::string_view key, const UploadPlan& plan);
  // begin_put, write, finish.
  Outcome<ObjectMeta> put(std::string_view bucket, std::string_view key, std::string_view bytes,
                          const PutOptions& options = {});
  // Errors: kNoSuchKey.
  Outcome<ObjectMeta> head(std::string_view bucket, std::string_view key);
  Outcome<OpenObject> get(std::string_view bucket, std::string_view key);
  // Sizes and checksums of the parts that the object was put together from; empty for one that was not.
  Outcome<std::vector<PartInfo>> object_parts(std::string_view bucket, std::string_view key);
  // No error if there is no such object. With an ETag ("*": any) only that one goes: kPreconditionFailed.
  Outcome<Done> remove(std::string_view bucket, std::string_view key, const std::optional<std::string>& if_match = {});
  // All in one transaction; an outcome a key. Errors: kInvalidArgument for more than 1,000 keys.
  Outcome<std::vector<Outcome<Done>>> remove_many(std::string_view bucket, std::span<const std::string> keys);
  // The source's bytes are shared (reflink) where the file system can, else copied in the kernel.
  // Errors: kNoSuchKey, kPreconditionFailed (also where GET would say kNotModified), kEntityTooLarge over 5 GiB.
  Outcome<ObjectMeta> copy(const CopySource& source, std::string_view bucket, std::string_view key,
                           const CopyOptions& options = {});
  Outcome<Pairs> tags(std::string_view bucket, std::string_view key);
  // An empty list takes them away.
  Outcome<Done> put_tags(std::string_view bucket, std::string_view key, const Pairs& tags);
  Outcome<ObjectPage> list(std::string_view bucket, const ObjectQuery& query);

  // ---- Multipart uploads: kept until completed or aborted, also over restarts.
  Outcome<UploadInfo> create_upload(std::string_view bucket, std::string_view key, const MultipartOptions& options);
  // A part replaces one of the same number. The plan's checksum kind is the upload's by default.
  // Errors: kNoSuchUpload, kInvalidArgument (number outside 1 to 10,000), kInvalidRequest (another checksum kind).
  Outcome<Upload> begin_part(std::string_view bucket, std::string_view key, std::string_view upload_id, int number,
                             const UploadPlan& plan);
  Outcome<PartInfo> copy_part(const CopySource& source, const std::optional<PartRange>& range, std::string_view bucket,
                              std::string_view key, std::string_view upload_id, int number);
  Outcome<PartPage> list_parts(std::string_view bucket, std::string_view key, std::string_view upload_id,
                               int after_number = 0, int max_parts = 1000);
  Outcome<UploadPage> list_uploads(std::string_view bucket, const UploadQuery& query);
  // Again after its answer was lost: the same answer, as long as the object is the one it made.
  // Errors: kNoSuchUpload, kInvalidPart (missing, or another ETag), kInvalidPartOrder, kEntityTooSmall, kBadDigest,
  // kInvalidRequest (size), kPreconditionFailed; kUnavailable while another call completes it.
  Outcome<ObjectMeta> complete(std::string_view bucket, std::string_view key, std::string_view upload_id,
                               const std::vector<CompletedPart>& parts, const CompleteOptions& options = {});
  Outcome<Done> abort(std::string_view bucket, std::string_view key, std::string_view upload_id);

  // ---- Around
  // Called after each change of an object that this process makes.
  Subscription subscribe(BucketListener listener);
  // Brings the index in line with the files of one bucket, in pages, while the store is in use. Folders directly in
  // DIR/store that are no buckets yet become buckets (an empty `bucket`: all). Cost: a stat a file; files that are new
  // or changed are read once for their ETag.
  Outcome<ScanReport> scan(std::string_view bucket, const ScanProgress& progress = {});
  // What scan() would change, changing nothing. `read_bytes`: also compares each file's MD5 with its ETag.
  Outcome<ScanReport> check(std::string_view bucket, bool read_bytes, const ScanProgress& progress = {});
  // Changes so far survive a power cut.
  Result<Done> sync();
  // DIR/store, for messages.
  const std::filesystem::path& folder() const;

 private:
  explicit BucketStore(std::unique_ptr<BucketStoreState> state);
  std::unique_ptr<BucketStoreState> state_;
};

}  // namespace chiliad::store
