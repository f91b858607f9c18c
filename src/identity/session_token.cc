#include "identity/session_token.h"

#include <cstdint>
#include <span>

#include "aws/json.h"
#include "base/hash.h"

namespace chiliad::identity {
namespace {

// Longer than any that seal_session() makes; a request's head has 16 KiB.
constexpr std::size_t kMaxTokenBytes = 14'000;

std::optional<std::chrono::sys_seconds> time_member(const aws::Json& json, std::string_view name) {
  const std::optional<std::int64_t> seconds = aws::integer_member(json, name);
  if (!seconds) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(*seconds));
}

}  // namespace

std::string seal_session(const SealKey& key, std::string_view access_key_id, const Session& session) {
  aws::Json json = {{"i", session.identity_id},
                    {"s", session.secret_access_key},
                    {"t", session.issued.time_since_epoch().count()},
                    {"e", session.expires.time_since_epoch().count()}};
  if (!session.name.empty()) json["n"] = session.name;
  if (!session.policy.empty()) json["p"] = session.policy;
  if (!session.policy_arns.empty()) json["a"] = session.policy_arns;
  if (session.is_held) json["h"] = true;
  const std::string sealed = seal(key, aws::json_text(json), access_key_id);
  return base64(std::span(reinterpret_cast<const std::uint8_t*>(sealed.data()), sealed.size()));
}

std::optional<Session> unseal_session(const SealKey& key, std::string_view access_key_id, std::string_view token) {
  if (token.size() > kMaxTokenBytes) return std::nullopt;
  const std::optional<std::string> sealed = unbase64(token);
  if (!sealed) return std::nullopt;
  const std::optional<std::string> text = unseal(key, *sealed, access_key_id);
  if (!text) return std::nullopt;
  const Result<aws::Json> json = aws::parse_json(*text);
  if (!json) return std::nullopt;
  const std::string* id = aws::string_member(*json, "i");
  const std::string* secret = aws::string_member(*json, "s");
  const auto issued = time_member(*json, "t");
  const auto expires = time_member(*json, "e");
  if (id == nullptr || secret == nullptr || !issued || !expires) return std::nullopt;
  Session session{*id, {}, *secret, *issued, *expires, {}, {}, json->contains("h")};
  if (const std::string* name = aws::string_member(*json, "n")) session.name = *name;
  if (const std::string* policy = aws::string_member(*json, "p")) session.policy = *policy;
  if (const aws::Json* arns = aws::member(*json, "a"); arns != nullptr && arns->is_array()) {
    for (const aws::Json& arn : *arns) {
      if (const std::string* arn_text = arn.get_ptr<const std::string*>()) session.policy_arns.push_back(*arn_text);
    }
  }
  return session;
}

}  // namespace chiliad::identity
