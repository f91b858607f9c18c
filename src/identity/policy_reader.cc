// Policy::parse(): from JSON to statements, every element checked.

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "aws/arn.h"
#include "aws/json.h"
#include "identity/policy.h"

namespace chiliad::identity {

using aws::Json;

class PolicyReader {
 public:
  explicit PolicyReader(Policy::Use use) : use_(use) {}

  Result<Policy> read(const Json& document) {
    if (!document.is_object()) return invalid("the document is no JSON object");
    for (const auto& [name, value] : document.items()) {
      if (name == "Version") {
        if (value != "2012-10-17" && value != "2008-10-17") {
          return invalid("Version must be \"2012-10-17\" or \"2008-10-17\"");
        }
        variables_ = value == "2012-10-17";
      } else if (name == "Id") {
        if (!value.is_string()) return invalid("Id is no text");
      } else if (name != "Statement") {
        return invalid(fmt::format("unknown element '{}'", name.substr(0, 100)));
      }
    }
    const auto found = document.find("Statement");
    if (found == document.end()) return invalid("no Statement");
    Policy policy;
    if (found->is_object()) {
      if (Result<Done> read = add(policy, *found, 1); !read) return std::move(read).error();
    } else if (found->is_array()) {
      std::size_t number = 0;
      for (const Json& statement : *found) {
        if (Result<Done> read = add(policy, statement, ++number); !read) return std::move(read).error();
      }
    }
    if (policy.statements_.empty()) return invalid("Statement holds no statement");
    return policy;
  }

 private:
  using Statement = Policy::Statement;

  Result<Done> add(Policy& policy, const Json& json, std::size_t number) {
    Statement statement;
    if (Result<Done> read = read_statement(json, statement); !read) {
      return std::move(read).error().in(fmt::format("Statement {}", number));
    }
    policy.statements_.push_back(std::move(statement));
    return Done{};
  }

  Result<Done> read_statement(const Json& json, Statement& statement) {
    if (!json.is_object()) return invalid("no JSON object");
    bool effect = false;
    int actions = 0, resources = 0, principals = 0;
    for (const auto& [name, value] : json.items()) {
      Result<Done> read = Done{};
      if (name == "Sid") {
        read = read_sid(value);
      } else if (name == "Effect") {
        if (value != "Allow" && value != "Deny") return invalid("Effect must be \"Allow\" or \"Deny\"");
        statement.deny = value == "Deny";
        effect = true;
      } else if (name == "Action" || name == "NotAction") {
        ++actions;
        statement.not_action = name == "NotAction";
        read = read_actions(name, value, statement);
      } else if (name == "Resource" || name == "NotResource") {
        ++resources;
        statement.not_resource = name == "NotResource";
        read = read_resources(name, value, statement);
      } else if (name == "Principal") {
        ++principals;
        read = read_principals(value, statement.principals);
      } else if (name == "Condition") {
        read = read_conditions(value, statement);
      } else {
        return invalid(fmt::format("unknown or unsupported element '{}'", name.substr(0, 100)));
      }
      if (!read) return std::move(read).error();
    }
    if (!effect) return invalid("no Effect");
    if (actions != 1) return invalid("expected one of Action and NotAction");
    if (use_ == Policy::Use::kTrust) {
      if (resources != 0) return invalid("a trust policy has no Resource");
      if (principals != 1) return invalid("a trust policy needs a Principal");
    } else {
      if (principals != 0) return invalid("a policy of a user, role or session has no Principal");
      if (resources != 1) return invalid("expected one of Resource and NotResource");
    }
    return Done{};
  }

