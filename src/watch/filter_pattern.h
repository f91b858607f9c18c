// FilterPattern: which lines FilterLogEvents gives: words that a line must hold, may hold, must not hold.
//
//   ERROR timeout           both words, anywhere in the line
//   "model 8.tar.gz"        the text between the quotes; \" and \\ stand for themselves
//   ERROR -retry            the first and not the second
//   ?ERROR ?WARN            one of them; such words count only when they are alone
//
// Capital and small letters differ. Patterns over JSON ({...}), columns ([...]) and regular expressions (%...%) are
// refused.
//
// Source: CloudWatch Logs, "Filter pattern syntax", unstructured log events. Thread safety: immutable.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chiliad::watch {

class FilterPattern {
 public:
  // Empty: every line. Errors: kInvalid: what is wrong and how to write it; kTooLarge: over 1,024 bytes.
  static Result<FilterPattern> parse(std::string_view text);

  bool matches(std::string_view line) const;

 private:
  std::vector<std::string> all_;
  std::vector<std::string> any_;
  std::vector<std::string> none_;
};

}  // namespace chiliad::watch
