// LastLines: the end of what a program printed, for the sentence that says why it failed.
//
// Thread safety: one thread at a time.

#pragma once

#include <string>
#include <string_view>

namespace chiliad::container {

class LastLines {
 public:
  static constexpr std::size_t kMaxBytes = 600;  // FailureReason holds 1,024 characters in all.

  void add(std::string_view bytes);

  // The last whole lines that fit, empty ones left out, joined by " | "; of a last line that does not fit, its end.
  // Control characters are blanks, what is no UTF-8 is U+FFFD's business of whoever shows it.
  std::string text() const;

 private:
  std::string kept_;
};

}  // namespace chiliad::container
