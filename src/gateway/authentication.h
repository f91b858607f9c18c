// Authentication: who sent a request, by its signature and the directory.
//
//   request --read_signature()--> claim --find_key()--> key --scope--> --check_signature()--> Caller
//
// Thread safety: safe from any thread. Cost: about 6 us and a look at a sharded table for a key seen before; an unknown
// key is looked for in the directory's database.

#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "aws/caller.h"
#include "aws/service.h"
#include "gateway/route.h"
#include "gateway/wording.h"
#include "identity/directory.h"
#include "net/sigv2.h"
#include "net/sigv4_check.h"

namespace chiliad::gateway {

struct Authenticated {
  aws::Caller caller;
  std::string region;  // Of the signature, or the installation's own.
  // Both unset: not signed, or not asked for.
  std::optional<net::sigv4::SignatureClaim> claim;
  std::shared_ptr<const net::sigv4::SigningKey> key;

  aws::Signature signature() const { return claim && key ? aws::Signature{&*claim, key.get()} : aws::Signature(); }
};

class Authenticator {
 public:
  // `directory` must outlive this.
  Authenticator(identity::Directory& directory, std::string region, bool no_auth);

  // Requires: the body is there, but for Protocol::kS3.
  std::variant<Authenticated, Failure> authenticate(const net::HttpRequest& request, const Route& route,
                                                    std::chrono::system_clock::time_point now) const;

 private:
  std::variant<Authenticated, Failure> authenticate_presigned(const net::HttpRequest& request,
                                                              const net::sigv2::Claim& claim, Authenticated result,
                                                              std::chrono::system_clock::time_point now) const;
  std::variant<Authenticated, Failure> trust(const net::HttpRequest& request, Authenticated result) const;

  identity::Directory& directory_;
  const std::string region_;
  const bool no_auth_;
  const std::shared_ptr<const aws::Principal> nobody_;
};

// "127.0.0.1", "::1" and their like.
bool is_loopback(std::string_view address);

// The host of a Host field or an Origin is this machine by a name that no foreign name server gives out: localhost,
// a name below it, a loopback address.
bool is_local_host(std::string_view host_and_port);

}  // namespace chiliad::gateway
