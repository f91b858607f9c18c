// Work: what the control plane has done by others. LocalWork hands it to job/ and hosting/ of this process; tests put
// in one whose jobs and endpoints reach a phase when the test says so.
//
// Thread safety: safe from any thread.

#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "hosting/endpoint_plan.h"
#include "hosting/transform_plan.h"
#include "job/job.h"

namespace chiliad::hosting {
class Hosting;
}

namespace chiliad::control {

class Work {
 public:
  using Deployed = std::function<void(Result<Done>)>;

  virtual ~Work() = default;

  // As job::Runner.
  virtual Result<Done> check_job(const job::Spec& spec) = 0;
  virtual Result<Done> start_job(job::Spec spec, bool resume) = 0;
  virtual Result<Done> stop_job(job::Kind kind, std::string_view name) = 0;

  // As hosting::Hosting.
  virtual Result<Done> check_model(const hosting::ModelPlan& plan) = 0;
  virtual void deploy(hosting::EndpointPlan plan, bool resume, Deployed done) = 0;
  virtual void remove(std::string_view endpoint) = 0;
  virtual Result<Done> set_weights(std::string_view endpoint, std::span<const hosting::VariantChange> changes) = 0;
  virtual Result<Done> start_transform(hosting::TransformPlan plan, hosting::TransformObserver observer) = 0;
  virtual void stop_transform(std::string_view name) = 0;
};

class LocalWork final : public Work {
 public:
  // Both must outlive the object.
  LocalWork(job::Runner& jobs, hosting::Hosting& hosting) : jobs_(jobs), hosting_(hosting) {}

  Result<Done> check_job(const job::Spec& spec) override;
  Result<Done> start_job(job::Spec spec, bool resume) override;
  Result<Done> stop_job(job::Kind kind, std::string_view name) override;
  Result<Done> check_model(const hosting::ModelPlan& plan) override;
  void deploy(hosting::EndpointPlan plan, bool resume, Deployed done) override;
  void remove(std::string_view endpoint) override;
  Result<Done> set_weights(std::string_view endpoint, std::span<const hosting::VariantChange> changes) override;
  Result<Done> start_transform(hosting::TransformPlan plan, hosting::TransformObserver observer) override;
  void stop_transform(std::string_view name) override;

 private:
  job::Runner& jobs_;
  hosting::Hosting& hosting_;
};

}  // namespace chiliad::control
