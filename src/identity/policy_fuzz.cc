// Policy documents from anywhere: nothing crashes, decisions end, and a Deny of everything before it wins.
//
// Input: a document, then after a NUL: action, NUL, resource, NUL, a condition's value.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "identity/policy.h"

namespace {

using namespace chiliad;            // NOLINT
using namespace chiliad::identity;  // NOLINT

aws::Caller somebody(std::string_view name) {
  aws::Principal who;
  who.kind = aws::Principal::Kind::kUser;
  who.arn = "arn:aws:iam::123456789012:user/alice";
  who.account = "123456789012";
  who.name = name;
  aws::Caller caller;
  caller.who = std::make_shared<const aws::Principal>(std::move(who));
  caller.source_ip = name;
  return caller;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 4> parts;
  for (std::string_view& part : parts) {
    part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  const auto& [document, action, resource, value] = parts;
  const aws::Caller caller = somebody(value);
  const aws::Condition given[] = {{"sagemaker:TargetModel", value}, {"s3:prefix", value}, {"s3:max-keys", value}};
  const aws::Conditions conditions{std::span<const aws::Condition>(given)};
  const Question question{caller, action, resource, conditions};
  if (const Result<Policy> policy = Policy::parse(document, Policy::Use::kIdentity)) {
    (void)policy->decide(question);
    std::string denied(document);
    // The same document with a Deny of all in front decides nothing but Denied.
    const std::size_t list = denied.find("\"Statement\":[{");
    if (list != std::string::npos) {
      denied.insert(list + 13, R"({"Effect":"Deny","Action":"*","Resource":"*"},)");
      const Result<Policy> with_deny = Policy::parse(denied, Policy::Use::kIdentity);
      if (with_deny) CHILIAD_CHECK(with_deny->decide(question) == aws::Decision::kDenied);
    }
  } else {
    CHILIAD_CHECK(!policy.error().message.empty());
  }
  if (const Result<Policy> policy = Policy::parse(document, Policy::Use::kTrust)) (void)policy->trust(question);
  return 0;
}
