// A store in a bucket of S3, or of a server that speaks its protocol. doc/object_store.md says which requests are sent.
//
// Large files go in parts, several at a time: an upload as S3's multipart upload, a download as ranges that all name
// the first one's ETag (If-Match), so that an object which is replaced meanwhile is noticed and begun again.

#include "store/s3.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <thread>

#include "base/hash.h"
#include "base/mutex.h"
#include "base/number.h"
#include "store/folder_file.h"
#include "store/key.h"
#include "store/object_store.h"
#include "store/s3_connection.h"
#include "store/s3_xml.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""s;

constexpr std::uint64_t kMostInMemory = std::uint64_t{1} << 30;
constexpr std::uint64_t kLeastPart = std::uint64_t{5} << 20;
constexpr std::uint64_t kMostParts = 10'000;
constexpr std::size_t kPartsAtATime = 4;
constexpr int kMostRestarts = 3;
constexpr auto kPatienceForAbort = 2s;

ObjectInfo info_of(std::string_view key, const net::ClientResponse& response, std::uint64_t size) {
  std::optional<Instant> modified = net::parse_http_date(response.field("last-modified"));
  if (!modified) modified = net::parse_http_date(response.field("date"));
  return {std::string(key), size, modified.value_or(Instant()), without_quotes(response.field("etag"))};
}

// "bytes 0-99/1234": the first byte and the whole size.
struct ContentRange {
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto offset = parse_integer(text.substr(0, dash));
  const auto total = parse_integer(text.substr(slash + 1));
  if (!offset || !total || *offset < 0 || *total < 0) return std::nullopt;
  return ContentRange{static_cast<std::uint64_t>(*offset), static_cast<std::uint64_t>(*total)};
}

std::string range_field(std::uint64_t offset, std::uint64_t length) {
  const bool open = length > kMostInMemory || length > UINT64_MAX - offset;
  return "bytes=" + std::to_string(offset) + "-" + (open ? "" : std::to_string(offset + length - 1));
}

// A 404 whose reason is not just the missing key: kNotFound for the bucket; else kConflict.
Error no_such(const net::ClientResponse& response) {
  const S3Error told = parse_s3_error(response.body);
  if (told.code != "NoSuchBucket") return {ErrorCode::kConflict, ""};
  return {ErrorCode::kNotFound, "NoSuchBucket: " + told.message};
}

// The ETag that S3 gives an object put together of these parts: MD5 of their MD5s. Empty when they are no MD5s.
std::string etag_of_parts(const std::vector<std::string>& etags) {
  std::string digests;
  for (const std::string& quoted : etags) {
    const std::string etag = without_quotes(quoted);
    if (etag.size() != 32) return "";
    for (std::size_t i = 0; i < etag.size(); i += 2) {
      const std::string byte = net::percent_decode(std::string("%").append(etag, i, 2));
      if (byte.size() != 1) return "";
      digests += byte;
    }
  }
  return hex(md5(digests)) + "-" + std::to_string(etags.size());
}

