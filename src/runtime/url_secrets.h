// What of URLs is nobody's business but a package index's: user and password, a query, a part of the path that looks
// like a token ("https://index/Ab3dEf6hIj9kLm2n/simple": some indexes have no other way to be told who asks).
//
// A token cannot be told from a name for sure. A part of a path counts as one when it has 16 characters or more and
// goes from one kind of them (small letter, capital, digit) to another at least five times, as random text does and
// "python3.11-mirror-2024" does not. Who has a token that looks like words puts it in front of an '@'.
//
// Thread safety: pure functions.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chiliad::runtime {

// Of a value with any number of URLs, between blanks or commas, also without a scheme (proxies). Longest first.
std::vector<std::string> secrets_of(std::string_view value);

// The line with "****" in each place of a secret. Those of fewer than four characters stay: they are in any line.
std::string without_secrets(std::string_view line, std::span<const std::string> secrets);

}  // namespace chiliad::runtime
