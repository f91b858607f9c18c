// Numbers as text, both ways, without locale and without allocation where it can be helped.
//
// Written numbers are the shortest that read back to the same bits, in the notation of Python's repr
// (0.1, 1e-05, 1e+16, 358.0), so that files compare equal with those that Python's json writes.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chiliad {

// Appends repr(value). NaN and infinities become "NaN", "Infinity", "-Infinity", as Python's json writes them.
void append_repr(std::string& out, double value);
void append_integer(std::string& out, std::int64_t value);

// Appends `value` as pandas' to_json(double_precision=decimals) writes it, digit for digit: at most `decimals` (0 to
// 15) digits after the point, zeros at the end removed but one kept ("12.5", "3.0", "-0.0" for a negative that rounds
// to nothing); above 1e16 - 1 and below 1e-15 printf's %.<decimals>g. NaN and infinities become "null". Source:
// pandas 2.3, _libs/src/vendored/ujson/lib/ultrajsonenc.c, Buffer_AppendDoubleUnchecked. Cost: about 15 ns.
void append_rounded(std::string& out, double value, int decimals);

// The whole text as a finite number in decimal notation ("-1.5", "2e3", ".5", "7."); nullopt for anything else,
// blanks, "nan", "inf" and hexadecimal included, and for what overflows a double.
std::optional<double> parse_double(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);

}  // namespace chiliad