// Runs work(0) ... work(count - 1) on a few threads; no new one begins after a failure, and the first failure is
// returned.
Result<Done> in_parallel(std::size_t count, const std::function<Result<Done>(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  Mutex mutex;
  Result<Done> outcome = Done{};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      Result<Done> done = work(i);
      if (done) continue;
      next = count;
      MutexLock lock(mutex);
      if (outcome) outcome = std::move(done);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(count, kPartsAtATime); ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  return outcome;
}

// `length` bytes at `offset`. Errors: kUnavailable when the file is shorter by now.
Result<std::string> read_part(const FileDescriptor& file, const fs::path& path, std::uint64_t offset,
                              std::uint64_t length) {
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) return Error{ErrorCode::kUnavailable, "read " + path.string() + ": cut shorter meanwhile"};
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

class S3Store final : public ObjectStore {
 public:
  S3Store(std::unique_ptr<S3Connection> connection, const S3Options& options)
      : connection_(std::move(connection)), prefix_(options.prefix), part_bytes_(options.part_bytes) {}

  std::string location() const override { return connection_->location(); }
  Result<std::string> get(std::string_view key, const ByteRange& range, Deadline deadline) override;
  Result<ObjectInfo> put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                         Deadline deadline) override;
  Result<ObjectInfo> download(std::string_view key, const fs::path& to, Deadline deadline) override;
  Result<ObjectInfo> upload(const fs::path& from, std::string_view key, Deadline deadline) override;
  Result<ObjectInfo> head(std::string_view key, Deadline deadline) override;
  Result<Done> remove(std::string_view key, Deadline deadline) override;
  Result<ListPage> list(const ListRequest& request, Deadline deadline) override;
  Result<Done> sync() override { return Done{}; }

 private:
  Error past_end(std::string_view key) const {
    return connection_->about(key, {ErrorCode::kInvalid, "the offset is past its end"});
  }
  // One request about `key`, errors worded.
  Result<net::ClientResponse> send(std::string_view key, S3Request request, Deadline deadline);
  Result<net::ClientResponse> get_part(std::string_view key, std::uint64_t offset, std::uint64_t length,
                                       const std::string& etag, Deadline deadline);
  Result<ObjectInfo> download_once(std::string_view key, const fs::path& to, Deadline deadline);
  Result<Done> download_rest(std::string_view key, const ObjectInfo& info, const fs::path& temporary,
                             Deadline deadline);
  Result<ObjectInfo> upload_parts(std::string_view key, const FileDescriptor& file, const fs::path& from,
                                  std::uint64_t size, Deadline deadline);
  Result<ObjectInfo> complete(std::string_view key, const std::string& id, const std::vector<std::string>& etags,
                              std::uint64_t size, Deadline deadline);

  const std::unique_ptr<S3Connection> connection_;
  const std::string prefix_;
  const std::uint64_t part_bytes_;
};

Result<net::ClientResponse> S3Store::send(std::string_view key, S3Request request, Deadline deadline) {
  Result<Done> good = check_key(key, location());
  if (!good) return std::move(good).error();
  request.key = prefix_ + std::string(key);
  Result<net::ClientResponse> response = connection_->send(request, deadline);
  if (!response) return connection_->about(key, std::move(response).error());
  return response;
}

Result<std::string> S3Store::get(std::string_view key, const ByteRange& range, Deadline deadline) {
  if (range.length == 0) {  // HTTP cannot ask for nothing.
    const Result<ObjectInfo> info = head(key, deadline);
    if (!info) return info.error();
    if (range.offset > 0 && range.offset >= info->size_bytes) return past_end(key);
    return std::string();
  }
  const bool whole = range.offset == 0 && range.length == UINT64_MAX;
  S3Request request{.method = "GET", .max_body_bytes = std::min(range.length, kMostInMemory)};
  if (!whole) request.fields = {{"Range", range_field(range.offset, range.length)}};
  // An error's text, or a server that sends the whole object, needs room too.
  request.max_body_bytes = std::max<std::uint64_t>(request.max_body_bytes, 1 << 20);
  request.expected_status = 416;
  Result<net::ClientResponse> response = send(key, std::move(request), deadline);
  if (!response) return std::move(response).error();
  if (response->status == 416 && range.offset == 0)
    return std::string();  // Of an empty object no byte can be asked for.
  if (response->status == 416) return past_end(key);
  if (whole || response->status == 206) {
    const auto sent = parse_content_range(response->field("content-range"));
    if (!whole && (!sent || sent->offset != range.offset || response->body.size() > range.length))
      return connection_->about(key, {ErrorCode::kUnavailable, "the server sent another range than asked for"});
    return std::move(response->body);
  }
  if (range.offset > 0 && range.offset >= response->body.size()) return past_end(key);
  return response->body.substr(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length));
}

Result<ObjectInfo> S3Store::put(std::string_view key, std::string_view bytes, const PutCondition& condition,
                                Deadline deadline) {
  S3Request request{.method = "PUT", .body = bytes};
  if (condition.only_if_absent) request.fields.emplace_back("If-None-Match", "*");
  if (condition.only_if_etag) request.fields.emplace_back("If-Match", "\"" + *condition.only_if_etag + "\"");
  // A first try that did take effect would make the second one's condition fail.
  if (!request.fields.empty()) request.retry = RetryRule::kOnlyIfRefused;
  if (condition.only_if_etag) request.expected_status = 404;
  const Result<net::ClientResponse> response = send(key, std::move(request), deadline);
  if (!response) return response.error();
  if (response->status == 404) {
    if (const Error error = no_such(*response); error.code == ErrorCode::kNotFound)
      return connection_->about(key, error);
    return connection_->about(key, {ErrorCode::kConflict, "there is no such object, but an ETag was expected"});
  }
  return info_of(key, *response, bytes.size());
}

