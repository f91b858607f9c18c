// Capture: requests and answers of an endpoint, kept in the store as DataCaptureConfig says.
//
//   call --offer()--> stream's buffer --a file every few seconds-->
//       <destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/mm-ss-mmm-<id>.jsonl
//
// One line a call, in AWS's form:
//
//   {"captureData":{"endpointInput":{"observedContentType":"application/json","mode":"INPUT","data":"...",
//    "encoding":"JSON"},"endpointOutput":{...}},"eventMetadata":{"eventId":"...","inferenceTime":"2022-02-14T17:25:06Z",
//    "targetModel":"8.tar.gz"},"eventVersion":"0"}
//
// targetModel is ours: without it nobody could tell whose forecast a line is.
//
// Promises: a call waits for no I/O; all streams together hold at most max_bytes, and what does not fit is dropped and
// counted. What was offered is written at the latest when the writer ends, unless the store refuses it; a kill -9 loses
// what the last seconds brought.
//
// Source: Amazon SageMaker developer guide, "Capture data from real-time endpoint".
//
// Thread safety: all methods may be called from any threads at a time.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "hosting/endpoint_plan.h"
#include "hosting/s3_location.h"
#include "store/bucket_access.h"
#include "watch/log_sink.h"

namespace chiliad::hosting {

struct CaptureRecord {
  std::string input;
  std::string input_type;
  std::string output;
  std::string output_type;
  std::string custom_attributes;  // Empty: none; so the next two.
  std::string inference_id;
  std::string target_model;
  std::chrono::system_clock::time_point time;

  std::size_t bytes() const;
};

// The record's line, with its end. Fields that `plan` does not want are left out.
std::string capture_line(const CaptureRecord& record, const CapturePlan& plan, std::string_view event_id);

class CaptureWriter;

// Of one variant.
class CaptureStream {
 public:
  // Whether the next call shall be captured: the sampling percentage, spread evenly.
  bool wanted();
  void offer(CaptureRecord record);

 private:
  friend class CaptureWriter;
  CaptureStream(CaptureWriter& writer, std::string endpoint, std::string variant, CapturePlan plan, S3Location to,
                std::string role)
      : writer_(writer),
        endpoint_(std::move(endpoint)),
        variant_(std::move(variant)),
        plan_(std::move(plan)),
        to_(std::move(to)),
        role_(std::move(role)) {}
  bool empty();

  CaptureWriter& writer_;
  const std::string endpoint_;
  const std::string variant_;
  const CapturePlan plan_;
  const S3Location to_;
  const std::string role_;
  std::atomic<std::uint64_t> calls_{0};
  Mutex mutex_;
  std::vector<CaptureRecord> records_ CHILIAD_GUARDED_BY(mutex_);
};

class CaptureWriter {
 public:
  struct Options {
    std::chrono::milliseconds interval{10'000};         // Between files of one stream.
    std::uint64_t max_bytes = std::uint64_t{64} << 20;  // Of all records that wait.
    std::uint64_t max_file_bytes = std::uint64_t{8} << 20;
  };
  struct Counters {
    std::uint64_t written = 0;  // Records.
    std::uint64_t dropped = 0;  // There was no room, or nobody will ever write them there,
    std::uint64_t failed = 0;   // and files that the store refused.
  };

  // All must outlive the writer; the writer outlives its streams' use.
  CaptureWriter(Options options, store::BucketAccess& access, watch::LogSink& logs);
  ~CaptureWriter();  // Writes what is there.

  // What is captured is written as `role`. Errors: kInvalid: the destination.
  Result<std::shared_ptr<CaptureStream>> stream(std::string endpoint, std::string variant, CapturePlan plan,
                                                std::string role);

  // Writes what was offered before the call.
  void flush();

  Counters counters() const;

 private:
  friend class CaptureStream;
  void run();
  void write(CaptureStream& stream, bool last);
  Result<Done> put(const CaptureStream& stream, const CaptureRecord& first, std::string_view lines);

  const Options options_;
  store::BucketAccess& access_;
  watch::LogSink& logs_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> failed_{0};

  Mutex flushing_;  // One flush at a time; taken before the others.
  Mutex mutex_;
  Condition wake_;
  bool stopping_ CHILIAD_GUARDED_BY(mutex_) = false;
  bool full_ CHILIAD_GUARDED_BY(mutex_) = false;  // Half of the room is taken: write before the interval is over.
  std::vector<std::shared_ptr<CaptureStream>> streams_ CHILIAD_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace chiliad::hosting
