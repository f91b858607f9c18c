// A socket by which the first steps of a box say how far they are and then wait for a word of ours: what they do next
// is done only while the server lives and watches. A shell has its end at a number and says `echo there >&3; read go
// <&3`.
//
// Thread safety: one thread at a time.

#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"

namespace chiliad::process {

class Lifeline {
 public:
  // Errors: as base/file.h.
  static Result<Lifeline> make();

  // For the process; once it runs, to be closed here, so that its end is seen.
  int inner_end() const { return inner_.get(); }
  void close_inner_end() { inner_.reset(); }

  // What they say, and which process said it, by our numbers. No words: they ended, or the time, before.
  struct Said {
    std::string words;
    pid_t pid = 0;
  };
  Said listen(Deadline deadline);
  // "go\n". False: nobody waits for it any more.
  bool say_go();

 private:
  Lifeline(FileDescriptor ours, FileDescriptor inner) : ours_(std::move(ours)), inner_(std::move(inner)) {}

  FileDescriptor ours_, inner_;
};

// Whether the descriptor becomes readable before the deadline.
bool readable_before(int fd, Deadline deadline);

}  // namespace chiliad::process