Result<ObjectInfo> S3Store::head(std::string_view key, Deadline deadline) {
  const Result<net::ClientResponse> response = send(key, {.method = "HEAD"}, deadline);
  if (!response) return response.error();
  const auto size = parse_integer(response->field("content-length"));
  if (!size || *size < 0)
    return connection_->about(key, {ErrorCode::kUnavailable, "the server does not say how long it is"});
  return info_of(key, *response, static_cast<std::uint64_t>(*size));
}

Result<Done> S3Store::remove(std::string_view key, Deadline deadline) {
  const Result<net::ClientResponse> response = send(key, {.method = "DELETE", .expected_status = 404}, deadline);
  if (!response) return response.error();
  if (const Error error = no_such(*response); response->status == 404 && error.code == ErrorCode::kNotFound)
    return connection_->about(key, error);
  return Done{};
}

Result<net::ClientResponse> S3Store::get_part(std::string_view key, std::uint64_t offset, std::uint64_t length,
                                              const std::string& etag, Deadline deadline) {
  S3Request request{.method = "GET", .fields = {{"Range", range_field(offset, length)}}};
  if (offset == 0) request.expected_status = 416;
  request.max_body_bytes = std::max<std::uint64_t>(length, 1 << 20);
  if (!etag.empty()) request.fields.emplace_back("If-Match", "\"" + etag + "\"");
  Result<net::ClientResponse> response = send(key, std::move(request), deadline);
  if (!response || response->status == 416) return response;
  const auto sent = parse_content_range(response->field("content-range"));
  const bool right = response->status == 206 && sent && sent->offset == offset && sent->total > offset &&
                     response->body.size() == std::min(length, sent->total - offset);
  if (!right) return connection_->about(key, {ErrorCode::kUnavailable, "the server sent another range than asked for"});
  return response;
}

Result<Done> S3Store::download_rest(std::string_view key, const ObjectInfo& info, const fs::path& temporary,
                                    Deadline deadline) {
  const std::uint64_t rest = info.size_bytes - std::min(info.size_bytes, part_bytes_);
  const auto parts = static_cast<std::size_t>((rest + part_bytes_ - 1) / part_bytes_);
  return in_parallel(parts, [&](std::size_t i) -> Result<Done> {
    const std::uint64_t offset = part_bytes_ * (i + 1);
    const std::uint64_t length = std::min(part_bytes_, info.size_bytes - offset);
    const Result<net::ClientResponse> part = get_part(key, offset, length, info.etag, deadline);
    if (!part) return part.error();
    if (part->body.size() != length)
      return connection_->about(key, {ErrorCode::kUnavailable, "the server sent a part cut short"});
    const Result<FileDescriptor> file = open_file(temporary, O_WRONLY);
    if (!file) return file.error();
    if (::lseek(file->get(), static_cast<off_t>(offset), SEEK_SET) < 0) return system_error("seek", temporary, errno);
    return write_all(*file, part->body, temporary);
  });
}

Result<ObjectInfo> S3Store::download_once(std::string_view key, const fs::path& to, Deadline deadline) {
  const Result<net::ClientResponse> first = get_part(key, 0, part_bytes_, "", deadline);
  ObjectInfo info;
  std::string_view bytes;
  if (!first) return first.error();
  if (first->status == 416) {  // Of an empty object no byte can be asked for.
    const Result<ObjectInfo> empty = head(key, deadline);
    if (!empty) return empty.error();
    if (empty->size_bytes > 0) return Error{ErrorCode::kConflict, "replaced meanwhile"};
    info = *empty;
  } else {
    info = info_of(key, *first, parse_content_range(first->field("content-range"))->total);
    bytes = first->body;
    if (info.etag.empty() && info.size_bytes > bytes.size())
      return connection_->about(key, {ErrorCode::kUnavailable, "no ETag: parts might be of two versions"});
  }
  const fs::path above = to.has_parent_path() ? to.parent_path() : fs::path(".");
  const Result<FileDescriptor> folder = open_file(above, O_PATH | O_DIRECTORY);
  if (!folder) return connection_->about(key, folder.error());
  Result<TemporaryFile> temporary = TemporaryFile::make(*folder, to);
  if (!temporary) return connection_->about(key, std::move(temporary).error());
  Result<Done> written = write_all(temporary->file(), bytes, to);
  if (!written) return connection_->about(key, std::move(written).error());
  Result<Done> rest = download_rest(key, info, above / temporary->name(), deadline);
  if (!rest) return std::move(rest).error();
  if (::renameat(folder->get(), temporary->name().c_str(), folder->get(), to.filename().c_str()) != 0)
    return connection_->about(key, system_error("rename", to, errno));
  temporary->keep();
  return info;
}