  Result<Done> read_sid(const Json& value) {
    const std::string* sid = value.get_ptr<const std::string*>();
    if (sid == nullptr) return invalid("Sid is no text");
    const bool plain = std::ranges::all_of(
        *sid, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    // Trust policies may have others, as on AWS.
    if (!plain && use_ == Policy::Use::kIdentity) return invalid("Sid must be of [0-9A-Za-z]*");
    if (!sid->empty() && !sids_.insert(*sid).second) {
      return invalid(fmt::format("Sid '{}' comes twice", sid->substr(0, 100)));
    }
    return Done{};
  }

  // The texts of a text or of an array of texts.
  static Result<std::vector<std::string_view>> texts(std::string_view name, const Json& value) {
    std::vector<std::string_view> list;
    const auto add = [&](const Json& item) {
      const std::string* text = item.get_ptr<const std::string*>();
      if (text != nullptr) list.emplace_back(*text);
      return text != nullptr;
    };
    const bool all = value.is_array() ? std::ranges::all_of(value, add) : add(value);
    if (!all) return invalid(fmt::format("{} must be a text or a list of texts", name));
    if (list.empty()) return invalid(fmt::format("{} is empty", name));
    return list;
  }

  Result<Done> read_actions(std::string_view name, const Json& value, Statement& statement) const {
    const Result<std::vector<std::string_view>> list = texts(name, value);
    if (!list) return list.error();
    for (const std::string_view action : *list) {
      const std::size_t colon = action.find(':');
      const bool named = colon != std::string_view::npos && colon > 0 && colon + 1 < action.size() &&
                         action.find(':', colon + 1) == std::string_view::npos &&
                         action.find_first_of(" ${}/\t\n") == std::string_view::npos;
      if (!named && action != "*") {
        return invalid(fmt::format("{} '{}': expected service:Name or *", name, action.substr(0, 100)));
      }
      if (use_ == Policy::Use::kTrust && !Wildcard::of("sts:*").matches_ignoring_case(action)) {
        return invalid(fmt::format("{} '{}': a trust policy is about sts: actions", name, action.substr(0, 100)));
      }
      statement.actions.push_back(Wildcard::of(action));
    }
    return Done{};
  }

  Result<Done> read_resources(std::string_view name, const Json& value, Statement& statement) const {
    const Result<std::vector<std::string_view>> list = texts(name, value);
    if (!list) return list.error();
    for (const std::string_view resource : *list) {
      if (resource != "*" && !resource.starts_with("arn:")) {
        return invalid(fmt::format("{} '{}': expected an ARN or *", name, resource.substr(0, 200)));
      }
      Result<PolicyText> text = PolicyText::parse(resource, {.wildcards = true, .variables = variables_});
      if (!text) return std::move(text).error().in(name);
      statement.resources.push_back(std::move(*text));
    }
    return Done{};
  }

  Result<Done> read_conditions(const Json& value, Statement& statement) const {
    if (!value.is_object()) return invalid("Condition is no JSON object");
    for (const auto& [op, keys] : value.items()) {
      if (!keys.is_object()) return invalid(fmt::format("Condition {} is no JSON object", op.substr(0, 100)));
      for (const auto& [key, values] : keys.items()) {
        Result<Condition> condition = Condition::parse(op, key, values, variables_);
        if (!condition) return std::move(condition).error().in("Condition");
        statement.conditions.push_back(std::move(*condition));
      }
    }
    return Done{};
  }

  static Result<Done> read_principals(const Json& value, Policy::Principals& principals) {
    if (value == "*") {
      principals.anyone = true;
      return Done{};
    }
    if (!value.is_object() || value.empty()) return invalid("Principal must be \"*\" or name AWS or Service");
    for (const auto& [kind, names] : value.items()) {
      const Result<std::vector<std::string_view>> list = texts("Principal", names);
      if (!list) return list.error();
      for (const std::string_view name : *list) {
        if (kind == "AWS") {
          if (Result<Done> added = add_aws_principal(name, principals); !added) return added;
        } else if (kind == "Service") {
          if (!name.ends_with(".amazonaws.com")) {
            return invalid(fmt::format("Principal '{}' is no service: expected x.amazonaws.com", name.substr(0, 100)));
          }
          principals.services.emplace_back(name);
        } else if (kind != "Federated" && kind != "CanonicalUser") {
          return invalid(fmt::format("unknown kind of Principal '{}'", kind.substr(0, 100)));
        }
      }
    }
    return Done{};
  }

  static Result<Done> add_aws_principal(std::string_view name, Policy::Principals& principals) {
    if (name == "*") {
      principals.anyone = true;
      return Done{};
    }
    if (aws::is_account_id(name)) {
      principals.accounts.emplace_back(name);
      return Done{};
    }
    const Result<aws::Arn> arn = aws::parse_arn(name);
    const bool iam = arn && (arn->service == "iam" || arn->service == "sts") && aws::is_account_id(arn->account);
    if (!iam || name.find_first_of("*?") != std::string_view::npos) {
      return invalid(fmt::format("Invalid principal in policy: \"AWS\":\"{}\"", name.substr(0, 200)));
    }
    if (arn->resource == "root") {
      principals.accounts.emplace_back(arn->account);
    } else {
      principals.arns.emplace_back(name);
    }
    return Done{};
  }

  const Policy::Use use_;
  bool variables_ = false;
  std::set<std::string> sids_;
};

Result<Policy> Policy::parse(std::string_view text, Use use) {
  const Result<Json> json =
      aws::parse_json(text, {.max_bytes = kMaxBytes, .max_depth = 10, .max_values = 20'000, .unique_members = true});
  if (!json) return json.error();
  return PolicyReader(use).read(*json);
}

}  // namespace chiliad::identity
