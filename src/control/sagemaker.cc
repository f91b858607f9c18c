#include "control/sagemaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "control/context.h"
#include "control/launch.h"
#include "control/operations.h"

namespace chiliad::control {
namespace {

using aws::ApiError;
using aws::Json;

using Handler = aws::JsonAnswer (*)(const Request&);

template <aws::JsonAnswer (*function)(const Request&, ResourceKind), ResourceKind kind>
aws::JsonAnswer of_kind(const Request& request) {
  return function(request, kind);
}

struct Entry {
  std::string_view name;
  Handler handler;
};

// Sorted by name, and the same names as operations(): a test compares.
constexpr auto kEntries = std::to_array<Entry>({
    {"AddTags", add_tags},
    {"CreateEndpoint", create_endpoint},
    {"CreateEndpointConfig", create_endpoint_config},
    {"CreateModel", create_model},
    {"CreateProcessingJob", of_kind<create_job, ResourceKind::kProcessingJob>},
    {"CreateTrainingJob", of_kind<create_job, ResourceKind::kTrainingJob>},
    {"CreateTransformJob", of_kind<create_job, ResourceKind::kTransformJob>},
    {"DeleteEndpoint", delete_endpoint},
    {"DeleteEndpointConfig", of_kind<delete_plain, ResourceKind::kEndpointConfig>},
    {"DeleteModel", of_kind<delete_plain, ResourceKind::kModel>},
    {"DeleteProcessingJob", of_kind<delete_job, ResourceKind::kProcessingJob>},
    {"DeleteTags", delete_tags},
    {"DeleteTrainingJob", of_kind<delete_job, ResourceKind::kTrainingJob>},
    {"DescribeEndpoint", of_kind<describe, ResourceKind::kEndpoint>},
    {"DescribeEndpointConfig", of_kind<describe, ResourceKind::kEndpointConfig>},
    {"DescribeModel", of_kind<describe, ResourceKind::kModel>},
    {"DescribeProcessingJob", of_kind<describe, ResourceKind::kProcessingJob>},
    {"DescribeTrainingJob", of_kind<describe, ResourceKind::kTrainingJob>},
    {"DescribeTransformJob", of_kind<describe, ResourceKind::kTransformJob>},
    {"ListEndpointConfigs", of_kind<list, ResourceKind::kEndpointConfig>},
    {"ListEndpoints", of_kind<list, ResourceKind::kEndpoint>},
    {"ListModels", of_kind<list, ResourceKind::kModel>},
    {"ListProcessingJobs", of_kind<list, ResourceKind::kProcessingJob>},
    {"ListTags", list_tags},
    {"ListTrainingJobs", of_kind<list, ResourceKind::kTrainingJob>},
    {"ListTransformJobs", of_kind<list, ResourceKind::kTransformJob>},
    {"StopProcessingJob", of_kind<stop_job, ResourceKind::kProcessingJob>},
    {"StopTrainingJob", of_kind<stop_job, ResourceKind::kTrainingJob>},
    {"StopTransformJob", of_kind<stop_job, ResourceKind::kTransformJob>},
    {"UpdateEndpoint", update_endpoint},
    {"UpdateEndpointWeightsAndCapacities", update_endpoint_weights_and_capacities},
    {"UpdateTrainingJob", update_training_job},
});

class Recorder final : public job::Observer {
 public:
  explicit Recorder(Context& context) : context_(context) {}
  void changed(const job::Change& change) override { record_change(context_, change); }

 private:
  Context& context_;
};

}  // namespace

struct SageMaker::State {
  explicit State(SageMakerOptions options) : context(std::move(options)), recorder(context) {}

  Context context;
  Recorder recorder;
};

SageMaker::SageMaker(std::unique_ptr<State> state) : state_(std::move(state)) {}
SageMaker::~SageMaker() { shutdown(); }

Result<std::unique_ptr<SageMaker>> SageMaker::open(SageMakerOptions options) {
  const auto same = [](const Entry& entry, const Operation& operation) { return entry.name == operation.name; };
  CHILIAD_CHECK(std::ranges::equal(kEntries, operations(), same));
  auto state = std::make_unique<State>(std::move(options));
  const SageMakerOptions& kept = state->context.options;
  Result<std::unique_ptr<Resources>> resources =
      Resources::open(kept.state / "control.db", kept.sync, std::max(1, kept.readers));
  if (!resources) return std::move(resources).error();
  state->context.resources = std::move(*resources);
  return std::unique_ptr<SageMaker>(new SageMaker(std::move(state)));
}

job::Observer& SageMaker::job_observer() { return state_->recorder; }

Result<Done> SageMaker::resume(Work& work) {
  CHILIAD_CHECK(state_->context.work.load() == nullptr);
  state_->context.work = &work;
  return take_up(state_->context);
}

void SageMaker::shutdown() {
  {
    MutexLock lock(state_->context.closing_mutex);
    state_->context.closed = true;
    state_->context.closing.notify_all();
  }
  state_->context.resources->stop_actions();
}

bool SageMaker::wait_for_handover(Deadline deadline) { return state_->context.resources->wait_for_actions(deadline); }

aws::JsonAnswer SageMaker::call(std::string_view operation, const Json& input, const aws::Call& call) {
  return answer(operation, input, call.caller);
}

aws::JsonAnswer SageMaker::answer(std::string_view operation, const Json& input, const aws::Caller& caller) {
  const Operation* known = find_operation(operation);
  if (known == nullptr) {
    if (is_other_operation(operation))
      return ApiError{400, "UnknownOperationException",
                      fmt::format("{} is an operation of SageMaker that this server does not have", operation)};
    return ApiError{400, "UnknownOperationException",
                    fmt::format("'{}' is no operation of SageMaker", operation.substr(0, 100))};
  }
  Context& context = state_->context;
  if (context.closed || context.work.load() == nullptr)
    return ApiError{503, "ServiceUnavailable", "The server is starting or ending: try again"};
  if (auto invalid = context.validator.check(known->input, input)) return std::move(*invalid);
  const auto index = static_cast<std::size_t>(known - operations().data());
  return kEntries[index].handler({context, *known, input, caller});
}

}  // namespace chiliad::control
