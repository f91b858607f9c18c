// Buckets as things: listed, made, looked at, taken away; many of their objects deleted at a time.

#include <algorithm>

#include "objects/conditions.h"
#include "objects/operations.h"
#include "objects/xml_body.h"

namespace chiliad::objects {
namespace {

constexpr std::string_view kAnyBucket = {};

// What came of one key of a batch.
struct Deletion {
  const DeleteEntry& entry;
  std::optional<S3Error> error;
};

// Asks, and sorts out what the store is not asked for.
std::vector<Deletion> check_entries(const Context& context, const DeleteBody& body) {
  std::vector<Deletion> deletions;
  deletions.reserve(body.objects.size());
  for (const DeleteEntry& entry : body.objects) {
    Deletion deletion{entry, allow(context, "s3:DeleteObject", context.request.bucket, entry.key)};
    if (!deletion.error && !entry.version_id.empty() && entry.version_id != "null")
      deletion.error = s3_error(S3Code::kNoSuchVersion);
    deletions.push_back(std::move(deletion));
  }
  return deletions;
}

Refused delete_entries(const Context& context, std::vector<Deletion>& deletions) {
  const std::string& bucket = context.request.bucket;
  std::vector<std::string> keys;
  std::vector<Deletion*> of_keys;
  for (Deletion& deletion : deletions) {
    if (deletion.error) continue;
    if (deletion.entry.etag) {
      const store::Outcome<Done> removed = context.store().remove(bucket, deletion.entry.key, deletion.entry.etag);
      if (!removed) deletion.error = from_failure(removed.failure(), bucket, deletion.entry.key);
      continue;
    }
    keys.push_back(deletion.entry.key);
    of_keys.push_back(&deletion);
  }
  // Also without keys: the bucket must be there.
  const auto removed = context.store().remove_many(bucket, keys);
  if (!removed) return from_failure(removed.failure(), context.request);
  for (std::size_t i = 0; i < of_keys.size(); ++i)
    if (const store::Outcome<Done>& one = (*removed)[i]; !one)
      of_keys[i]->error = from_failure(one.failure(), bucket, keys[i]);
  return std::nullopt;
}

std::string quiet_region(const Installation& here) { return here.region == "us-east-1" ? std::string() : here.region; }

}  // namespace

Refused list_buckets(const Context& context) {
  if (Refused refused = allow(context, "s3:ListAllMyBuckets", kAnyBucket)) return refused;
  const auto most = read_count(context.query("max-buckets"), "max-buckets", 10'000, 10'000);
  if (const auto* error = std::get_if<S3Error>(&most)) return *error;
  const int count = std::get<int>(most);
  const auto listed = context.store().list_buckets(context.query("prefix"), context.query("continuation-token"), count);
  if (!listed) return from_failure(listed.failure());
  const bool is_paged = context.request.query.has("max-buckets");
  aws::XmlWriter xml;
  xml.open("ListAllMyBucketsResult", kS3Namespace);
  write_owner(xml, "Owner", context.here);
  xml.open("Buckets");
  for (const store::BucketInfo& bucket : *listed) {
    xml.open("Bucket").text("Name", bucket.name).text("CreationDate", iso_date(bucket.created));
    if (is_paged) xml.text("BucketRegion", context.here.region);
    xml.close();
  }
  xml.close();
  if (const std::string_view prefix = context.query("prefix"); !prefix.empty()) xml.text("Prefix", prefix);
  if (is_paged && !listed->empty() && listed->size() == static_cast<std::size_t>(count))
    xml.text("ContinuationToken", listed->back().name);
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

Refused create_bucket(const Context& context) {
  const std::string& bucket = context.request.bucket;
  const auto given = read_location_constraint(context.body);
  if (const auto* error = std::get_if<S3Error>(&given)) return *error;
  const std::string location = std::get<std::string>(given) == "EU" ? "eu-west-1" : std::get<std::string>(given);
  std::vector<aws::Condition> conditions;
  if (!location.empty()) conditions.push_back({"s3:locationconstraint", location});
  if (Refused refused = allow(context, "s3:CreateBucket", bucket, {}, std::span<const aws::Condition>(conditions)))
    return refused;
  if (context.http.field("x-amz-bucket-object-lock-enabled") == "true")
    return s3_error(S3Code::kNotImplemented, "Header", "x-amz-bucket-object-lock-enabled");
  // As S3: the first region has no name here, all others must be named.
  if (location == "us-east-1") return s3_error(S3Code::kInvalidLocationConstraint, "LocationConstraint", location);
  if (location != quiet_region(context.here)) {
    if (location.empty()) return s3_error(S3Code::kIllegalLocationConstraint);
    return s3_error(S3Code::kIllegalLocationConstraint,
                    "The " + location +
                        " location constraint is incompatible for the region specific endpoint this request was sent "
                        "to.");
  }
  const store::Outcome<Done> made = context.store().create_bucket(bucket);
  if (!made) {
    // In its first region S3 says yes again, elsewhere no.
    const bool is_again = made.failure().refusal == store::Refusal::kBucketAlreadyOwnedByYou;
    if (!is_again || !quiet_region(context.here).empty()) return from_failure(made.failure(), context.request);
  }
  context.response.content_type = {};
  context.response.add_field("Location", "/" + bucket);
  return std::nullopt;
}

Refused head_bucket(const Context& context) {
  if (Refused refused = allow(context, "s3:ListBucket", context.request.bucket)) return refused;
  const auto found = context.store().head_bucket(context.request.bucket);
  if (!found) return from_failure(found.failure(), context.request);
  context.response.content_type = "application/xml";
  context.response.add_field("x-amz-bucket-region", context.here.region);
  context.response.add_field("x-amz-access-point-alias", "false");
  return std::nullopt;
}

Refused delete_bucket(const Context& context) {
  if (Refused refused = allow(context, "s3:DeleteBucket", context.request.bucket)) return refused;
  const auto deleted = context.store().delete_bucket(context.request.bucket);
  if (!deleted) return from_failure(deleted.failure(), context.request);
  answer_nothing(context.response);
  return std::nullopt;
}

Refused delete_objects(const Context& context) {
  if (!context.body_is_checked)
    return s3_error(S3Code::kInvalidRequest, "Missing required header for this request: Content-MD5");
  const auto read = read_delete(context.body);
  if (const auto* error = std::get_if<S3Error>(&read)) return *error;
  const DeleteBody& body = std::get<DeleteBody>(read);
  std::vector<Deletion> deletions = check_entries(context, body);
  const bool none_allowed = std::all_of(deletions.begin(), deletions.end(),
                                        [](const Deletion& each) { return each.error && each.error->status == 403; });
  if (!none_allowed)  // Who may delete nothing does not learn whether the bucket is there.
    if (Refused refused = delete_entries(context, deletions)) return refused;
  aws::XmlWriter xml;
  xml.open("DeleteResult", kS3Namespace);
  for (const Deletion& deletion : deletions) {
    if (deletion.error) {
      xml.open("Error").text("Key", deletion.entry.key);
      if (!deletion.entry.version_id.empty()) xml.text("VersionId", deletion.entry.version_id);
      xml.text("Code", deletion.error->code).text("Message", deletion.error->message).close();
    } else if (!body.quiet) {
      xml.open("Deleted").text("Key", deletion.entry.key).close();
    }
  }
  xml.close();
  answer_xml(context.response, std::move(xml).take());
  return std::nullopt;
}

// Ownership is enforced, as with every new bucket of S3: the owner has everything, and nobody else is granted anything.
Refused put_acl(const Context& context) {
  const Request& request = context.request;
  const bool is_object = !request.key.empty();
  if (Refused refused = allow(context, is_object ? "s3:PutObjectAcl" : "s3:PutBucketAcl", request.bucket, request.key))
    return refused;
  if (is_object) {
    const auto found = context.store().head(request.bucket, request.key);
    if (!found) return about_missing_key(context, found.failure());
  } else if (const auto found = context.store().head_bucket(request.bucket); !found) {
    return from_failure(found.failure(), request);
  }
  if (!context.body.empty() || context.http.field("x-amz-acl").empty()) return s3_error(S3Code::kAclNotSupported);
  context.response.content_type = {};  // The canned ones that grant nothing passed check_write_fields().
  return std::nullopt;
}

void write_owner(aws::XmlWriter& xml, std::string_view element, const Installation& here) {
  xml.open(element).text("ID", here.owner_id).text("DisplayName", here.account).close();
}

std::string acl_xml(const Installation& here) {
  aws::XmlWriter xml;
  xml.open("AccessControlPolicy", kS3Namespace);
  write_owner(xml, "Owner", here);
  xml.open("AccessControlList").open("Grant");
  xml.raw("<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>" +
          here.owner_id + "</ID><DisplayName>" + here.account + "</DisplayName></Grantee>");
  xml.text("Permission", "FULL_CONTROL").close().close().close();
  return std::move(xml).take();
}

}  // namespace chiliad::objects
