#include "identity/names.h"

#include <algorithm>

#include "aws/arn.h"
#include "base/utf8.h"

namespace chiliad::identity {
namespace {

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool all_words_or(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) { return is_word(c) || others.find(c) != std::string_view::npos; });
}

bool plain_name(std::string_view text) { return all_words_or(text, "+=,.@-"); }
bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' '; });
}
bool path(std::string_view text) { return text.front() == '/' && text.back() == '/' && visible(text); }
bool path_prefix(std::string_view text) { return text.front() == '/' && visible(text); }
bool anything(std::string_view) { return true; }
bool access_key_id(std::string_view text) { return all_words_or(text, ""); }
bool external_id(std::string_view text) { return all_words_or(text, "+=,.@:/-"); }

// Tab, newline, carriage return, and all from a blank up, in UTF-8.
bool printable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.value == kReplacementCharacter && point.bytes == 1) return false;
    if (point.value < 0x20 && point.value != '\t' && point.value != '\n' && point.value != '\r') return false;
    at += point.bytes;
  }
  return true;
}

bool version_id(std::string_view text) {
  return text.size() >= 2 && text[0] == 'v' && text[1] != '0' &&
         std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> name_of(std::string_view arn, std::string_view account, std::string_view kind) {
  const Result<aws::Arn> parsed = aws::parse_arn(arn);
  if (!parsed || parsed->service != "iam" || parsed->account != account || !parsed->region.empty()) {
    return std::nullopt;
  }
  std::string_view rest = parsed->resource;
  if (!rest.starts_with(kind) || rest.substr(kind.size(), 1) != "/") return std::nullopt;
  rest.remove_prefix(rest.rfind('/') + 1);
  if (!fits(kRoleNameForm, rest)) return std::nullopt;
  return std::string(rest);
}

}  // namespace

constexpr Form kUserNameForm{1, 64, "[\\w+=,.@-]+", plain_name};
constexpr Form kRoleNameForm{1, 64, "[\\w+=,.@-]+", plain_name};
constexpr Form kPolicyNameForm{1, 128, "[\\w+=,.@-]+", plain_name};
constexpr Form kPathForm{1, 512, "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", path};
constexpr Form kPathPrefixForm{1, 512, "\\u002F[\\u0021-\\u007F]*", path_prefix};
constexpr Form kArnForm{20, 2048, "arn:...", anything};
constexpr Form kAccessKeyIdForm{16, 128, "[\\w]+", access_key_id};
constexpr Form kAdoptedKeyForm{3, 128, "[\\w]+", access_key_id};
constexpr Form kDocumentForm{1, 131'072, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", printable};
constexpr Form kDescriptionForm{0, 1000, "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*", printable};
constexpr Form kSessionNameForm{2, 64, "[\\w+=,.@-]*", plain_name};
constexpr Form kExternalIdForm{2, 1224, "[\\w+=,.@:\\/-]*", external_id};
constexpr Form kMarkerForm{1, 320, "[\\u0020-\\u00FF]+", visible};
constexpr Form kVersionIdForm{2, 10, "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?", version_id};

bool fits(const Form& form, std::string_view text) {
  return text.size() >= form.least && text.size() <= form.most && (text.empty() || form.fits(text));
}

std::optional<std::string> role_name_of(std::string_view arn, std::string_view account) {
  return name_of(arn, account, "role");
}

std::optional<std::string> user_name_of(std::string_view arn, std::string_view account) {
  return name_of(arn, account, "user");
}

}  // namespace chiliad::identity
