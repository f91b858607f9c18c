// ObjectStore: named byte strings in a bucket, on disk or in S3. The only door to durable bytes.
//
// Customers' files, model archives and results pass through it, so that every job runs the same against a local folder
// and against anything that speaks S3. The promises are those that S3 makes and a folder can be made to keep:
//
//   1. An object is replaced whole: a reader sees the old bytes or the new ones, never a mix and never a part.
//   2. A write that returned is seen by every read and list that begins after it.
//   3. A key is a string. There are no folders; "a/b" is a child of nothing.
//
// Keys: 1 to 1024 bytes of UTF-8 without NUL, no leading or trailing '/', no part that is empty, "." or "..", no part
// that starts with ".chiliad-". S3 allows more; a folder could not keep those apart.
//
// Source: Amazon S3 API reference (PutObject, GetObject, HeadObject, DeleteObject, ListObjectsV2, multipart upload).
//
// Thread safety: all methods of a store may be called from any threads at a time.

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"

namespace chiliad::store {

struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
  Instant modified;  // UTC.
  std::string etag;  // Without quotes. Changes whenever the bytes do.
};

// Bytes [offset, offset + length), cut at the object's end.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = UINT64_MAX;
};

// When a put may happen. At most one member is set.
struct PutCondition {
  bool only_if_absent = false;                   // S3: If-None-Match: *
  std::optional<std::string> only_if_etag = {};  // S3: If-Match
};

struct ListRequest {
  std::string prefix = {};
  std::string delimiter = {};    // Empty: every key under the prefix.
  std::string start_after = {};  // Keys up to and including this one are left out.
  std::string token = {};        // ListPage::next_token of the page before; empty for the first page.
  int max_keys = 1000;           // 1 to 1000, objects and prefixes together.
};

struct ListPage {
  std::vector<ObjectInfo> objects;        // Ascending by the bytes of the key.
  std::vector<std::string> prefixes;      // With a delimiter: the groups, ascending, each once.
  std::optional<std::string> next_token;  // Unset on the last page.
  // Of the keys where this page looked, the first that S3 allows and the rules above do not: it is not among the
  // objects. Keys that end with '/', which S3's clients make as folders, are not told.
  std::optional<std::string> left_out;
};

// Errors of every method besides its own: kInvalid for a key outside the rules; kForbidden for refused credentials;
// kUnavailable when the other side fails after the store's own retries; kDeadline. Each error names the store and the
// key.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // "s3://bucket/prefix" or the folder's path, for messages.
  virtual std::string location() const = 0;

  // Errors: kNotFound; kInvalid for an offset at or past the end (0 is always right); kTooLarge for more than 1 GiB.
  virtual Result<std::string> get(std::string_view key, const ByteRange& range, Deadline deadline) = 0;

  // Errors: kConflict when the condition does not hold; kNoSpace.
  virtual Result<ObjectInfo> put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                                 Deadline deadline) = 0;

  // get and put between the store and a local file in constant memory; large ones in parts. A download that fails
  // leaves no file; an upload that fails leaves no object and no parts.
  virtual Result<ObjectInfo> download(std::string_view key, const std::filesystem::path& to, Deadline deadline) = 0;
  virtual Result<ObjectInfo> upload(const std::filesystem::path& from, std::string_view key, Deadline deadline) = 0;

  // download() for those who only read: where the store keeps the object as a file of the same file system, `to`
  // becomes a second name of it and nothing is copied. Who wrote to `to` would change the object: let nobody. What
  // replaces the object later is not seen. Errors: as download(); kConflict: `to` exists.
  virtual Result<ObjectInfo> lend(std::string_view key, const std::filesystem::path& to, Deadline deadline) {
    return download(key, to, deadline);
  }

  // Errors: kNotFound.
  virtual Result<ObjectInfo> head(std::string_view key, Deadline deadline) = 0;

  // No error if there is no such object.
  virtual Result<Done> remove(std::string_view key, Deadline deadline) = 0;

  // Keys made or removed between pages may be seen or missed; all others are seen just once.
  // Errors: kInvalid for max_keys out of range or a token that is not this store's.
  virtual Result<ListPage> list(const ListRequest& request, Deadline deadline) = 0;

  // Makes everything put so far survive a power cut: one call for a batch. A put that returned survives kill -9 without
  // it. S3: nothing to do.
  virtual Result<Done> sync() = 0;
};

// All pages of list() as one vector. Errors: as list().
Result<std::vector<ObjectInfo>> list_all(ObjectStore& store, std::string_view prefix, Deadline deadline);

// A bucket in a folder: the object "a/b" is the file root/a/b, so that ordinary tools can read and fill it. Made if
// missing. Files whose names are no keys, and symbolic links, are not listed and not followed. Puts into a folder that
// may only be read say kForbidden. Errors: kInvalid: no folder, and none can be made.
Result<std::unique_ptr<ObjectStore>> open_folder(const std::filesystem::path& root);

struct S3Options {
  std::string bucket = {};
  std::string prefix = {};    // Every key is below it; empty, or ends in '/'.
  std::string region = {};    // Empty: AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1.
  std::string endpoint = {};  // Empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's, AWS itself.
  bool path_style = false;    // bucket in the path; always so with an endpoint that is an IP address or localhost.
  int attempts = 4;           // >= 1, growing random pauses between.
  std::uint64_t part_bytes = 16u << 20;  // >= 5 MiB, S3's lower limit.
};

// Makes no request: a wrong bucket shows at the first use. Credentials are looked up as the AWS tools do
// (net/credentials.h). Errors: kInvalid, with the option to blame.
Result<std::unique_ptr<ObjectStore>> open_s3(S3Options options);

// "s3://bucket/prefix" opens S3, anything else a folder. Errors: as the two above.
Result<std::unique_ptr<ObjectStore>> open_store(std::string_view location);

}  // namespace chiliad::store
