// ScriptedWork: work whose jobs and endpoints reach a phase when a test says so, and that remembers what it was asked.
//
// Thread safety: safe from any thread.

#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "control/work.h"

namespace chiliad::control {

class ScriptedWork final : public Work {
 public:
  // What it was asked, in order: "start training t", "resume training t", "stop training t", "deploy e c1",
  // "redeploy e c1", "remove e", "weights e", "transform t", "stop transform t".
  std::vector<std::string> asked() const {
    MutexLock lock(mutex_);
    return asked_;
  }
  bool was_asked(const std::string& what) const {
    for (const std::string& one : asked())
      if (one == what) return true;
    return false;
  }

  void refuse_jobs(std::string why) {
    MutexLock lock(mutex_);
    refuse_jobs_ = std::move(why);
  }
  void fail_starts(std::string why) {
    MutexLock lock(mutex_);
    fail_starts_ = std::move(why);
  }
  // Deployments from now on end at once, with this outcome.
  void deploy_at_once(Result<Done> outcome) {
    MutexLock lock(mutex_);
    at_once_ = std::move(outcome);
    deploys_at_once_ = true;
  }
  void hold_deployments() {
    MutexLock lock(mutex_);
    deploys_at_once_ = false;
  }
  // Ends the oldest deployment of `endpoint` that is held.
  void finish_deployment(const std::string& endpoint, Result<Done> outcome) {
    Deployed done;
    {
      MutexLock lock(mutex_);
      auto& waiting = waiting_[endpoint];
      done = std::move(waiting.front());
      waiting.erase(waiting.begin());
    }
    done(std::move(outcome));
  }
  hosting::EndpointPlan last_plan() const {
    MutexLock lock(mutex_);
    return last_plan_;
  }
  job::Spec last_spec() const {
    MutexLock lock(mutex_);
    return last_spec_;
  }
  hosting::TransformPlan last_transform() const {
    MutexLock lock(mutex_);
    return last_transform_;
  }
  void tell_transform(const hosting::TransformProgress& progress) {
    hosting::TransformObserver observer;
    {
      MutexLock lock(mutex_);
      observer = observer_;
    }
    observer(progress);
  }

  void refuse_models(std::string why) {
    MutexLock lock(mutex_);
    refuse_models_ = std::move(why);
  }
  Result<Done> check_model(const hosting::ModelPlan&) override {
    MutexLock lock(mutex_);
    if (!refuse_models_.empty()) return Error{ErrorCode::kInvalid, refuse_models_};
    return Done{};
  }
  Result<Done> check_job(const job::Spec&) override {
    MutexLock lock(mutex_);
    if (!refuse_jobs_.empty()) return Error{ErrorCode::kInvalid, refuse_jobs_};
    return Done{};
  }
  Result<Done> start_job(job::Spec spec, bool resume) override {
    MutexLock lock(mutex_);
    asked_.push_back((resume ? "resume " : "start ") + kind_of(spec.kind) + spec.name);
    last_spec_ = std::move(spec);
    if (!fail_starts_.empty()) return Error{ErrorCode::kInvalid, fail_starts_};
    return Done{};
  }
  Result<Done> stop_job(job::Kind kind, std::string_view name) override {
    MutexLock lock(mutex_);
    asked_.push_back("stop " + kind_of(kind) + std::string(name));
    return Done{};
  }
  void deploy(hosting::EndpointPlan plan, bool resume, Deployed done) override {
    Result<Done> outcome = Done{};
    {
      MutexLock lock(mutex_);
      asked_.push_back((resume ? "redeploy " : "deploy ") + plan.name + " " + plan.config_name);
      last_plan_ = plan;
      if (!deploys_at_once_ && !resume) {
        waiting_[plan.name].push_back(std::move(done));
        return;
      }
      if (!resume) outcome = at_once_;
    }
    done(std::move(outcome));
  }
  void remove(std::string_view endpoint) override {
    MutexLock lock(mutex_);
    asked_.push_back("remove " + std::string(endpoint));
  }
  Result<Done> set_weights(std::string_view endpoint, std::span<const hosting::VariantChange>) override {
    MutexLock lock(mutex_);
    asked_.push_back("weights " + std::string(endpoint));
    return at_once_;
  }
  Result<Done> start_transform(hosting::TransformPlan plan, hosting::TransformObserver observer) override {
    MutexLock lock(mutex_);
    asked_.push_back("transform " + plan.name);
    last_transform_ = std::move(plan);
    observer_ = std::move(observer);
    return Done{};
  }
  void stop_transform(std::string_view name) override {
    MutexLock lock(mutex_);
    asked_.push_back("stop transform " + std::string(name));
  }

 private:
  static std::string kind_of(job::Kind kind) { return kind == job::Kind::kTraining ? "training " : "processing "; }

  mutable Mutex mutex_;
  std::vector<std::string> asked_ CHILIAD_GUARDED_BY(mutex_);
  std::string refuse_jobs_ CHILIAD_GUARDED_BY(mutex_);
  std::string refuse_models_ CHILIAD_GUARDED_BY(mutex_);
  std::string fail_starts_ CHILIAD_GUARDED_BY(mutex_);
  Result<Done> at_once_ CHILIAD_GUARDED_BY(mutex_) = Done{};
  bool deploys_at_once_ CHILIAD_GUARDED_BY(mutex_) = true;
  std::map<std::string, std::vector<Deployed>> waiting_ CHILIAD_GUARDED_BY(mutex_);
  hosting::EndpointPlan last_plan_ CHILIAD_GUARDED_BY(mutex_);
  job::Spec last_spec_ CHILIAD_GUARDED_BY(mutex_);
  hosting::TransformPlan last_transform_ CHILIAD_GUARDED_BY(mutex_);
  hosting::TransformObserver observer_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::control
