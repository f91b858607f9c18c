#include "objects/request.h"

#include <algorithm>

#include "base/utf8.h"
#include "net/uri.h"

namespace chiliad::objects {
namespace {

constexpr std::size_t kMostParameters = 100;
constexpr std::size_t kLongestKey = 1024;

using enum Operation;

enum class Level : std::uint8_t { kService, kBucket, kObject };

struct Route {
  std::string_view method;
  Level level;
  std::string_view sub_resource;
  Operation operation;
};

// The operations that are no plain method on a bucket or object. The first row whose parameter is in the query wins, so
// those that select more stand first.
constexpr Route kRoutes[] = {
    {"GET", Level::kBucket, "uploads", kListMultipartUploads},
    {"POST", Level::kBucket, "delete", kDeleteObjects},
    {"PUT", Level::kBucket, "acl", kPutBucketAcl},
    {"GET", Level::kObject, "attributes", kGetObjectAttributes},
    {"GET", Level::kObject, "acl", kGetObjectAcl},
    {"PUT", Level::kObject, "acl", kPutObjectAcl},
    {"GET", Level::kObject, "tagging", kGetObjectTagging},
    {"PUT", Level::kObject, "tagging", kPutObjectTagging},
    {"DELETE", Level::kObject, "tagging", kDeleteObjectTagging},
    {"POST", Level::kObject, "uploads", kCreateMultipartUpload},
    {"PUT", Level::kObject, "uploadId", kUploadPart},
    {"POST", Level::kObject, "uploadId", kCompleteMultipartUpload},
    {"DELETE", Level::kObject, "uploadId", kAbortMultipartUpload},
    {"GET", Level::kObject, "uploadId", kListParts},
};

// What a bucket may be asked about itself (service_configuration.cc answers).
constexpr std::string_view kConfigurations[] = {"location",
                                                "versioning",
                                                "acl",
                                                "policy",
                                                "policyStatus",
                                                "encryption",
                                                "tagging",
                                                "lifecycle",
                                                "cors",
                                                "website",
                                                "logging",
                                                "notification",
                                                "replication",
                                                "accelerate",
                                                "object-lock",
                                                "inventory",
                                                "requestPayment",
                                                "publicAccessBlock",
                                                "ownershipControls",
                                                "analytics",
                                                "metrics",
                                                "intelligent-tiering"};

// What taking away changes nothing, since there is none.
constexpr std::string_view kDeletable[] = {"policy", "lifecycle", "cors", "website", "replication"};

// What is kept with a bucket.
constexpr std::string_view kKeptWithBucket[] = {"encryption", "tagging", "publicAccessBlock"};

// All other sub-resources of S3.
constexpr std::string_view kOthers[] = {"versions",
                                        "torrent",
                                        "restore",
                                        "select",
                                        "retention",
                                        "legal-hold",
                                        "session",
                                        "uploads",
                                        "uploadId",
                                        "delete",
                                        "attributes",
                                        "append",
                                        "renameObject",
                                        "metadataTable",
                                        "metadataConfiguration",
                                        "metadataInventoryTable",
                                        "metadataJournalTable",
                                        "abac",
                                        "encryption",
                                        "object-lock"};

Operation plain_operation(std::string_view method, Level level, const net::HttpRequest& head, const Query& query) {
  if (level == Level::kService) return method == "GET" ? kListBuckets : kMethodNotAllowed;
  if (level == Level::kBucket) {
    if (method == "GET") return query.text("list-type") == "2" ? kListObjectsV2 : kListObjects;
    if (method == "HEAD") return kHeadBucket;
    if (method == "PUT") return kCreateBucket;
    if (method == "DELETE") return kDeleteBucket;
    if (method == "POST") return kNotImplemented;  // A browser's form.
    return kMethodNotAllowed;
  }
  if (method == "GET") return kGetObject;
  if (method == "HEAD") return kHeadObject;
  if (method == "PUT") return head.field("x-amz-copy-source").empty() ? kPutObject : kCopyObject;
  if (method == "DELETE") return kDeleteObject;
  return kMethodNotAllowed;
}

void find_operation(const net::HttpRequest& head, Request& request) {
  const std::string_view method = head.method();
  const Level level = request.bucket.empty() ? Level::kService : request.key.empty() ? Level::kBucket : Level::kObject;
  if (method == "OPTIONS") {
    request.operation = kPreflight;
    return;
  }
  if (level != Level::kService) {
    for (const Route& route : kRoutes) {
      if (route.level != level || route.method != method || !request.query.has(route.sub_resource)) continue;
      request.operation = route.operation;
      request.sub_resource = route.sub_resource;
      if (route.operation == kUploadPart && !head.field("x-amz-copy-source").empty())
        request.operation = kUploadPartCopy;
      return;
    }
    for (const std::string_view name : kConfigurations) {
      if (!request.query.has(name)) continue;
      request.sub_resource = name;
      request.operation = kNotImplemented;
      if (level == Level::kBucket && method == "GET") request.operation = kGetBucketConfiguration;
      if (level == Level::kBucket && method == "PUT" && contains(kKeptWithBucket, name))
        request.operation = kPutBucketConfiguration;
      if (level == Level::kBucket && method == "DELETE" &&
          (contains(kKeptWithBucket, name) || contains(kDeletable, name)))
        request.operation = kDeleteBucketConfiguration;
      return;
    }
    for (const std::string_view name : kOthers) {
      if (!request.query.has(name)) continue;
      request.sub_resource = name;
      request.operation = kNotImplemented;
      return;
    }
  }
  request.operation = plain_operation(method, level, head, request.query);
  // A part without its upload must not become the object.
  if (method == "PUT" && level == Level::kObject && request.query.has("partNumber"))
    request.operation = kNotImplemented;
}

// The bucket that stands before one of the hosts; empty: none does.
std::string bucket_of_host(std::string_view host, const Addressing& addressing) {
  if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) host = host.substr(0, colon);
  for (const std::string& base : addressing.hosts) {
    if (host.size() <= base.size() + 1) continue;
    const std::size_t at = host.size() - base.size();
    if (host[at - 1] == '.' && net::same_ignoring_case(host.substr(at), base)) {
      std::string bucket(host.substr(0, at - 1));
      for (char& c : bucket) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      return bucket;
    }
  }
  return {};
}

std::optional<S3Error> check_names(std::string_view bucket, std::string_view key) {
  if (!store::wrong_with_bucket_name(bucket).empty())
    return s3_error(S3Code::kInvalidBucketName, "BucketName", std::string(bucket.substr(0, 255)));
  if (key.size() > kLongestKey) {
    S3Error error = s3_error(S3Code::kKeyTooLong);
    error.details.emplace_back("Size", std::to_string(key.size()));
    error.details.emplace_back("MaxSizeAllowed", std::to_string(kLongestKey));
    return error;
  }
  if (!is_utf8(key) || key.find('\0') != std::string_view::npos)
    return s3_error(S3Code::kInvalidUri, "Couldn't parse the specified URI: the key is not UTF-8, or has a zero byte.");
  return std::nullopt;
}

}  // namespace

