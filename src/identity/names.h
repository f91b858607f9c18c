// The forms of IAM's names: lengths and patterns of the service model.
//
// Source: the service models of IAM (2010-05-08) and STS (2011-06-15). Thread safety: pure functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chiliad::identity {

// A form that a member must have, in the words of the error that it gets otherwise.
struct Form {
  std::size_t least;
  std::size_t most;
  std::string_view pattern;        // As the model writes it.
  bool (*fits)(std::string_view);  // The characters; lengths are compared before.
};

extern const Form kUserNameForm;     // [\w+=,.@-]+, 64
extern const Form kRoleNameForm;     // [\w+=,.@-]+, 64
extern const Form kPolicyNameForm;   // [\w+=,.@-]+, 128
extern const Form kPathForm;         // (/)|(/[!-~]+/), 512
extern const Form kPathPrefixForm;   // /[!-~]*
extern const Form kArnForm;          // 20 to 2048
extern const Form kAccessKeyIdForm;  // \w+, 16 to 128
extern const Form kAdoptedKeyForm;   // \w+, 3 to 128: other makers of S3 give shorter ids
extern const Form kDocumentForm;     // 1 to 131072 characters
extern const Form kDescriptionForm;  // 0 to 1000
extern const Form kSessionNameForm;  // [\w+=,.@-]*, 2 to 64
extern const Form kExternalIdForm;   // [\w+=,.@:/-]*, 2 to 1224
extern const Form kMarkerForm;       // [ -\xFF]+
extern const Form kVersionIdForm;    // v[1-9][0-9]*

bool fits(const Form& form, std::string_view text);
inline bool is_session_name(std::string_view text) { return fits(kSessionNameForm, text); }
inline bool is_adopted_key_id(std::string_view text) { return fits(kAdoptedKeyForm, text); }

// "r" of "arn:aws:iam::<account>:role/p/r"; none for all else.
std::optional<std::string> role_name_of(std::string_view arn, std::string_view account);
// The same of a user's ARN.
std::optional<std::string> user_name_of(std::string_view arn, std::string_view account);

}  // namespace chiliad::identity
