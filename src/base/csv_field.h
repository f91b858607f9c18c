// Text as a field of a CSV line, as RFC 4180 has it: put in quotes where a comma, a quote or the end of a line is in
// it, a quote in it written twice.
//
// Reading CSV is table/'s, which keeps more than one field of a line in mind; every writer of lines comes here.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

namespace chiliad {

// Appends `text`, in quotes only where they are needed.
void append_csv_field(std::string& out, std::string_view text);

// Appends `text` in quotes, whatever is in it.
void append_quoted_csv_field(std::string& out, std::string_view text);

}  // namespace chiliad
