// What a box's start is steered by: descriptors of which bwrap and the program's first steps have the inner ends.
//
//     3  arguments     bwrap reads its arguments here, where other users of the host do not see them
//     4  information   bwrap says that its child is there
//     5  filter        bwrap waits here for the filter of system calls; cut short, it gives up
//     6  lifeline      the first steps say "there" or "missing" and wait for "go"; open into the box until then
//
// Thread safety: one thread at a time.

#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"
#include "process/lifeline.h"

namespace chiliad::process {

class Steering {
 public:
  static constexpr int kArguments = 3, kInformation = 4, kFilter = 5, kLifeline = 6;

  // Errors: as base/file.h.
  static Result<Steering> make(std::string_view arguments);

  // To be 3, 4, 5, 6 in the process. Once it runs they are to be closed here, so that their ends are seen.
  std::vector<int> inner_ends() const;
  void close_inner_ends();

  // False: bwrap ended, or the time, before it had a child.
  bool hears_of_child(Deadline deadline);
  void send_filter(std::string_view filter);

  // What the first steps say.
  static constexpr std::string_view kThere = "there\n", kMissing = "missing\n";
  Lifeline& lifeline() { return lifeline_; }

 private:
  struct Ends {
    FileDescriptor ours, inner;
  };
  static Result<Ends> make_ends();
  explicit Steering(Lifeline lifeline) : lifeline_(std::move(lifeline)) {}

  FileDescriptor arguments_;
  Ends information_, filter_;
  Lifeline lifeline_;
};

}  // namespace chiliad::process
