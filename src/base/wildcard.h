// Wildcard: a text with '*' (any bytes, also none) and '?' (one byte), as policies write actions, ARNs and values, and
// runtimes the images that they stand for.
//
// The parts are kept apart from the bytes, so that a value put into a pattern later (a policy variable) is compared
// byte by byte whatever characters it has: a user whose name holds '*' matches nobody else's things.
//
// Matching goes back to the last star only: at most (size of pattern) x (size of text) steps, no recursion.
//
// Thread safety: values.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chiliad {

class Wildcard {
 public:
  Wildcard() = default;
  // '*' and '?' of `pattern` stand for others.
  static Wildcard of(std::string_view pattern);

  void add_bytes(std::string_view bytes);      // As they are.
  void add_pattern(std::string_view pattern);  // With wildcards.
  void add(const Wildcard& other) { parts_ += other.parts_; }

  bool matches(std::string_view text) const;
  // Letters A to Z equal a to z.
  bool matches_ignoring_case(std::string_view text) const;
  // Matches every text.
  bool matches_all() const { return parts_.size() == 1 && parts_[0] == kAny; }

  // The same for six parts of an ARN, each for itself: a star ends at the colon, but in the last part, which may hold
  // colons. A pattern of fewer parts ("*", "arn:aws:s3*") is compared as a whole.
  bool matches_arn(std::string_view arn) const;

 private:
  static constexpr char16_t kAny = 0x100;
  static constexpr char16_t kOne = 0x101;
  using Parts = std::basic_string_view<char16_t>;
  template <bool kFold>
  static bool match(Parts parts, std::string_view text);

  std::basic_string<char16_t> parts_;  // Bytes, kAny and kOne.
};

}  // namespace chiliad
