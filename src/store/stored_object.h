// The values that a bucket store keeps and gives: an object's description, its checksum, parts, uploads, list pages.
//
// Thread safety: values.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/checksum.h"
#include "base/file.h"
#include "base/time.h"
#include "store/refusal.h"

namespace chiliad::store {

// Name and value, in the order given. Names of headers are in lower case.
using Pairs = std::vector<std::pair<std::string, std::string>>;

// kFullObject: of the object's bytes. kComposite: of the parts' checksums, written "<base64>-<parts>".
enum class ChecksumType : std::uint8_t { kFullObject, kComposite };

struct StoredChecksum {
  ChecksumKind kind;
  ChecksumType type = ChecksumType::kFullObject;
  std::string text;  // As in x-amz-checksum-*: base64, for a composite with "-<parts>".
  bool operator==(const StoredChecksum&) const = default;
};

struct ObjectMeta {
  std::string key;
  std::uint64_t size_bytes = 0;
  Instant modified;  // UTC.
  std::string etag;  // Without quotes: MD5 in hex, or "<hex>-<parts>".
  // What the writer gave and readers get back: content-type, content-encoding, content-language, content-disposition,
  // cache-control, expires, x-amz-website-redirect-location, x-amz-meta-*. Empty in lists.
  Pairs headers = {};
  std::optional<StoredChecksum> checksum = {};
  int part_count = 0;  // Of an object put together from parts; else 0.
  int tag_count = 0;   // Not told in lists.
};

// An object opened for reading: these bytes belong to this description, whatever happens to the key meanwhile.
struct OpenObject {
  FileDescriptor file;
  ObjectMeta meta;
};

struct PartInfo {
  int number = 0;
  std::uint64_t size_bytes = 0;
  Instant modified;
  std::string etag;
  std::optional<StoredChecksum> checksum = {};
};

struct UploadInfo {
  std::string key;
  std::string id;
  Instant started;
  std::optional<ChecksumKind> checksum_kind = {};
  ChecksumType checksum_type = ChecksumType::kFullObject;
};

// What a reader expects of the object; a precondition of S3's GET, HEAD and of a copy's source. ETags without quotes,
// "*" for any.
struct ReadCondition {
  std::vector<std::string> if_match = {};       // Empty: no condition.
  std::vector<std::string> if_none_match = {};  // Empty: no condition.
  std::optional<Instant> if_modified_since = {};
  std::optional<Instant> if_unmodified_since = {};
};

// kNone, kPreconditionFailed or kNotModified, by RFC 9110 section 13.2.2. Times are compared in whole seconds, as HTTP
// carries them.
Refusal check_condition(const ReadCondition& condition, const ObjectMeta& meta);

// One page of a list. `after`: where to go on: the last key or group of the page before, or S3's start-after or marker.
// Keys up to and including it are left out, and so is a group that equals it.
struct ObjectQuery {
  std::string prefix = {};
  std::string delimiter = {};
  std::string after = {};
  int max_keys = 1000;  // 0 to 1000, objects and groups together.
};

struct ObjectPage {
  std::vector<ObjectMeta> objects;   // Ascending by the bytes of the key.
  std::vector<std::string> groups;   // CommonPrefixes, ascending, each once.
  std::optional<std::string> after;  // Unset on the last page; else `after` of the next query.
};

struct UploadQuery {
  std::string prefix = {};
  std::string delimiter = {};
  std::string key_marker = {};
  std::string upload_id_marker = {};  // With a key marker only.
  int max_uploads = 1000;             // 0 to 1000.
};

struct UploadPage {
  std::vector<UploadInfo> uploads;  // By key, then by the time of their start.
  std::vector<std::string> groups;
  bool truncated = false;
  std::string next_key_marker = {};
  std::string next_upload_id_marker = {};
};

struct PartPage {
  UploadInfo upload;
  std::vector<PartInfo> parts;  // By number.
  bool truncated = false;
};

}  // namespace chiliad::store
