// Boxes by bubblewrap (bwrap, Debian's package bubblewrap): namespaces of the kernel and no daemon, as root and as any
// user who may make user namespaces.
//
// In both cases bwrap itself runs without privileges, in a user namespace. Where the server is root, bwrap runs as user
// and group kBoxOwner, which nobody else has, so that the program is root neither inside nor outside; the writable
// mounts and the scratch folder are given to that user at the start, and are the server's to read and remove.
//
// Source: bwrap(1), namespaces(7), user_namespaces(7).

#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "process/box.h"

namespace chiliad::process {

// Who the files of a box belong to on the host where the server is root: a number that Debian, systemd and adduser
// leave unused.
inline constexpr unsigned kBoxOwner = 61000;

std::unique_ptr<BoxRunner> bubblewrap();

// For a file or folder that the server adds to a box's writable folders while it runs: makes it the box's where the
// server is root; else there is nothing to do. Requires: `path` leads through no folder that the box could exchange for
// a link meanwhile (store::open_beneath() makes files that way). Errors: as give_to() of tree.h.
Result<Done> give_to_boxes(const std::filesystem::path& path);

}  // namespace chiliad::process
