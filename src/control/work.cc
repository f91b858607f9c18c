#include "control/work.h"

#include <utility>

#include "hosting/hosting.h"

namespace chiliad::control {

Result<Done> LocalWork::check_job(const job::Spec& spec) { return jobs_.check(spec); }

Result<Done> LocalWork::start_job(job::Spec spec, bool resume) { return jobs_.start(std::move(spec), resume); }

Result<Done> LocalWork::stop_job(job::Kind kind, std::string_view name) { return jobs_.stop(kind, name); }

Result<Done> LocalWork::check_model(const hosting::ModelPlan& plan) { return hosting_.check(plan); }

void LocalWork::deploy(hosting::EndpointPlan plan, bool resume, Deployed done) {
  hosting_.deploy(std::move(plan), resume, std::move(done));
}

void LocalWork::remove(std::string_view endpoint) { hosting_.remove(endpoint); }

Result<Done> LocalWork::set_weights(std::string_view endpoint, std::span<const hosting::VariantChange> changes) {
  return hosting_.set_weights(endpoint, changes);
}

Result<Done> LocalWork::start_transform(hosting::TransformPlan plan, hosting::TransformObserver observer) {
  return hosting_.start_transform(std::move(plan), std::move(observer));
}

void LocalWork::stop_transform(std::string_view name) { hosting_.stop_transform(name); }

}  // namespace chiliad::control
