// gzip of a text, for the tests of table/, prepare/ and app/ only: made with zlib, so that reading is checked against
// other code than ours.

#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "base/check.h"

namespace chiliad::table {

inline std::string gzip_for_test(std::string_view text) {
  z_stream zlib{};
  CHILIAD_CHECK(::deflateInit2(&zlib, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string zipped(::deflateBound(&zlib, text.size()) + 64, '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib.avail_in = static_cast<uInt>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(zipped.data());
  zlib.avail_out = static_cast<uInt>(zipped.size());
  CHILIAD_CHECK(::deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  zipped.resize(zlib.total_out);
  ::deflateEnd(&zlib);
  return zipped;
}

}  // namespace chiliad::table
