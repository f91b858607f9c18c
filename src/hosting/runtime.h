// Runtime: the calls of SageMaker's runtime API, from the authenticated request to the answer.
//
//   target --EndpointTable--> deployment --weight or Target-Variant--> variant --host--> answer, counted and captured
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "aws/service.h"
#include "base/work_pool.h"
#include "hosting/async_queue.h"
#include "hosting/async_runner.h"
#include "hosting/endpoint_log.h"
#include "hosting/endpoint_table.h"
#include "hosting/runtime_fields.h"

namespace chiliad::hosting {

class Runtime {
 public:
  // `writers`: what waits for the disk. All must outlive the object and its calls.
  Runtime(std::string region, std::string account, const EndpointTable& endpoints, AsyncQueue& queue,
          AsyncRunner& runner, WorkPool& writers, EndpointLog& log)
      : region_(std::move(region)),
        account_(std::move(account)),
        endpoints_(endpoints),
        queue_(queue),
        runner_(runner),
        writers_(writers),
        log_(log) {}

  static net::HttpHandler::BodyPlan begin(const aws::HeadCall& call);
  void handle(const aws::Call& call);

 private:
  enum class Operation : std::uint8_t { kInvoke, kStream, kAsync, kBatch };
  // What a call is about; views of the request and of the deployment.
  struct Context {
    Operation operation = Operation::kInvoke;
    const Deployment* deployment = nullptr;
    const Variant* variant = nullptr;
    const net::HttpRequest* request = nullptr;
    RuntimeFields fields;
  };
  struct Deferred;
  class Stream;

  static bool read_target(std::string_view target, std::string_view& endpoint, Operation& operation);
  bool may(const aws::Call& call, Operation operation, std::string_view arn, std::string_view target_model) const;
  void invoke(const aws::Call& call, const std::shared_ptr<const Deployment>& deployment, Context& context);
  void stream(const aws::Call& call, const std::shared_ptr<const Deployment>& deployment, const Context& context);
  void finish(const Context& context, HostAnswer answer, const HostResult& result, net::HttpResponse& response);
  void add_answer_fields(const Context& context, const HostAnswer& answer, net::HttpResponse& response) const;
  void capture(const Context& context, std::string_view output, std::string_view type) const;
  void invoke_async(const aws::Call& call, const Context& context);
  void accept_async(AsyncCall accepted, const aws::Call& call);
  void batch(const aws::Call& call, const std::shared_ptr<const Deployment>& deployment, const Context& context);

  const std::string region_;
  const std::string account_;
  const EndpointTable& endpoints_;
  AsyncQueue& queue_;
  AsyncRunner& runner_;
  WorkPool& writers_;
  EndpointLog& log_;
};

// Counts a call that has ended and logs it if the server was at fault.
void count_call(const std::string& endpoint, const Variant& variant, const HostResult& result, int status,
                std::chrono::nanoseconds overhead, EndpointLog& log);

}  // namespace chiliad::hosting