Result<ObjectInfo> S3Store::download(std::string_view key, const fs::path& to, Deadline deadline) {
  for (int attempt = 1;; ++attempt) {
    Result<ObjectInfo> info = download_once(key, to, deadline);
    if (info || info.error().code != ErrorCode::kConflict) return info;
    // Replaced between two parts.
    if (attempt == kMostRestarts)
      return connection_->about(key, {ErrorCode::kUnavailable, "replaced again and again while it was read"});
  }
}

Result<ObjectInfo> S3Store::upload(const fs::path& from, std::string_view key, Deadline deadline) {
  Result<Done> good = check_key(key, location());
  if (!good) return std::move(good).error();
  const Result<FileDescriptor> file = open_file(from, O_RDONLY);
  if (!file) return connection_->about(key, file.error());
  struct stat info {};
  if (::fstat(file->get(), &info) != 0) return connection_->about(key, system_error("stat", from, errno));
  if (S_ISDIR(info.st_mode)) return connection_->about(key, system_error("read", from, EISDIR));
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > part_bytes_) return upload_parts(key, *file, from, size, deadline);
  const Result<std::string> bytes = read_part(*file, from, 0, size);
  if (!bytes) return connection_->about(key, bytes.error());
  return put(key, *bytes, {}, deadline);
}

Result<ObjectInfo> S3Store::upload_parts(std::string_view key, const FileDescriptor& file, const fs::path& from,
                                         std::uint64_t size, Deadline deadline) {
  const std::uint64_t part_bytes = std::max(part_bytes_, (size + kMostParts - 1) / kMostParts);
  // Not tried again when the answer is lost: a second upload would stay behind.
  const Result<net::ClientResponse> begun =
      send(key, {.method = "POST", .query = "uploads=", .retry = RetryRule::kOnlyIfRefused}, deadline);
  if (!begun) return begun.error();
  const Result<std::string> id = parse_upload_id(begun->body);
  if (!id) return connection_->about(key, id.error());
  const std::string upload = "uploadId=" + net::percent_encode(*id);
  std::vector<std::string> etags(static_cast<std::size_t>((size + part_bytes - 1) / part_bytes));
  Result<Done> sent = in_parallel(etags.size(), [&](std::size_t i) -> Result<Done> {
    const std::uint64_t offset = part_bytes * i;
    const Result<std::string> bytes = read_part(file, from, offset, std::min(part_bytes, size - offset));
    if (!bytes) return connection_->about(key, bytes.error());
    const std::string query = "partNumber=" + std::to_string(i + 1) + "&" + upload;
    const Result<net::ClientResponse> part = send(key, {.method = "PUT", .query = query, .body = *bytes}, deadline);
    if (!part) return part.error();
    etags[i] = part->field("etag");
    if (etags[i].empty()) return connection_->about(key, {ErrorCode::kUnavailable, "a part without an ETag"});
    return Done{};
  });
  Result<ObjectInfo> info = sent ? complete(key, upload, etags, size, deadline) : Result<ObjectInfo>(sent.error());
  if (!info) {
    // Also when the time is used up: parts that stay cost money until somebody finds them.
    const Deadline patience = std::max(deadline, std::chrono::steady_clock::now() + kPatienceForAbort);
    const Result<net::ClientResponse> aborted =
        send(key, {.method = "DELETE", .query = upload},
             std::min(patience, std::chrono::steady_clock::now() + kPatienceForAbort));
    if (!aborted && aborted.error().code != ErrorCode::kNotFound) {
      Error error = std::move(info).error();
      error.message += "; and its parts may be left behind: " + aborted.error().message;
      return error;
    }
  }
  return info;
}

