// Which names of models are accepted, before anything is looked up by them.
//
// Thread safety: pure functions.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::serve {

// A name is the key of an object below the models' prefix: 1 to 1024 bytes of UTF-8 without control characters, parts
// separated by '/', none of them empty, "." or "..", none starting with ".chiliad-".
// Errors: kInvalid, with the rule that it breaks.
Result<Done> check_model_name(std::string_view name);

// "%2F" to "/". Errors: kInvalid for a '%' without two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text);

}  // namespace chiliad::serve
