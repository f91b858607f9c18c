// NativeHost: Prophet models answered by this process itself: the image chiliad-prophet.
//
//   "8.tar.gz" --> name in the cache "<place>/8.tar.gz" --> pinned model --> forecast
//
// MultiModel: each call names its model, which is loaded at its first call. With ModelCacheSetting Disabled it is
// loaded for the call and not kept. SingleModel: the archive is loaded when the endpoint is deployed and stays in
// memory, whatever becomes of the object, until the next deploy.
//
// A call in the cache answers on the thread that asks, as in serve/invoker.h: one shard lock, no allocation but the
// answer's own.
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/work_pool.h"
#include "hosting/endpoint_plan.h"
#include "hosting/model_host.h"
#include "hosting/model_library.h"
#include "serve/invocation.h"

namespace chiliad::hosting {

// "chiliad-prophet" of "1234.dkr.ecr.us-east-1.amazonaws.com/chiliad-prophet:1.0@sha256:...".
std::string_view image_name(std::string_view image);

struct NativeThreads {
  WorkPool& heavy;     // Long forecasts.
  WorkPool& uncached;  // Loads of models that are not kept.
  WorkPool& batches;
};

class NativeHost final : public ModelHost {
 public:
  struct Options {
    bool check = true;  // Ask the store whether the place is there; load a single model's archive.
    std::chrono::milliseconds load_wait{10'000};
  };

  // `library` and the pools must outlive the host and its calls.
  // Errors: kInvalid: not a URL of the store; as the store's and the archive's, in a sentence that names the place.
  static Result<std::shared_ptr<ModelHost>> open(const ModelPlan& plan, const Options& options, ModelLibrary& library,
                                                 NativeThreads threads);

  bool answer_now(const HostCall& call, std::string& body, std::string_view& content_type, HostResult& result) override;
  void answer_later(const HostCall& call, Deadline deadline, Answered answered) override;
  Result<Done> batch(BatchCall call) override;

  std::shared_ptr<LoadTally> loads() const override { return place_->tally; }

 private:
  struct Later;
  class Batch;

  NativeHost(const ModelPlan& plan, const Options& options, ModelLibrary& library, NativeThreads threads,
             std::shared_ptr<const ModelPlace> place)
      : library_(library),
        threads_(threads),
        place_(std::move(place)),
        cached_(plan.cache_models || place_->single),
        load_wait_(options.load_wait) {}

  std::string_view cache_name(std::string_view model) const;
  void run(const serve::Model& model, const serve::Invocation& invocation, std::string& body,
           std::string_view& content_type, HostResult& result) const;
  void fail_to_load(const Error& error, std::string_view model, HostResult& result) const;
  void answer_heavy(const std::shared_ptr<Later>& later, serve::ModelCache::Pin pin);
  void finish(const std::shared_ptr<Later>& later, const serve::Model& model);
  void answer_uncached(const std::shared_ptr<Later>& later);
  Result<serve::ModelCache::Pin> pinned(std::string_view model, Deadline deadline, HostResult& result);

  ModelLibrary& library_;
  const NativeThreads threads_;
  const std::shared_ptr<const ModelPlace> place_;
  const bool cached_;
  const std::chrono::milliseconds load_wait_;
  std::optional<serve::ModelCache::Pin> pin_;  // Of a single model, from open() on.
};

}  // namespace chiliad::hosting