Result<ObjectInfo> S3Store::complete(std::string_view key, const std::string& upload,
                                     const std::vector<std::string>& etags, std::uint64_t size, Deadline deadline) {
  const std::string body = complete_xml(etags);
  const Result<net::ClientResponse> done =
      send(key, {.method = "POST", .query = upload, .fields = {{"Content-Type", "application/xml"}}, .body = body},
           deadline);
  if (done) {
    const Result<std::string> etag = parse_completed(done->body);
    if (!etag) return connection_->about(key, etag.error());
    ObjectInfo info = info_of(key, *done, size);
    info.etag = *etag;
    return info;
  }
  // A try whose answer was lost may have completed it: then there is no such upload any more, but the object.
  if (done.error().code == ErrorCode::kNotFound) {
    Result<ObjectInfo> info = head(key, deadline);
    if (info && info->size_bytes == size && info->etag == etag_of_parts(etags)) return info;
  }
  return done.error();
}

Result<ListPage> S3Store::list(const ListRequest& request, Deadline deadline) {
  if (request.max_keys < 1 || request.max_keys > 1000)
    return connection_->about("", {ErrorCode::kInvalid, "list: max_keys has to be 1 to 1000"});
  std::string query = "list-type=2&encoding-type=url&max-keys=" + std::to_string(request.max_keys) +
                      "&prefix=" + net::percent_encode(prefix_ + request.prefix);
  if (!request.delimiter.empty()) query += "&delimiter=" + net::percent_encode(request.delimiter);
  if (!request.token.empty()) query += "&continuation-token=" + net::percent_encode(request.token);
  if (!request.start_after.empty()) query += "&start-after=" + net::percent_encode(prefix_ + request.start_after);
  const Result<net::ClientResponse> response =
      connection_->send({.method = "GET", .query = query, .max_body_bytes = kMostListBytes}, deadline);
  if (!response) return connection_->about("", response.error()).in("list");
  Result<ListPage> page = parse_list(response->body);
  if (!page) return connection_->about("", page.error()).in("list");
  ListPage own;
  own.next_token = std::move(page->next_token);
  for (ObjectInfo& object : page->objects) {
    if (!object.key.starts_with(prefix_)) continue;
    object.key.erase(0, prefix_.size());
    if (wrong_with_key(object.key).empty()) {
      own.objects.push_back(std::move(object));
    } else if (!own.left_out && !object.key.empty() && !object.key.ends_with('/')) {
      own.left_out = std::move(object.key);
    }
  }
  for (std::string& group : page->prefixes) {
    if (!group.starts_with(prefix_)) continue;
    group.erase(0, prefix_.size());
    const std::size_t slash = group.rfind('/');
    if (slash == std::string::npos || wrong_with_key(std::string_view(group).substr(0, slash)).empty())
      own.prefixes.push_back(std::move(group));
  }
  return own;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_s3(S3Options options) {
  return open_s3(std::move(options), net::process_environment());
}

Result<std::unique_ptr<ObjectStore>> open_s3(S3Options options, net::Environment environment) {
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorCode::kInvalid, "open s3://" + options.bucket + "/" + options.prefix + ": " + std::string(why)};
  };
  // As buckets of long ago may be named, too.
  const bool plain = std::ranges::all_of(options.bucket, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_';
  });
  if (!plain || options.bucket.size() < 3 || options.bucket.size() > 255)
    return refuse("bucket: 3 to 255 letters, digits, '.', '-' and '_' are expected");
  if (!options.prefix.empty()) {
    if (!options.prefix.ends_with('/')) return refuse("prefix has to end in '/'");
    const std::string_view wrong =
        wrong_with_key(std::string_view(options.prefix).substr(0, options.prefix.size() - 1));
    if (!wrong.empty()) return refuse("prefix: " + std::string(wrong));
  }
  if (options.part_bytes < kLeastPart || options.part_bytes > kMostInMemory)
    return refuse("part_bytes has to be 5 MiB to 1 GiB");
  Result<std::unique_ptr<S3Connection>> connection = S3Connection::open(options, std::move(environment));
  if (!connection) return std::move(connection).error();
  return std::unique_ptr<ObjectStore>(std::make_unique<S3Store>(std::move(*connection), options));
}

}  // namespace chiliad::store
