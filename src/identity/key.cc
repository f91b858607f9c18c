#include <array>
#include <utility>

#include "base/mutex.h"
#include "identity/directory.h"

namespace chiliad::identity {

struct Key::Signing {
  struct Made {
    std::string scope;  // "20150830/us-east-1/s3"
    std::shared_ptr<const net::sigv4::SigningKey> key;
  };
  Mutex mutex;
  std::array<Made, 8> made CHILIAD_GUARDED_BY(mutex);
  std::size_t next CHILIAD_GUARDED_BY(mutex) = 0;
};

Key::Key(std::string access_key_id, std::string secret_access_key, std::shared_ptr<const aws::Principal> who,
         std::shared_ptr<const aws::Authorizer> authorizer)
    : access_key_id_(std::move(access_key_id)),
      secret_access_key_(std::move(secret_access_key)),
      who_(std::move(who)),
      authorizer_(std::move(authorizer)),
      signing_(std::make_unique<Signing>()) {}

Key::~Key() = default;

std::shared_ptr<const net::sigv4::SigningKey> Key::signing_key(std::string_view day, std::string_view region,
                                                               std::string_view service) const {
  std::string scope;
  scope.reserve(day.size() + region.size() + service.size() + 2);
  scope.append(day).append(1, '/').append(region).append(1, '/').append(service);
  {
    const MutexLock lock(signing_->mutex);
    for (const Signing::Made& made : signing_->made) {
      if (made.key && made.scope == scope) return made.key;
    }
  }
  auto key = std::make_shared<const net::sigv4::SigningKey>(secret_access_key_, day, region, service);
  const MutexLock lock(signing_->mutex);
  signing_->made[signing_->next] = {std::move(scope), key};
  signing_->next = (signing_->next + 1) % signing_->made.size();
  return key;
}

aws::ApiError refusal_error(KeyRefusal refusal, Wording wording) {
  const bool json = wording == Wording::kJson;
  const bool s3 = wording == Wording::kS3;
  switch (refusal) {
    case KeyRefusal::kUnknown:
    case KeyRefusal::kInactive:
      if (s3) return {403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."};
      if (json) return {400, "UnrecognizedClientException", "The security token included in the request is invalid."};
      return {403, "InvalidClientTokenId", "The security token included in the request is invalid."};
    case KeyRefusal::kBadToken:
      if (s3) return {400, "InvalidToken", "The provided token is malformed or otherwise invalid."};
      if (json) return {400, "UnrecognizedClientException", "The security token included in the request is invalid."};
      return {403, "InvalidClientTokenId", "The security token included in the request is invalid."};
    case KeyRefusal::kExpired:
      if (s3) return {400, "ExpiredToken", "The provided token has expired."};
      if (json) return {400, "ExpiredTokenException", "The security token included in the request is expired."};
      return {403, "ExpiredToken", "The security token included in the request is expired"};
    case KeyRefusal::kUnavailable: break;
  }
  if (s3) return {503, "ServiceUnavailable", "The access keys cannot be read now. Please retry."};
  if (json) return {503, "ServiceUnavailableException", "The access keys cannot be read now. Please retry."};
  return {503, "ServiceUnavailable", "The access keys cannot be read now. Please retry."};
}

}  // namespace chiliad::identity
