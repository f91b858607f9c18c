// What podman is told for a box: the words of its command and the files that it reads. Nothing is written or started
// here. Variables are in files, because command lines are seen by every user of the host.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "process/box.h"

namespace chiliad::process {

// The program that makes the container, and what it needs to be told.
struct OciRuntime {
  std::string name;             // "runc", "crun"
  bool without_cgroups = true;  // It can do without a control group, and is to.
};

// Where podman finds things: paths as podman sees them.
struct PodmanPlaces {
  std::filesystem::path own;     // The box's own folder for podman, where it is started.
  std::filesystem::path images;  // A storage of podman's in which the images are; empty: none is needed.
  std::string driver;            // Of that storage: "overlay".
  std::filesystem::path root;    // A folder that takes the place of an image; empty: box.image.
  std::vector<Mount> mounts;
  OciRuntime runtime;
};

// The image's part of podman's own words: of a name as `podman images` prints it, or an id.
// Errors: kInvalid: no such name can be.
Result<Done> check_image_name(std::string_view image);

// The words behind "podman": "run", ... Requires: check_box() passed, check_image_name() where there is no root.
// Errors: kInvalid: a path or a variable's name that podman cannot be told.
Result<std::vector<std::string>> podman_words(const Box& box, const PodmanPlaces& places);

// Variables of the box. podman reads a file of lines, which can hold neither line breaks nor more than 64 KiB a line;
// it keeps what does not fit as secrets, each a file of any bytes.
struct PodmanVariables {
  std::string lines;
  struct Secret {
    std::string name;  // Of the variable.
    std::string value;
  };
  std::vector<Secret> secrets;
};
PodmanVariables podman_variables(const std::vector<std::string>& environment);

// PodmanPlaces::own in the box's scratch folder.
inline constexpr const char* kOwn = "podman";

// Names of files in PodmanPlaces::own. Secrets are kSecrets/<0, 1, ...>.
inline constexpr const char *kVariables = "variables", *kSecrets = "secrets", *kConfiguration = "containers.conf",
                            *kStorage = "storage.conf", *kSystemCalls = "seccomp.json", *kReady = "ready",
                            *kRun = "run", *kTemporary = "tmp";

// Where in PodmanPlaces::own the monitor writes how a container ended.
inline constexpr const char* kExits = "run/libpod/exits";

// The text of containers.conf and storage.conf: nothing of the host's own is read.
std::string podman_configuration(const PodmanPlaces& places);
std::string podman_storage(const PodmanPlaces& places);

// Podman's own variables; `user` is who it runs as outside of its user namespace.
std::vector<std::string> podman_environment(const PodmanPlaces& places, unsigned user);

// Process 1 of podman's namespace of processes, as `sh -c` takes it: says "there" at descriptor 3, waits for a word,
// keeps the secrets, becomes no other program but starts podman, because podman would not reap what is left to it.
std::string podman_first_steps();

}  // namespace chiliad::process
