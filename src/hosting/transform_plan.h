// What a transform job (batch inference) shall do, and how it tells what it does, as plain values.
//
//   s3://in/orders/a.jsonl --split--> records --batches--> model --filter, join--> s3://out/a.jsonl.out
//
// Source: Amazon SageMaker API reference, CreateTransformJob; developer guide, "Batch transform".
//
// Thread safety: values.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hosting/endpoint_plan.h"

namespace chiliad::hosting {

struct TransformPlan {
  enum class Split : std::uint8_t { kNone, kLine };
  enum class Assemble : std::uint8_t { kNone, kLine };
  enum class Batch : std::uint8_t { kMultiRecord, kSingleRecord };

  std::string name;
  ModelPlan model;

  // TransformInput.
  std::string input_uri;  // "s3://bucket/prefix" or, with `manifest`, a manifest's own URI.
  bool manifest = false;  // S3DataType: ManifestFile; else S3Prefix.
  std::string content_type = "application/json";
  bool gzip = false;  // CompressionType: Gzip.
  Split split = Split::kNone;

  // TransformOutput.
  std::string output_path;
  std::string accept;  // Empty: the model's own choice.
  Assemble assemble = Assemble::kNone;

  Batch batch = Batch::kMultiRecord;
  int max_payload_mb = 6;                 // MaxPayloadInMB, 0 to 100; 0: no limit on a payload but that of 100 MB.
  int max_concurrent_transforms = 0;      // 0: one.
  int invocations_timeout_seconds = 600;  // ModelClientConfig, 1 to 3600.
  int invocations_max_retries = 3;        // 0 to 3.

  // DataProcessing: JSONPath, "$" or empty: everything.
  std::string input_filter;
  std::string output_filter;
  bool join_input = false;  // JoinSource: Input.

  // DataCaptureConfig (transform_capture.h). Empty: no capture.
  std::string capture_destination;
  bool generate_inference_id = false;
};

struct TransformProgress {
  enum class Phase : std::uint8_t { kQueued, kRunning, kCompleted, kStopped, kFailed };

  Phase phase = Phase::kQueued;
  std::string failure_reason;  // kFailed.
  std::uint64_t objects = 0;   // Written so far.
  std::uint64_t records = 0;   // Answered so far.
};

// Phases in their order; kRunning again as work goes on, at most once a second.
using TransformObserver = std::function<void(const TransformProgress&)>;

}  // namespace chiliad::hosting
