// What an operation of the S3 face is given, and how it ends.
//
// An operation fills Context::response and returns nothing, or returns why not; service.cc writes refusals. Before it
// touches a bucket or an object it asks allow() for just that one.
//
// Thread safety: a Context belongs to the thread that runs the operation.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/caller.h"
#include "net/http_message.h"
#include "objects/error.h"
#include "objects/request.h"
#include "store/bucket_store.h"

namespace chiliad::objects {

inline constexpr std::string_view kS3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

// What is the same for all requests.
struct Installation {
  std::shared_ptr<store::BucketStore> store;
  std::string region;
  std::string account;
  std::string owner_id;  // The account's canonical user id: 64 hex digits.
};

using Refused = std::optional<S3Error>;

struct Context {
  const Installation& here;
  const aws::Caller& caller;
  const net::HttpRequest& http;
  const Request& request;
  std::string_view body;         // Of requests with XML.
  bool body_is_checked = false;  // It came with Content-MD5 or a checksum, and they fit.
  net::HttpResponse& response;

  store::BucketStore& store() const { return *here.store; }
  std::string_view query(std::string_view name) const { return request.query.text(name); }
};

// None: the caller may do it. Errors: AccessDenied in AWS's words.
Refused allow(const Context& context, std::string_view action, std::string_view bucket, std::string_view key = {},
              const aws::Conditions& conditions = {});
// S3 tells of a missing key only whom may list the bucket; to others it is AccessDenied. `failure` as an error.
S3Error about_missing_key(const Context& context, const store::Failure& failure);

// A failure of the store in S3's words, with the bucket or key it is about.
S3Error from_failure(const store::Failure& failure, std::string_view bucket = {}, std::string_view key = {});
S3Error from_failure(const store::Failure& failure, const Request& request);

// The answer's body, as application/xml.
void answer_xml(net::HttpResponse& response, std::string xml);
// 204, no body.
void answer_nothing(net::HttpResponse& response);

// "\"etag\"".
std::string in_quotes(std::string_view etag);
// An integer parameter between 0 and 2^31-1, at most `most`. Errors: InvalidArgument in S3's words.
std::variant<int, S3Error> read_count(std::string_view text, std::string_view name, int fallback, int most);

}  // namespace chiliad::objects
