// Headers and tags of stored objects: checked when they come in, and as the bytes of a column.
//
// The column: name NUL value NUL, pair after pair; no name or value has a NUL.
//
// Thread safety: pure functions.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "store/stored_object.h"

namespace chiliad::store {

// The headers that an object keeps beside its user metadata (ObjectMeta::headers).
inline constexpr std::array<std::string_view, 7> kContentHeaders = {"content-type",
                                                                    "content-encoding",
                                                                    "content-language",
                                                                    "content-disposition",
                                                                    "cache-control",
                                                                    "expires",
                                                                    "x-amz-website-redirect-location"};

std::string pack_pairs(const Pairs& pairs);
// None when it is not what pack_pairs() writes.
std::optional<Pairs> unpack_pairs(std::string_view bytes);

// Only the headers of ObjectMeta::headers, each once; user metadata up to 2 KB (names without their prefix).
// Errors: kInvalidArgument, kMetadataTooLarge.
Outcome<Done> check_headers(const Pairs& headers);

// S3's rules for the tags of an object: at most 10, keys once each, 1 to 128 characters, values up to 256.
// Errors: kInvalidTag.
Outcome<Done> check_tags(const Pairs& tags);

}  // namespace chiliad::store
