// LongAnswers: operations that may take longer than a client waits for the first byte.
//
// CompleteMultipartUpload and CopyObject of large objects answer as S3's do: when the work takes longer than
// `patience`, status 200 and the XML declaration go out, then a blank now and then, and the result (or the error, which
// then no longer has a status) behind them.
//
// Source: Amazon S3 API reference, CompleteMultipartUpload: "send white space characters to keep the connection from
// timing out". Thread safety: safe from any thread.

#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "net/http_server.h"

namespace chiliad::objects {

class LongAnswer {
 public:
  LongAnswer(net::HttpLater later, net::HttpResponse head);

  // The answer. Call once.
  void end(net::HttpResponse response) CHILIAD_EXCLUDES(mutex_);

 private:
  friend class LongAnswers;
  // A blank, and before the first one the head. False: it has ended.
  bool keep_alive() CHILIAD_EXCLUDES(mutex_);

  Mutex mutex_;  // Held while writing, so that no blank comes behind the end: a few bytes into a buffer.
  net::HttpLater later_ CHILIAD_GUARDED_BY(mutex_);
  net::HttpResponse head_ CHILIAD_GUARDED_BY(mutex_);
  bool began_ CHILIAD_GUARDED_BY(mutex_) = false;
  bool ended_ CHILIAD_GUARDED_BY(mutex_) = false;
};

class LongAnswers {
 public:
  explicit LongAnswers(std::chrono::milliseconds patience);
  ~LongAnswers();

  // `head`: the fields that the answer has in any case. Work that ends without end() is answered with 500.
  std::shared_ptr<LongAnswer> begin(net::HttpLater later, net::HttpResponse head) CHILIAD_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::weak_ptr<LongAnswer> answer;
    std::chrono::steady_clock::time_point next;
  };
  void run() CHILIAD_EXCLUDES(mutex_);

  const std::chrono::milliseconds patience_;
  Mutex mutex_;
  Condition ends_changed_;
  bool ends_ CHILIAD_GUARDED_BY(mutex_) = false;
  std::vector<Entry> entries_ CHILIAD_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace chiliad::objects
