#include "store/s3_connection.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "base/hash.h"
#include "base/number.h"
#include "net/sigv4.h"
#include "store/key.h"
#include "store/s3_xml.h"

namespace chiliad::store {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Clock = std::chrono::steady_clock;

constexpr auto kFirstPause = 100ms;
constexpr auto kLongestPause = 5000ms;

// Half of it is chance ("equal jitter"), so that many clients do not come back at once, nor any of them at once.
Clock::duration pause_before(int attempt) {
  thread_local std::minstd_rand chance(std::random_device{}());
  const auto whole = std::min<std::chrono::microseconds>(kFirstPause * (1 << std::min(attempt, 10)), kLongestPause);
  return whole / 2 +
         std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, whole.count() / 2)(chance));
}

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorCode::kForbidden;
    case 404: return ErrorCode::kNotFound;
    case 409:
    case 412: return ErrorCode::kConflict;
    case 429: return ErrorCode::kUnavailable;
    case 507: return ErrorCode::kNoSpace;
    default: return status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
  }
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_bucket_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 255 && name.front() != '.' && name.find("..") == std::string_view::npos &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") ==
             std::string_view::npos;
}

Error bad_option(const S3Options& options, std::string_view why) {
  return {ErrorCode::kInvalid, "open s3://" + options.bucket + "/" + options.prefix + ": " + std::string(why)};
}

}  // namespace

Result<std::unique_ptr<S3Connection>> S3Connection::open(const S3Options& options, net::Environment environment) {
  if (!options.bucket.empty() && !is_bucket_name(options.bucket))
    return bad_option(options, "bucket: 3 to 255 letters, digits, '.', '-' and '_' are expected");
  if (options.attempts < 1) return bad_option(options, "attempts has to be at least 1");
  const net::AwsConfig config = net::AwsConfig::load(environment);
  std::unique_ptr<S3Connection> made(new S3Connection(options, environment));
  made->region_ = options.region.empty() ? net::aws_region(environment, config) : options.region;
  if (made->region_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos)
    return bad_option(options, "region '" + made->region_ + "': lower-case letters, digits and '-' are expected");
  const std::string endpoint =
      options.endpoint.empty() ? net::aws_endpoint(environment, config, "S3") : options.endpoint;
  // A '.' in the bucket's name does not fit TLS certificates for "*.s3...".
  bool in_path = options.path_style || options.bucket.find('.') != std::string::npos;
  net::Url url;
  if (endpoint.empty()) {
    const std::string domain = made->region_.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
    url.tls = true;
    url.host = "s3." + made->region_ + domain;
  } else {
    Result<net::Url> given = net::parse_url(endpoint);
    if (!given) return bad_option(options, "endpoint: " + given.error().message);
    url = std::move(*given);
    in_path = in_path || net::is_address(url.host);
  }
  if (!in_path && !options.bucket.empty()) url.host = options.bucket + "." + url.host;
  made->host_ = url.authority();
  made->origin_ = url.origin();
  made->base_path_ =
      net::percent_encode(url.path, true) + (in_path && !options.bucket.empty() ? "/" + options.bucket : "");
  return made;
}

S3Connection::S3Connection(const S3Options& options, net::Environment environment)
    : credentials_(std::move(environment)),
      location_("s3://" + options.bucket + (options.prefix.empty() ? "" : "/" + options.prefix)),
      attempts_(options.attempts) {
  if (location_.ends_with('/')) location_.pop_back();
}

Error S3Connection::about(std::string_view key, Error error) const {
  return about_key(location_, key, std::move(error));
}

