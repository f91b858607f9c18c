// Conditional reads (If-Match and its relatives) and byte ranges of GetObject, HeadObject and CopyObject.
//
//   If-Match, If-Unmodified-Since        412 unless the object is (one of) the given, or unchanged since then
//   If-None-Match, If-Modified-Since     304 if it is; a copy says 412
//
// Rules, as S3 has them: an ETag condition that is given overrides the date beside it; dates count whole seconds; a
// date that is none is passed over. A range that is malformed, or several of them, mean the whole object.
//
// Source: RFC 9110, sections 13.2.2 and 14; Amazon S3, GetObject and CopyObject. Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "net/http_message.h"
#include "objects/error.h"
#include "store/stored_object.h"

namespace chiliad::objects {

// The conditions in the fields "If-Match", ... or, with a prefix, "x-amz-copy-source-if-match", ...
store::ReadCondition read_conditions(const net::HttpRequest& request, std::string_view prefix = {});
// Checks them against an object that is read. None: go on. Errors: NotModified (304), PreconditionFailed (412).
std::optional<S3Error> check_conditions(const store::ReadCondition& condition, const store::ObjectMeta& meta);

// "\"a\", W/\"b\", c" is {a, b, c}.
std::vector<std::string> read_etags(std::string_view list);

struct Span {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const Span&) const = default;
};

// The range of an object of `size` bytes. std::monostate: all of it (no range, or none that counts).
// Errors: InvalidRange.
std::variant<std::monostate, Span, S3Error> read_range(std::string_view field, std::uint64_t size);
// x-amz-copy-source-range: "bytes=first-last", both given and inside. Errors: InvalidArgument, InvalidRange.
std::variant<Span, S3Error> read_copy_range(std::string_view field, std::uint64_t size);

// "Wed, 21 Oct 2015 07:28:00 GMT", the fraction of a second cut.
std::string http_date(Instant instant);
// "2015-10-21T07:28:00.000Z".
std::string iso_date(Instant instant);

}  // namespace chiliad::objects
