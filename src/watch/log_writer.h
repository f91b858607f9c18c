// LogWriter: the bytes that a process prints, cut into lines for one log stream.
//
//   LogWriter out(sink, "/aws/sagemaker/TrainingJobs", stream);
//   out.write(bytes_of_a_read, now_in_milliseconds());   // As they come from the pipe.
//   out.finish(now_in_milliseconds());                   // The last line may lack its newline.
//
// "\n" and "\r\n" end a line; what stands before a lone "\r" (a progress bar drawn over itself) is kept in the line as
// it is. Empty lines are kept, as one blank (CloudWatch has no empty events). A line over kMaxLineBytes is cut into
// pieces of that size, so that nothing printed is lost and memory stays bounded.
//
// on_line, if given, sees every line before the sink does: MetricPatterns (watch/metric_pattern.h) read them there.
//
// Thread safety: one thread at a time; the sink outlives it.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "watch/log_sink.h"

namespace chiliad::watch {

class LogWriter {
 public:
  using OnLine = std::function<void(const LogLine&)>;

  LogWriter(LogSink& sink, std::string group, std::string stream, OnLine on_line = {});

  // Each complete line gets `now` as its time.
  void write(std::string_view bytes, Milliseconds now);
  // Writes what is left of an unfinished line.
  void finish(Milliseconds now);

 private:
  LogSink& sink_;
  std::string group_;
  std::string stream_;
  OnLine on_line_;
  std::string rest_;  // Of a line without its end; shorter than kMaxLineBytes.
};

}  // namespace chiliad::watch