S3Connection::Failure S3Connection::failure_of(const net::ClientResponse& response) const {
  const S3Error told = parse_s3_error(response.body);
  const int status = response.status;
  Failure failure{{code_of_status(status), ""}, false, false, false, 0s};
  failure.error.message = "status " + std::to_string(status);
  if (!told.code.empty()) failure.error.message += " " + told.code + ": " + told.message;
  std::string region(response.field("x-amz-bucket-region"));
  if (region.empty()) region = told.region;
  if ((status == 301 || status == 307 || status == 400) && !region.empty() && region != region_)
    failure.error.message += "; the bucket is in region " + region + ", not " + region_;
  if (is_one_of(told.code, {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})) {
    failure.error.code = ErrorCode::kForbidden;
    failure.credentials_ended = true;
  }
  // versitygw says the latter, with 404, where S3 says the former.
  if (is_one_of(told.code, {"InvalidAccessKeyId", "XAdminUserNotFound"})) failure.error.code = ErrorCode::kForbidden;
  // Refused before anything was done: also what must not happen twice may be sent again.
  failure.surely_no_effect = status == 429 || status == 503 || failure.credentials_ended;
  failure.may_pass = status == 429 || status == 500 || status == 502 || status == 503 || status == 504 ||
                     failure.credentials_ended || is_one_of(told.code, {"RequestTimeout", "SlowDown", "InternalError"});
  if (failure.may_pass && !failure.credentials_ended) failure.error.code = ErrorCode::kUnavailable;
  if (const auto wanted = parse_integer(response.field("retry-after")); wanted && *wanted > 0)
    failure.wanted_pause = std::chrono::seconds(std::min<std::int64_t>(*wanted, 30));
  return failure;
}

Result<net::ClientResponse> S3Connection::try_once(const S3Request& request, Deadline deadline, Failure* failure) {
  const Result<net::Credentials> credentials = credentials_.get(deadline);
  if (!credentials) {
    *failure = {credentials.error(), credentials.error().code == ErrorCode::kUnavailable, true, false, 0s};
    return credentials.error();
  }
  const std::string path = base_path_ + "/" + net::percent_encode(request.key, true);
  net::ClientRequest message;
  message.method = request.method;
  message.url = origin_ + path + (request.query.empty() ? "" : "?" + request.query);
  message.fields = request.fields;
  message.body = request.body;
  message.max_body_bytes = request.max_body_bytes;
  message.may_repeat = request.retry == RetryRule::kAlways;
  message.fields.emplace_back("Host", host_);
  const net::sigv4::Scope scope{std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()), region_,
                                "s3"};
  net::sigv4::sign(*credentials, scope, request.method, path, request.query, hex(sha256(request.body)), message.fields);
  bool surely_not_sent = false;
  Result<net::ClientResponse> response = client_.send(message, deadline, &surely_not_sent);
  if (!response) {
    *failure = {response.error(), response.error().code == ErrorCode::kUnavailable, surely_not_sent, false, 0s};
    return response;
  }
  // CompleteMultipartUpload and CopyObject may begin with 200 and end as an <Error>.
  if (response->status == request.expected_status && response->status >= 300) return response;
  const bool is_error = response->status >= 300 || (request.method == "POST" && response->body.size() < 64 << 10 &&
                                                    !parse_s3_error(response->body).code.empty());
  if (!is_error) return response;
  if (response->status < 300) response->status = 500;
  *failure = failure_of(*response);
  if (failure->credentials_ended) credentials_.forget(*credentials);
  return failure->error;
}

Result<net::ClientResponse> S3Connection::send(const S3Request& request, Deadline deadline) {
  for (int attempt = 1;; ++attempt) {
    Failure failure{{ErrorCode::kUnavailable, ""}, false, false, false, 0s};
    Result<net::ClientResponse> response = try_once(request, deadline, &failure);
    if (response) return response;
    const bool again = failure.may_pass && (request.retry == RetryRule::kAlways || failure.surely_no_effect);
    if (!again || attempt >= attempts_) {
      if (attempt > 1) failure.error.message += " (after " + std::to_string(attempt) + " attempts)";
      return std::move(failure.error);
    }
    const auto pause = std::max<Clock::duration>(pause_before(attempt - 1), failure.wanted_pause);
    if (Clock::now() + pause >= deadline) {
      failure.error.code = ErrorCode::kDeadline;
      failure.error.message += "; the time is used up after " + std::to_string(attempt) + " attempts";
      return std::move(failure.error);
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace chiliad::store
