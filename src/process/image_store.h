// Podman as it is installed here: its programs, and where the images of the server's user are.
//
// Thread safety: safe from any thread.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "process/podman_command.h"

namespace chiliad::process {

// The program that makes containers here. Errors: kUnavailable: what is missing for boxes of podman; what to install.
Result<OciRuntime> find_podman();

struct ImageStore {
  std::filesystem::path folder;  // "/var/lib/containers/storage"
  std::string driver;            // "overlay"
};
// What `podman info` printed with kMark before the storage's driver and folder, warnings of its own in front.
// Errors: kUnavailable: it names none; what it said instead.
inline constexpr std::string_view kMark = "storage: ";
Result<ImageStore> parse_storage(std::string_view text);

// As `podman info` tells, which reads the server's own variables and the user's own settings.
// Errors: kUnavailable: what podman said.
Result<ImageStore> find_images();

// "podman pull ..., or `buildah bud -t ... FOLDER`" for an image that is not there.
std::string how_to_get(const std::string& image);

}  // namespace chiliad::process
