// The inside of ContainerHost and ContainerHosts: a server, its models, the threads that call it. Not for others.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/work_pool.h"
#include "container/call_queue.h"
#include "container/fleet.h"
#include "container/model_server.h"
#include "container/models.h"
#include "container/program.h"
#include "hosting/answer_memory.h"
#include "hosting/container_host.h"
#include "hosting/container_hosts.h"
#include "hosting/s3_location.h"
#include "watch/log_writer.h"

namespace chiliad::hosting {

inline constexpr std::chrono::milliseconds kGrace{30'000};  // As SageMaker gives containers.

struct ContainerHost::Machine {
  // A call on its way.
  struct Later;

  ~Machine();

  void begin(const std::shared_ptr<Later>& later);
  void call(const std::shared_ptr<Later>& later, std::shared_ptr<container::Models::Pin> pin);
  bool is_lost(const container::Models::Pin& pin, Deadline deadline);
  void refuse_model(const container::Refusal& refusal, std::string_view model, HostResult& result) const;
  void note(std::string_view line);

  bool multi = false;
  std::string model_name;
  S3Location location;  // MultiModel: the prefix.
  std::chrono::milliseconds load_wait{};
  std::shared_ptr<AnswerMemory> answers;  // Of all machines.
  ContainerHosts::Log log;
  watch::LogSink* logs = nullptr;
  std::shared_ptr<LoadTally> tally = std::make_shared<LoadTally>();
  std::unique_ptr<watch::LogWriter> output;
  std::unique_ptr<container::Program> program;
  std::unique_ptr<container::Fleet::Membership> membership;
  std::unique_ptr<container::ModelServer> server;
  std::unique_ptr<container::Models> models;  // MultiModel.
  std::unique_ptr<container::CallQueue> callers;
};

struct ContainerHosts::State {
  using Machine = ContainerHost::Machine;

  State(Options its_options, Around its_around, std::unique_ptr<container::Fleet> its_fleet);

  Result<std::shared_ptr<Machine>> make(const runtime::Entry& entry, const ModelPlan& plan, const Log& log);
  void make_models(Machine& machine, const ModelPlan& plan, const std::shared_ptr<store::Buckets>& buckets);
  void retire(std::unique_ptr<Machine> machine);
  void end_one();
  std::vector<std::shared_ptr<Machine>> machines();

  const Options options;
  const Around around;
  const std::unique_ptr<container::Fleet> fleet;
  const std::shared_ptr<AnswerMemory> answers;
  WorkPool ends;

  Mutex mutex;
  bool ending CHILIAD_GUARDED_BY(mutex) = false;
  std::vector<std::weak_ptr<Machine>> known CHILIAD_GUARDED_BY(mutex);
  int in_use CHILIAD_GUARDED_BY(mutex) = 0;  // Machines that were made and not retired.
  Condition none_in_use;
  std::vector<std::unique_ptr<Machine>> retired CHILIAD_GUARDED_BY(mutex);  // To be ended.
};

}  // namespace chiliad::hosting
