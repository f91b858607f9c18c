// TransformCapture: what BatchDataCaptureConfig asks of a transform job: two manifests that name the objects read and
// written, made when the job completes, and an identifier for each record's answer.
//
//   <destination>/input/yyyy/mm/dd/hh/<job>.jsonl    [{"prefix":"s3://in/"},"a.json","eu/b.json"]
//   <destination>/output/yyyy/mm/dd/hh/<job>.jsonl   [{"prefix":"s3://out/"},"a.json.out","eu/b.json.out"]
//
// The hour is that of the job's start, UTC. The form is that of a ManifestFile of TransformInput, so that another job
// can read what one has written.
//
// Source: Amazon SageMaker developer guide, "Capture data from batch transform job".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "hosting/answer_spool.h"
#include "hosting/s3_location.h"
#include "hosting/transform_input.h"
#include "hosting/transform_plan.h"

namespace chiliad::hosting {

class TransformCapture {
 public:
  // Errors: kInvalid: the destination; as base/file.h.
  static Result<std::unique_ptr<TransformCapture>> open(const TransformPlan& plan, const S3Location& output,
                                                        Instant start);

  // An object has been answered: its output is stored. Errors: as base/file.h.
  Result<Done> add(const TransformObject& object);
  // Stores the manifests. Errors: as the store's.
  Result<Done> finish(store::Buckets& buckets, Deadline deadline);

 private:
  struct Manifest {
    explicit Manifest(std::filesystem::path file) : text(std::move(file)) {}
    AnswerSpool text;
    bool begun = false;
  };
  TransformCapture(const TransformPlan& plan, const S3Location& output, Instant start, S3Location to,
                   TempFolder folder);
  Result<Done> add(Manifest& manifest, std::string_view prefix, std::string_view name) CHILIAD_REQUIRES(mutex_);
  Result<Done> store(Manifest& manifest, std::string_view kind, store::ObjectStore& store, Deadline deadline)
      CHILIAD_REQUIRES(mutex_);

  const std::string name_;
  const std::string output_;
  const S3Location to_;
  const std::string hour_;
  const TempFolder folder_;
  Mutex mutex_;
  Manifest read_ CHILIAD_GUARDED_BY(mutex_);
  Manifest written_ CHILIAD_GUARDED_BY(mutex_);
};

// A record's answer with an identifier of its own and the job's start: members SageMakerInferenceId and
// SageMakerInferenceTime of a JSON object, or two more columns of each line of CSV. Errors: kInvalid: neither.
Result<std::string> with_inference_id(std::string answer, bool csv, Instant start);

}  // namespace chiliad::hosting
