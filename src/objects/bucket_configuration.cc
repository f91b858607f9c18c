// What S3 answers about a bucket's configuration.
//
// A table: an answer that says "nothing", or the error that says "none". Encryption is the exception: S3 encrypts every
// bucket today and says so; this server does not, so it answers as S3 did before it did.
//
// Tagging, encryption and the public access block are kept as documents of the store (doc/s3.md) and have no effect. An
// empty document is a public access block that was taken away: every bucket begins with one.

#include <algorithm>

#include "objects/operations.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

struct Configuration {
  std::string_view sub_resource;
  std::string_view action;
  std::string_view xml;           // The document; empty: an error.
  std::optional<S3Code> missing;  // Which.
};

#define CHILIAD_S3 " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

const Configuration kConfigurations[] = {
    {"versioning", "s3:GetBucketVersioning", "<VersioningConfiguration" CHILIAD_S3 "/>", {}},
    {"policy", "s3:GetBucketPolicy", "", S3Code::kNoSuchBucketPolicy},
    {"policyStatus", "s3:GetBucketPolicyStatus", "", S3Code::kNoSuchBucketPolicy},
    {"encryption", "s3:GetEncryptionConfiguration", "", S3Code::kNoEncryption},
    {"tagging", "s3:GetBucketTagging", "", S3Code::kNoSuchTagSet},
    {"lifecycle", "s3:GetLifecycleConfiguration", "", S3Code::kNoSuchLifecycle},
    {"cors", "s3:GetBucketCORS", "", S3Code::kNoSuchCors},
    {"website", "s3:GetBucketWebsite", "", S3Code::kNoSuchWebsite},
    {"logging", "s3:GetBucketLogging", "<BucketLoggingStatus" CHILIAD_S3 "/>", {}},
    {"notification", "s3:GetBucketNotification", "<NotificationConfiguration" CHILIAD_S3 "/>", {}},
    {"replication", "s3:GetReplicationConfiguration", "", S3Code::kNoSuchReplication},
    {"accelerate", "s3:GetAccelerateConfiguration", "<AccelerateConfiguration" CHILIAD_S3 "/>", {}},
    {"object-lock", "s3:GetBucketObjectLockConfiguration", "", S3Code::kNoObjectLock},
    {"requestPayment",
     "s3:GetBucketRequestPayment",
     "<RequestPaymentConfiguration" CHILIAD_S3 "><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
     {}},
    {"publicAccessBlock",
     "s3:GetBucketPublicAccessBlock",
     "<PublicAccessBlockConfiguration" CHILIAD_S3
     "><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true"
     "</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
     {}},
    {"ownershipControls",
     "s3:GetBucketOwnershipControls",
     "<OwnershipControls" CHILIAD_S3
     "><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
     {}},
    {"inventory",
     "s3:GetInventoryConfiguration",
     "<ListInventoryConfigurationsResult" CHILIAD_S3
     "><IsTruncated>false</IsTruncated></ListInventoryConfigurationsResult>",
     {}},
    {"analytics",
     "s3:GetAnalyticsConfiguration",
     "<ListBucketAnalyticsConfigurationResult" CHILIAD_S3
     "><IsTruncated>false</IsTruncated></ListBucketAnalyticsConfigurationResult>",
     {}},
    {"metrics",
     "s3:GetMetricsConfiguration",
     "<ListMetricsConfigurationsResult" CHILIAD_S3
     "><IsTruncated>false</IsTruncated></ListMetricsConfigurationsResult>",
     {}},
    {"intelligent-tiering",
     "s3:GetIntelligentTieringConfiguration",
     "<ListBucketIntelligentTieringConfigurationsResult" CHILIAD_S3
     "><IsTruncated>false</IsTruncated></ListBucketIntelligentTieringConfigurationsResult>",
     {}},
};

#undef CHILIAD_S3

// What is kept: the permission to set it and to take it away, and what is kept of a body.
struct Kept {
  std::string_view sub_resource;
  std::string_view action;
  std::variant<std::string, S3Error> (*rewrite)(std::string_view xml);
};

constexpr Kept kKept[] = {
    {"tagging", "s3:PutBucketTagging", rewrite_bucket_tagging},
    {"encryption", "s3:PutEncryptionConfiguration", rewrite_bucket_encryption},
    {"publicAccessBlock", "s3:PutBucketPublicAccessBlock", rewrite_public_access_block},
};

