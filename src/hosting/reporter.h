// Reporter: the sums of calls and loads, told to CloudWatch's metrics under AWS's names every few seconds.
//
//   AWS/SageMaker             Invocations, Invocation4XXErrors, Invocation5XXErrors, InvocationModelErrors: None
//                             ModelLatency, OverheadLatency, ModelLoadingWaitTime, ModelDownloadingTime,
//                             ModelLoadingTime, ModelUnloadingTime: Microseconds;  ModelCacheHit: None
//   /aws/sagemaker/Endpoints  LoadedModelCount: None
//
// All with the dimensions EndpointName and VariantName. Errors and cache hits are 1 or 0 a call, so that an average is
// a rate, as AWS has it. Variants over the same prefix share its loads: each tells all of them.
//
// Source: Amazon SageMaker developer guide, "Amazon SageMaker metrics in Amazon CloudWatch".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "hosting/model_place.h"
#include "hosting/variant_tally.h"
#include "watch/metric_sink.h"

namespace chiliad::hosting {

class Reporter {
 public:
  // `sink` must outlive the reporter.
  explicit Reporter(watch::MetricSink& sink) : sink_(sink) {}

  // A tally that is reported from now on; when nobody else has it any more, one last time. `loads`: null: there are
  // none.
  std::shared_ptr<VariantTally> add(std::string endpoint, std::string variant, std::shared_ptr<LoadTally> loads);

  // Tells what was counted since the last report. Cost: a microsecond or two a variant.
  void report();

 private:
  struct Reported {
    std::string endpoint;
    std::string variant;
    std::shared_ptr<VariantTally> tally;
    std::shared_ptr<LoadTally> loads;
  };
  void report_calls(const Reported& reported, const VariantTally::Sums& sums);
  void report_loads(const Reported& reported, const LoadFigures& figures);

  watch::MetricSink& sink_;
  Mutex reporting_;  // One report at a time; taken before mutex_.
  Mutex mutex_;
  std::vector<Reported> reported_ CHILIAD_GUARDED_BY(mutex_);
};

}  // namespace chiliad::hosting
