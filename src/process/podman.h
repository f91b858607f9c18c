// Boxes by podman: the program and all that it finds come from a container image.
//
// Podman itself runs without privileges, in namespaces of users, processes and mounts that the server makes around it:
// when the server ends, by whatever signal, the kernel ends podman, its monitor and the container and takes their
// mounts away. No daemon, no cgroup, no systemd. Images are read from the storage of the user that the server runs as
// (`podman images`); nothing is pulled. What a container needs beside them lies in its box's scratch folder.
//
// A server that is not root needs subordinate users and groups of its own (/etc/subuid, newuidmap). Then what the
// program leaves as another user than root belongs to one of those: the server removes it, but reads it only where
// everybody may, and counts as disk only what it can read.
//
// Beside the rules of box.h:
//   - The image takes the place of /usr, /etc and the rest; of the scratch folder it sees /tmp, /var/tmp, /dev/shm and
//     /etc/hosts. It may write everywhere: what it writes beside its mounts lies in the scratch folder too.
//   - The program is root inside, with the few capabilities of podman_command.cc over its own users alone; outside it
//     is kBoxOwner where the server is root, else the server's user. The image's USER does not count.
//   - Its environment has the image's variables under the box's, and what podman adds (container, HOSTNAME, TERM,
//   HOME).
//   - Process 1 of the container is podman's init, which reaps; the program is its child.
//   - limits.processes: a box that has more is ended within a second; the kernel refuses a fork soon after the limit.
//   - It is ended ContainerEnd::kPatience after process 1, whether or not podman comes back; kLongPatience where nobody
//     knows how process 1 ended (container_end.h).
//   - Standard output and error arrive as they are written, in order.
//
// Source: podman-run(1), containers.conf(5), containers-storage.conf(5); podman 4.3, runc 1.1, crun 1.8.

#pragma once

#include <memory>

#include "process/box.h"

namespace chiliad::process {

// check(): kUnavailable: a program or subordinate users are missing, or what podman said.
std::unique_ptr<BoxRunner> podman();

}  // namespace chiliad::process
