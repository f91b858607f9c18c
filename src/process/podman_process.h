// PodmanProcess: from podman's start to the program in its container. The runner (podman.cc) has prepared everything;
// the steps here are taken with the first steps of podman_command.h at the other end of the lifeline.
//
// Thread safety: as BoxedProcess.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/time.h"
#include "process/container_end.h"
#include "process/lifeline.h"
#include "process/nested_process.h"

namespace chiliad::process {

class PodmanProcess final : public NestedProcess {
 public:
  PodmanProcess(std::shared_ptr<Starter> starter, Process process)
      : NestedProcess(std::move(starter), std::move(process)) {}

  // Until the program runs, or has run. `ready`: a socket at which podman's word arrives. Errors: as
  // BoxRunner::start().
  Result<Done> go_through(Lifeline lifeline, const FileDescriptor& ready, const Box& box);

  std::optional<Exit> exit() override;

 private:
  Result<Done> meet_outer(Lifeline& lifeline, Deadline deadline);
  Result<Done> await_container(const FileDescriptor& ready, const Box& box, Deadline deadline);
  pid_t find_first() const;
  Result<Done> watch_end(const Box& box);
  Result<Done> meet_program(const Box& box, Deadline deadline);
  // Why the container's process 1 could not start the program, if so.
  std::string complaint_of_init();
  // Why podman ended: what it printed.
  Error failed(std::string_view step, const Box* box);

  pid_t outer_number_ = 0;
  std::optional<Exit> exit_;
  std::unique_ptr<ContainerEnd> end_;  // The last: its thread ends the others.
};

}  // namespace chiliad::process
