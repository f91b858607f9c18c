// Face: how one of the server's two APIs words success and failure.
//
// What a call does is the same behind both (invoker.h); status codes, error names and fields differ:
//
//   /endpoints/...   Amazon SageMaker's runtime: ValidationError 400, ModelError 424, ModelNotReadyException 429, ...
//   /models...       the contract of multi-model containers: 400, 404, 409, 507
//
// Source: Amazon SageMaker runtime API reference, InvokeEndpoint; developer guide, "Build your own container for
// multi-model endpoints".
//
// Thread safety: const methods, no state.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace chiliad::serve {

// Where in a call it failed: the same code means different things to a client.
enum class Stage : std::uint8_t {
  kAddress,  // The name of the model or of the endpoint.
  kBusy,     // Too much is waiting.
  kModel,    // Finding, fetching, loading it.
  kRequest,  // The body, or what it asks of the model.
};

class Face {
 public:
  virtual ~Face() = default;
  // Fills status, fields and body; what the body held before is replaced.
  virtual void fail(const Error& error, Stage stage, std::string_view model, net::HttpResponse& response) const = 0;
  // Adds the fields that a good answer carries.
  virtual void succeed(net::HttpResponse& response) const = 0;
};

class RuntimeFace final : public Face {
 public:
  // `location` of the models, for messages.
  explicit RuntimeFace(std::string location) : location_(std::move(location)) {}
  void fail(const Error& error, Stage stage, std::string_view model, net::HttpResponse& response) const override;
  void succeed(net::HttpResponse& response) const override;

  // An error by AWS's name.
  static void answer(int status, std::string_view error_type, std::string_view message, net::HttpResponse& response);

 private:
  std::string location_;
};

class ContainerFace final : public Face {
 public:
  void fail(const Error& error, Stage stage, std::string_view model, net::HttpResponse& response) const override;
  void succeed(net::HttpResponse&) const override {}
};

}  // namespace chiliad::serve