std::optional<std::string> decode_exactly(std::string_view text, bool plus_is_blank) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 3))
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return std::nullopt;
  return net::percent_decode(text, plus_is_blank);
}

std::variant<Query, S3Error> Query::read(std::string_view query) {
  Query read;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (piece.empty()) continue;
    if (read.list_.size() == kMostParameters) return s3_error(S3Code::kInvalidUri);
    const std::size_t equals = std::min(piece.find('='), piece.size());
    std::optional<std::string> name = decode_exactly(piece.substr(0, equals), true);
    std::optional<std::string> value = decode_exactly(piece.substr(std::min(equals + 1, piece.size())), true);
    if (!name || !value) return s3_error(S3Code::kInvalidUri);
    read.list_.emplace_back(std::move(*name), std::move(*value));
  }
  return read;
}

const std::pair<std::string, std::string>* Query::find(std::string_view name) const {
  const auto found = std::find_if(list_.begin(), list_.end(), [&](const auto& each) { return each.first == name; });
  return found == list_.end() ? nullptr : &*found;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? std::nullopt : std::optional<std::string_view>(found->second);
}

std::variant<Request, S3Error> read_request(const net::HttpRequest& head, const Addressing& addressing) {
  Request request;
  std::variant<Query, S3Error> query = Query::read(head.query());
  if (auto* error = std::get_if<S3Error>(&query)) return std::move(*error);
  request.query = std::get<Query>(std::move(query));

  std::string_view path = head.path();
  if (path.starts_with('/')) path.remove_prefix(1);
  request.bucket = bucket_of_host(head.field("host"), addressing);
  std::string_view key = path;
  if (request.bucket.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::optional<std::string> bucket = decode_exactly(path.substr(0, slash), false);
    if (!bucket) return s3_error(S3Code::kInvalidUri);
    request.bucket = *bucket;
    key = path.substr(std::min(slash + 1, path.size()));
    if (request.bucket.empty() && !path.empty())
      return s3_error(S3Code::kInvalidBucketName, "BucketName", std::string());
  }
  std::optional<std::string> decoded = decode_exactly(key, false);
  if (!decoded) return s3_error(S3Code::kInvalidUri);
  request.key = std::move(*decoded);
  if (!request.bucket.empty())
    if (std::optional<S3Error> error = check_names(request.bucket, request.key)) return std::move(*error);
  find_operation(head, request);
  return request;
}

std::variant<store::CopySource, S3Error> read_copy_source(std::string_view value) {
  constexpr std::string_view kName = "x-amz-copy-source";
  if (const std::size_t mark = value.rfind("?versionId="); mark != std::string_view::npos) {
    if (value.substr(mark + 11) != "null") return s3_error(S3Code::kNoSuchVersion);
    value = value.substr(0, mark);
  }
  std::optional<std::string> decoded = decode_exactly(value, false);
  if (!decoded) return invalid_argument("Copy Source must be percent-encoded", kName, value);
  std::string_view text = *decoded;
  if (text.starts_with('/')) text.remove_prefix(1);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size())
    return invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", kName, value);
  store::CopySource source{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  if (std::optional<S3Error> error = check_names(source.bucket, source.key)) return std::move(*error);
  return source;
}

}  // namespace chiliad::objects
