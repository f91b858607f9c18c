// One bucket's door: signs a request, sends it, tries again where that is right, and turns what comes back into errors.
//
// Tried again, with growing random pauses and never past the deadline: answers 500, 502, 503, 504, 429 and S3's
// SlowDown, RequestTimeout and InternalError; connections that failed. A request that may take effect twice
// (RetryRule::kOnlyIfRefused) is sent again only if the first try surely had none.
//
// Source: Amazon S3 API reference, "Error responses"; AWS Architecture Blog, "Exponential backoff and jitter".
//
// Thread safety: safe from any thread.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/credentials.h"
#include "net/http_client.h"
#include "net/uri.h"
#include "store/object_store.h"

namespace chiliad::store {

// Of an answer that lists: 1,000 keys of 1,024 bytes, escaped, take less.
inline constexpr std::uint64_t kMostListBytes = 16 << 20;

enum class RetryRule { kAlways, kOnlyIfRefused };

struct S3Request {
  std::string method;
  std::string key = {};         // With the store's prefix; empty: the bucket.
  std::string query = {};       // Escaped.
  net::HttpFields fields = {};  // Host is added.
  std::string_view body = {};   // Outlives the call.
  std::uint64_t max_body_bytes = 1 << 20;
  RetryRule retry = RetryRule::kAlways;
  int expected_status = 200;  // An answer besides 2xx that the caller knows what to do with.
};

class S3Connection {
 public:
  // Without a bucket: the service itself, for listing buckets. Errors: kInvalid, with the option to blame.
  static Result<std::unique_ptr<S3Connection>> open(const S3Options& options, net::Environment environment);

  // The answer, if its status is 2xx or the one expected. Errors: kNotFound (404), kForbidden (401, 403), kConflict
  // (409, 412), kInvalid (416 and all other 4xx; a bucket in another region, with its name), kUnavailable, kDeadline,
  // kTooLarge, kNoSpace.
  Result<net::ClientResponse> send(const S3Request& request, Deadline deadline);

  // As the error of `key` would be worded: "s3://bucket/prefix: key 'a': ...".
  Error about(std::string_view key, Error error) const;
  const std::string& location() const { return location_; }
  const std::string& region() const { return region_; }
  // "https://bucket.s3.eu-west-1.amazonaws.com", with the path that goes before keys.
  std::string address() const { return origin_ + base_path_; }

 private:
  S3Connection(const S3Options& options, net::Environment environment);

  struct Failure {
    Error error;
    bool may_pass = false;          // A further try makes sense ...
    bool surely_no_effect = false;  // ... also for what must not happen twice.
    bool credentials_ended = false;
    std::chrono::seconds wanted_pause{0};
  };
  // One try. Sets *failure if the answer is none to be content with.
  Result<net::ClientResponse> try_once(const S3Request& request, Deadline deadline, Failure* failure);
  Failure failure_of(const net::ClientResponse& response) const;

  net::HttpClient client_;
  net::CredentialSource credentials_;
  std::string location_;
  std::string region_;
  std::string origin_;  // "https://bucket.s3.eu-west-1.amazonaws.com"
  std::string host_;
  std::string base_path_;  // "", or "/base/bucket".
  int attempts_;
};

}  // namespace chiliad::store
