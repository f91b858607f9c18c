#include "objects/error.h"

#include <algorithm>
#include <array>

#include "aws/xml.h"
#include "base/check.h"
#include "net/uri.h"

namespace chiliad::objects {
namespace {

struct Row {
  S3Code code;
  int status;
  std::string_view name;
  std::string_view message;
};

using enum S3Code;

constexpr Row kTable[] = {
    {kAccessDenied, 403, "AccessDenied", "Access Denied"},
    {kAclNotSupported, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs"},
    {kBadDigest, 400, "BadDigest", "The Content-MD5 you specified did not match what we received."},
    {kBucketAlreadyExists, 409, "BucketAlreadyExists",
     "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please "
     "select a different name and try again."},
    {kBucketAlreadyOwnedByYou, 409, "BucketAlreadyOwnedByYou",
     "Your previous request to create the named bucket succeeded and you already own it."},
    {kBucketNotEmpty, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty"},
    {kConditionalRequestConflict, 409, "ConditionalRequestConflict",
     "The conditional request cannot succeed due to a conflicting operation against this resource."},
    {kEntityTooLarge, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"},
    {kEntityTooSmall, 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"},
    {kIllegalLocationConstraint, 400, "IllegalLocationConstraintException",
     "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."},
    {kIncompleteBody, 400, "IncompleteBody",
     "You did not provide the number of bytes specified by the Content-Length HTTP header"},
    {kInternalError, 500, "InternalError", "We encountered an internal error. Please try again."},
    {kInvalidArgument, 400, "InvalidArgument", "Invalid Argument"},
    {kInvalidBucketName, 400, "InvalidBucketName", "The specified bucket is not valid."},
    {kInvalidDigest, 400, "InvalidDigest", "The Content-MD5 you specified was invalid."},
    {kInvalidLocationConstraint, 400, "InvalidLocationConstraint", "The specified location-constraint is not valid"},
    {kInvalidPart, 400, "InvalidPart",
     "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
     "entity tag may not match the part's entity tag."},
    {kInvalidPartNumber, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable"},
    {kInvalidPartOrder, 400, "InvalidPartOrder",
     "The list of parts was not in ascending order. Parts must be ordered by part number."},
    {kInvalidRange, 416, "InvalidRange", "The requested range is not satisfiable"},
    {kInvalidRequest, 400, "InvalidRequest", "Invalid Request"},
    {kInvalidStorageClass, 400, "InvalidStorageClass", "The storage class you specified is not valid"},
    {kInvalidTag, 400, "InvalidTag", "The tag provided was not a valid tag."},
    {kInvalidUri, 400, "InvalidURI", "Couldn't parse the specified URI."},
    {kKeyTooLong, 400, "KeyTooLongError", "Your key is too long"},
    {kMalformedXml, 400, "MalformedXML",
     "The XML you provided was not well-formed or did not validate against our published schema"},
    {kMetadataTooLarge, 400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"},
    {kMethodNotAllowed, 405, "MethodNotAllowed", "The specified method is not allowed against this resource."},
    {kMissingContentLength, 411, "MissingContentLength", "You must provide the Content-Length HTTP header."},
    {kNoSuchBucket, 404, "NoSuchBucket", "The specified bucket does not exist"},
    {kNoSuchBucketPolicy, 404, "NoSuchBucketPolicy", "The bucket policy does not exist"},
    {kNoSuchConfiguration, 404, "NoSuchConfiguration", "The specified configuration does not exist."},
    {kNoSuchCors, 404, "NoSuchCORSConfiguration", "The CORS configuration does not exist"},
    {kNoSuchKey, 404, "NoSuchKey", "The specified key does not exist."},
    {kNoSuchLifecycle, 404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"},
    {kNoSuchPublicAccessBlock, 404, "NoSuchPublicAccessBlockConfiguration",
     "The public access block configuration was not found"},
    {kNoSuchReplication, 404, "ReplicationConfigurationNotFoundError", "The replication configuration was not found"},
    {kNoSuchTagSet, 404, "NoSuchTagSet", "The TagSet does not exist"},
    {kNoSuchUpload, 404, "NoSuchUpload",
     "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
     "completed."},
    {kNoSuchVersion, 404, "NoSuchVersion", "The specified version does not exist."},
    {kNoSuchWebsite, 404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"},
    {kNoEncryption, 404, "ServerSideEncryptionConfigurationNotFoundError",
     "The server side encryption configuration was not found"},
    {kNoObjectLock, 404, "ObjectLockConfigurationNotFoundError",
     "Object Lock configuration does not exist for this bucket"},
    {kNotImplemented, 501, "NotImplemented", "A header you provided implies functionality that is not implemented"},
    {kNotModified, 304, "NotModified", "Not Modified"},
    {kPreconditionFailed, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"},
    {kServiceUnavailable, 503, "ServiceUnavailable", "Service is unable to handle request."},
    {kSlowDown, 503, "SlowDown", "Please reduce your request rate."},
    {kContentSha256Mismatch, 400, "XAmzContentSHA256Mismatch",
     "The provided 'x-amz-content-sha256' header does not match what was computed."},
    {kTooManyBuckets, 400, "TooManyBuckets", "You have attempted to create more buckets than allowed"},
};

const Row& row_of(S3Code code) {
  const auto* row = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& r) { return r.code == code; });
  CHILIAD_CHECK(row != std::end(kTable));
  return *row;
}

}  // namespace

S3Error s3_error(S3Code code, std::string message) {
  const Row& row = row_of(code);
  return {row.status, std::string(row.name), message.empty() ? std::string(row.message) : std::move(message)};
}

S3Error s3_error(S3Code code, std::string_view detail_name, std::string detail) {
  S3Error error = s3_error(code);
  error.details.emplace_back(detail_name, std::move(detail));
  return error;
}

S3Error invalid_argument(std::string message, std::string_view name, std::string_view value) {
  S3Error error = s3_error(S3Code::kInvalidArgument, std::move(message));
  error.details.emplace_back("ArgumentName", std::string(name));
  error.details.emplace_back("ArgumentValue", std::string(value.substr(0, 1024)));
  return error;
}

S3Error from_api_error(const aws::ApiError& error) { return {error.status, error.code, error.message}; }

S3Error from_refusal(const net::sigv4::Refusal& refusal) {
  return {refusal.status, std::string(refusal.code), refusal.message};
}

std::string error_xml(const S3Error& error, std::string_view path, std::string_view request_id) {
  aws::XmlWriter xml;
  xml.open("Error").text("Code", error.code).text("Message", error.message);
  for (const auto& [name, value] : error.details) xml.text(name, value);
  xml.text("Resource", net::percent_decode(path)).text("RequestId", request_id).close();
  return std::move(xml).take();
}

void answer_error(const S3Error& error, const net::HttpRequest& request, std::string_view request_id,
                  net::HttpResponse& response) {
  response.status = error.status;
  response.body.clear();
  if (error.status == 304) {
    response.content_type = {};
    return;
  }
  response.content_type = "application/xml";
  if (request.method() != "HEAD") response.body = error_xml(error, request.path(), request_id);
}

}  // namespace chiliad::objects
