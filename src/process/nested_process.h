// NestedProcess: what is common to boxes of every kind. All of them are a tree of processes below process 1 of a
// namespace of processes that nothing in the box can see or touch:
//
//     server
//     unshare    waits; ends as its child does
//     outer      process 1 of the namespace around the box; dies with unshare
//     first      process 1 of the box's own namespace, somewhere below
//     program
//
// When outer dies, the kernel ends everything below; when the server dies, so does unshare.
//
// Thread safety: as BoxedProcess.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/box.h"
#include "process/limit_watch.h"
#include "process/process.h"
#include "process/process_handle.h"
#include "process/starter.h"

namespace chiliad::process {

class NestedProcess : public BoxedProcess {
 public:
  ~NestedProcess() override;

  int ended() const override { return outer_.get(); }
  int output() const override { return process_.output(); }
  void terminate() override;
  void kill() override;
  std::optional<Exit> exit() override;
  std::optional<Exceeded> exceeded() const override;
  std::vector<pid_t> pids() const override;
  std::uint64_t resident_bytes() const override;

 protected:
  // `process`: unshare, started by `starter`. What is not known yet the heir finds out.
  NestedProcess(std::shared_ptr<Starter> starter, Process process)
      : starter_(std::move(starter)), process_(std::move(process)) {}

  // Watches the box's limits, if it has any. Requires: outer_ and first_ are known.
  Result<Done> watch(const Box& box);
  // The programs around a box tell a signal as shells do.
  static Exit as_shells_tell(int code);
  // What the programs around the box printed before they ended, in one line; it is read from output().
  std::string last_words();

  const std::shared_ptr<Starter> starter_;
  Process process_;
  pid_t first_ = 0;
  ProcessHandle outer_, program_;

 private:
  std::unique_ptr<LimitWatch> watch_;
  std::optional<Exit> exit_;
};

}  // namespace chiliad::process
