// The operations of the S3 face, one function each; service.cc calls them. See context.h for how they end.
//
// Source: Amazon S3 API reference, the page of each name. Thread safety: functions over a Context of their own.

#pragma once

#include "aws/xml.h"
#include "objects/context.h"
#include "objects/incoming_body.h"
#include "objects/write_fields.h"

namespace chiliad::objects {

// bucket_operations.cc
Refused list_buckets(const Context& context);
Refused create_bucket(const Context& context);
Refused head_bucket(const Context& context);
Refused delete_bucket(const Context& context);
Refused delete_objects(const Context& context);
Refused put_acl(const Context& context);  // Of a bucket or an object.

// bucket_configuration.cc
Refused get_bucket_configuration(const Context& context);
Refused put_bucket_configuration(const Context& context);
Refused delete_bucket_configuration(const Context& context);

// list_operations.cc
Refused list_objects(const Context& context);     // Version 1,
Refused list_objects_v2(const Context& context);  // version 2.
Refused list_multipart_uploads(const Context& context);
Refused list_parts(const Context& context);

// read_operations.cc
Refused get_object(const Context& context);  // And HeadObject.
Refused get_object_attributes(const Context& context);
Refused get_object_acl(const Context& context);
Refused get_object_tagging(const Context& context);

// write_operations.cc
// Looks at the head of PutObject and UploadPart and makes the body's sink; the caller may write there.
std::variant<std::unique_ptr<IncomingBody>, S3Error> begin_upload(const Context& context,
                                                                  const aws::Signature& signature);
// The options that finish it, once body.end() said yes.
std::variant<store::PutOptions, S3Error> upload_options(const Request& request, const net::HttpRequest& http,
                                                        const IncomingBody& body);
// The answer to what finish() said. `had_checksum`: the request came with one.
Refused answer_upload(const Request& request, const net::HttpRequest& http, bool had_checksum,
                      const store::Outcome<store::ObjectMeta>& outcome, net::HttpResponse& response);
Refused delete_object(const Context& context);
Refused put_object_tagging(const Context& context);
Refused delete_object_tagging(const Context& context);

// copy_operations.cc
Refused copy_object(const Context& context);
Refused upload_part_copy(const Context& context);

// multipart_operations.cc
Refused create_multipart_upload(const Context& context);
Refused complete_multipart_upload(const Context& context);
Refused abort_multipart_upload(const Context& context);

// Pieces of answers that several of them write.
void write_owner(aws::XmlWriter& xml, std::string_view element, const Installation& here);
std::string acl_xml(const Installation& here);
// ChecksumCRC32 and so on, with ChecksumType.
void write_checksum(aws::XmlWriter& xml, const std::optional<store::StoredChecksum>& checksum, bool with_type);

}  // namespace chiliad::objects
