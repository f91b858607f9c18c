// S3Service: Amazon S3's REST face over a bucket store.
//
//   gateway --begin(head)--> request.h --> permission, fields --> store::Upload   (PutObject, UploadPart: body
//   streamed)
//           --handle()-----> request.h --> an operation of operations.h, here or on a worker --> answer
//
// Rules the rest relies on:
//   1. Bodies of objects are never in memory: they go piece by piece into the store, and out of an open file. Texts of
//      requests (XML) are at most 8 MiB each and `most_text_bytes` together.
//   2. Whether the caller may is asked before anything is touched, with the decoded key; for PutObject before the
//   client
//      is told to send its body.
//   3. On I/O threads run reads of one object, and writes of pieces into the page cache. All else runs on `threads`
//      workers; at most `most_waiting` requests wait for one, beyond that SlowDown. A put is answered by the store's
//      own thread.
//   4. Errors are S3's documents (error.h); what S3 has and this server has not is NotImplemented.
//
// What is there and what differs from S3: doc/s3.md.
//
// Thread safety: safe from any thread.

#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "aws/arn.h"
#include "aws/service.h"
#include "objects/request.h"
#include "store/bucket_store.h"

namespace chiliad::objects {

struct S3ServiceOptions {
  std::string region{aws::kDefaultRegion};
  std::string account{aws::kDefaultAccount};
  Addressing addressing = {};
  int threads = 4;
  std::size_t most_waiting = 1024;
  std::size_t most_text_bytes = std::size_t{64} << 20;
  // After which a client that waits for a copy or a completion gets blanks.
  std::chrono::milliseconds patience{10'000};
};

class S3Service final : public aws::HttpService {
 public:
  S3Service(std::shared_ptr<store::BucketStore> store, S3ServiceOptions options);
  // Requires: no call is running any more. Finishes what the workers have begun; what waits for one is answered with
  // 500.
  ~S3Service() override;

  net::HttpHandler::BodyPlan begin(const aws::HeadCall& call) override;
  void handle(const aws::Call& call) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What stands in the S3 face's place when objects are in a real S3: says where.
class ElsewhereService final : public aws::HttpService {
 public:
  // `address`: "https://s3.eu-central-1.amazonaws.com".
  explicit ElsewhereService(std::string address) : address_(std::move(address)) {}
  void handle(const aws::Call& call) override;

 private:
  const std::string address_;
};

}  // namespace chiliad::objects
