// A customer's id <-> the name of its files: "<name>.csv" after split, "<name>.tar.gz" after training.
//
// Ids come from data and are hostile: "../../etc/passwd", "a/b", "", a NUL, 1,000 bytes, "CON". A name
//   1. is one path component that no shell, URL, option parser or archive tool reads as anything else: letters, digits,
//      '_', and, but for the first byte, '-' and '.' stand for themselves; every other byte is %XX (upper-case hex);
//   2. stays below the 255 bytes of a file name with any suffix up to 15 bytes: longer ones become their first bytes
//      and "~" and the SHA-256 of the id in hex;
//   3. is injective: two ids never share a name, given SHA-256. It is not made for file systems that fold case.
// The empty id is "%". doc/csv.md shows examples.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::prepare {

// The longest name encode_customer_id() gives.
inline constexpr std::size_t kMaxCustomerName = 240;

// A file in a folder of series that lists "name,customer_id" (CSV with a header) for each name that promise 2
// shortened; absent where there is none. Written by split.
inline constexpr std::string_view kLongIdIndex = ".long-ids.csv";

std::string encode_customer_id(std::string_view id);

// Whether the name is the hashed form of promise 2, which decode_customer_id() cannot turn back.
bool is_hashed_customer_name(std::string_view name);

// The id of a name that encode_customer_id() gave.
// Errors: kInvalid: not such a name. kNotFound: a hashed one; the index file of its folder has the id.
Result<std::string> decode_customer_id(std::string_view name);

}  // namespace chiliad::prepare