const Kept* kept_of(std::string_view sub_resource) {
  const auto* row = std::find_if(std::begin(kKept), std::end(kKept),
                                 [&](const Kept& each) { return each.sub_resource == sub_resource; });
  return row == std::end(kKept) ? nullptr : row;
}

// The permission to take one away, which S3 names after the one to set it.
std::string_view deleting_action(std::string_view sub_resource) {
  if (const Kept* kept = kept_of(sub_resource)) return kept->action;
  if (sub_resource == "policy") return "s3:DeleteBucketPolicy";
  if (sub_resource == "website") return "s3:DeleteBucketWebsite";
  if (sub_resource == "lifecycle") return "s3:PutLifecycleConfiguration";
  if (sub_resource == "cors") return "s3:PutBucketCORS";
  return "s3:PutReplicationConfiguration";
}

Refused check_bucket(const Context& context, std::string_view action) {
  if (Refused refused = allow(context, action, context.request.bucket)) return refused;
  const auto found = context.store().head_bucket(context.request.bucket);
  if (!found) return from_failure(found.failure(), context.request);
  return std::nullopt;
}

}  // namespace

Refused get_bucket_configuration(const Context& context) {
  const std::string_view asked = context.request.sub_resource;
  if (asked == "location") {
    if (Refused refused = check_bucket(context, "s3:GetBucketLocation")) return refused;
    aws::XmlWriter xml;
    xml.open("LocationConstraint", kS3Namespace);
    if (context.here.region != "us-east-1") {  // The text itself stands in the root.
      std::string text;
      aws::append_xml_text(text, context.here.region);
      xml.raw(text);
    }
    xml.close();
    answer_xml(context.response, std::move(xml).take());
    return std::nullopt;
  }
  if (asked == "acl") {
    if (Refused refused = check_bucket(context, "s3:GetBucketAcl")) return refused;
    answer_xml(context.response, acl_xml(context.here));
    return std::nullopt;
  }
  const auto* row = std::find_if(std::begin(kConfigurations), std::end(kConfigurations),
                                 [&](const Configuration& each) { return each.sub_resource == asked; });
  if (row == std::end(kConfigurations)) return s3_error(S3Code::kNotImplemented);
  if (Refused refused = check_bucket(context, row->action)) return refused;
  if (kept_of(asked) != nullptr) {
    const store::Outcome<std::string> kept = context.store().bucket_document(context.request.bucket, asked);
    if (kept && kept->empty()) return s3_error(S3Code::kNoSuchPublicAccessBlock, "BucketName", context.request.bucket);
    if (kept) {
      answer_xml(context.response, *kept);
      return std::nullopt;
    }
    if (kept.failure().refusal != store::Refusal::kNoSuchDocument) return from_failure(kept.failure(), context.request);
  }
  if (row->missing) return s3_error(*row->missing, "BucketName", context.request.bucket);
  if (context.request.query.has("id")) return s3_error(S3Code::kNoSuchConfiguration);
  answer_xml(context.response, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + std::string(row->xml));
  return std::nullopt;
}

Refused put_bucket_configuration(const Context& context) {
  const Kept& kept = *kept_of(context.request.sub_resource);
  if (Refused refused = check_bucket(context, kept.action)) return refused;
  const auto text = kept.rewrite(context.body);
  if (const auto* error = std::get_if<S3Error>(&text)) return *error;
  const store::Outcome<Done> put =
      context.store().put_bucket_document(context.request.bucket, kept.sub_resource, std::get<std::string>(text));
  if (!put) return from_failure(put.failure(), context.request);
  context.response.content_type = {};
  if (kept.sub_resource == "tagging") answer_nothing(context.response);  // Alone of the three.
  return std::nullopt;
}

Refused delete_bucket_configuration(const Context& context) {
  const std::string_view asked = context.request.sub_resource;
  if (Refused refused = check_bucket(context, deleting_action(asked))) return refused;
  if (kept_of(asked) != nullptr) {
    const store::Outcome<Done> gone = asked == "publicAccessBlock"
                                          ? context.store().put_bucket_document(context.request.bucket, asked, "")
                                          : context.store().delete_bucket_document(context.request.bucket, asked);
    if (!gone) return from_failure(gone.failure(), context.request);
  }
  answer_nothing(context.response);
  return std::nullopt;
}

}  // namespace chiliad::objects
