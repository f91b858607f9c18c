// The life of a box. Processes, each the parent of the next:
//
//   server
//   unshare      waits; ends as its child does
//   sh           process 1 of a namespace of processes; dies with unshare; reaps what podman leaves to it
//   podman       waits; conmon beside it. If it still waits when init has long ended, it is not waited for
//                (container_end.h)
//   init         process 1 of the container, started by conmon
//   program
//
// unshare and all below are in a user namespace (user_namespace.h). Where the server is root, they run as kBoxOwner,
// and the images are mounted for them with owners as that namespace calls them: on the disk they stay root's. Where it
// is not, they run as the server's user, and the images are seen as they are.
//
// With podman's own means this cannot be had: a container's monitor outlives whoever asked for it, and `--uidmap` of
// podman 4.3 copies the image for each container and then maps it twice.

#include "process/podman.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/mutex.h"
#include "process/image_store.h"
#include "process/lifeline.h"
#include "process/podman_command.h"
#include "process/podman_process.h"
#include "process/sandbox.h"
#include "process/scratch.h"
#include "process/starter.h"
#include "process/system_calls.h"
#include "process/tree.h"
#include "process/user_namespace.h"

namespace chiliad::process {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUnshare = "/usr/bin/unshare";

// A socket for podman's word that the container runs.
Result<FileDescriptor> listen_at(const fs::path& folder) {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return system_error("make a socket in", folder, errno);
  Result<FileDescriptor> opened = open_file(folder, O_PATH | O_DIRECTORY);
  if (!opened) return std::move(opened).error();
  // The folder's own path may be too long for an address.
  const std::string path = fmt::format("/proc/self/fd/{}/{}", opened->get(), kReady);
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0)
    return system_error("make a socket in", folder, errno);
  return socket;
}

// Everything that a start needs and that does not change from box to box.
struct Here {
  OciRuntime runtime;
  ImageStore images;
  FileDescriptor user_namespace;  // Where the server is root: who owns the images' files.
};

enum class RootOf : std::uint8_t { kImage, kHost };

class PodmanRunner final : public BoxRunner {
 public:
  Result<std::unique_ptr<BoxedProcess>> start(const Box& box) override;
  Result<Done> check() override;

 private:
  // Podman is asked once; an error is not kept.
  Result<std::shared_ptr<const Here>> find_here() CHILIAD_EXCLUDES(mutex_);
  Result<std::unique_ptr<BoxedProcess>> start_in(const Box& box, RootOf root);

  const std::shared_ptr<Starter> starter_ = std::make_shared<Starter>();
  const bool is_root_ = ::geteuid() == 0;
  Mutex mutex_;
  std::shared_ptr<const Here> here_ CHILIAD_GUARDED_BY(mutex_);
};

Result<std::shared_ptr<const Here>> PodmanRunner::find_here() {
  {
    const MutexLock lock(mutex_);
    if (here_) return here_;
  }
  auto here = std::make_shared<Here>();
  Result<OciRuntime> runtime = find_podman();
  if (!runtime) return std::move(runtime).error();
  Result<ImageStore> images = find_images();
  if (!images) return std::move(images).error();
  here->runtime = *std::move(runtime);
  here->images = *std::move(images);
  if (is_root_) {
    Result<FileDescriptor> made = make_user_namespace(*starter_);
    if (!made) return std::move(made).error();
    here->user_namespace = *std::move(made);
  }
  const MutexLock lock(mutex_);
  here_ = std::move(here);
  return here_;
}

// What podman reads, in the box's own folder for it. Requires: make_scratch() passed.
Result<Done> make_own_folder(const Box& box, const PodmanPlaces& places) {
  const fs::path own = box.scratch / kOwn;
  if (::mkdir(own.c_str(), 0700) != 0) return system_error("make", own, errno);
  for (const char* name : {kRun, kTemporary, kSecrets}) {
    if (::mkdir((own / name).c_str(), 0700) != 0) return system_error("make", own / name, errno);
  }
  const PodmanVariables variables = podman_variables(box.environment);
  std::vector<std::pair<std::string, std::string>> files = {{kVariables, variables.lines},
                                                            {kConfiguration, podman_configuration(places)},
                                                            {kStorage, podman_storage(places)},
                                                            {kSystemCalls, system_call_profile()}};
  for (std::size_t i = 0; i < variables.secrets.size(); ++i)
    files.emplace_back(fmt::format("{}/{}", kSecrets, i), variables.secrets[i].value);
  for (const auto& [name, text] : files) {
    Result<FileDescriptor> file = open_file(own / name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return std::move(file).error();
    if (Result<Done> done = write_all(*file, text, own / name); !done) return done;
  }
  return Done{};
}

// The container is told; nobody else needs to read them.
void remove_variables(const Box& box) {
  std::error_code ignored;
  fs::remove(box.scratch / kOwn / kVariables, ignored);
  fs::remove_all(box.scratch / kOwn / kSecrets, ignored);
}

// Of what a box has in its scratch folder, that for which the image's own does not do.
std::vector<Mount> mounts_of(const Box& box) {
  std::vector<Mount> mounts;
  for (Mount& mount : scratch_mounts(box)) {
    if (mount.inside != kBoxHome && mount.inside != "/etc") mounts.push_back(std::move(mount));
  }
  mounts.push_back({box.scratch / "etc" / "hosts", "/etc/hosts", true});
  mounts.insert(mounts.end(), box.mounts.begin(), box.mounts.end());
  return mounts;
}

// For a server that is root: what the box may write is given to it, and all that podman is to see is carried to where
// it can. The places are then those that it sees.
Result<Process::Unprivileged> carry(const Box& box, const Here& here, PodmanPlaces& places) {
  Process::Unprivileged out{kBoxOwner, {box.scratch}};
  for (const Mount& mount : box.mounts) {
    if (!mount.writable) continue;
    if (Result<Done> given = give_to(mount.host, kBoxOwner); !given) return std::move(given).error();
  }
  const std::string scratch = fmt::format("{}/0", kCarried);
  for (Mount& mount : places.mounts) {
    const fs::path below = mount.host.lexically_relative(box.scratch);
    if (!below.empty() && *below.begin() != "..") {
      mount.host = scratch / below;
    } else {
      mount.host = fmt::format("{}/{}", kCarried, out.carried.size());
      out.carried.push_back(box.mounts[out.carried.size() - 1].host);
    }
  }
  places.own = fs::path(scratch) / kOwn;
  places.images = fmt::format("{}/{}", kCarried, out.carried.size());
  out.id_mapped.push_back({here.images.folder, here.user_namespace.get()});
  return out;
}

// For a server that is not root: a folder at which podman's own is mounted for podman alone. The monitor's sockets have
// addresses of 107 bytes; where they do not fit, podman waits 20 s for the end of each container. Empty: what podman
// needs lies below all that come into question.
fs::path short_place(const PodmanPlaces& places) {
  const auto is_below = [](const fs::path& path, const fs::path& folder) {
    const fs::path below = path.lexically_relative(folder);
    return !below.empty() && *below.begin() != "..";
  };
  for (const char* name : {"/mnt", "/media", "/srv"}) {
    const fs::path place = name;
    const bool is_free = !is_below(places.own, place) && !is_below(places.images, place) &&
                         std::none_of(places.mounts.begin(), places.mounts.end(),
                                      [&](const Mount& m) { return is_below(m.host, place); });
    std::error_code ignored;
    if (is_free && fs::is_directory(fs::symlink_status(place, ignored))) return place;
  }
  return {};
}

// unshare and all that it becomes and starts. `own`: podman's own folder, to be mounted at `place` unless that is
// empty.
void set_command(Process::Start& start, const fs::path& own, const fs::path& place,
                 std::vector<std::string> podman_words) {
  start.program = kUnshare;
  std::vector<std::string> words = {kUnshare, "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "--"};
  if (!place.empty()) {
    words.insert(words.end(), {"/bin/sh", "-c", "mount --bind \"$1\" \"$2\" && cd \"$2\" && shift 2 && exec \"$@\"",
                               "sh", own.native(), place.native()});
  }
  words.insert(words.end(), {"/bin/sh", "-c", podman_first_steps(), "sh"});
  words.insert(words.end(), std::make_move_iterator(podman_words.begin()), std::make_move_iterator(podman_words.end()));
  start.arguments = words_in_user_namespace(std::move(words));
  start.limits = {{RLIMIT_CORE, 0}};
}

// A folder with the host's programs, for the want of an image. Adds the mounts that it needs.
Result<Done> make_root_of_host(const fs::path& root, std::vector<Mount>& mounts) {
  std::error_code failure;
  fs::create_directories(root / "usr", failure);
  mounts.push_back({"/usr", "/usr"});
  for (const char* name : {"bin", "lib", "lib32", "lib64"}) {
    const fs::path host = fs::path("/") / name;
    if (fs::is_symlink(host)) {
      fs::create_symlink(fs::read_symlink(host), root / name, failure);
    } else if (fs::is_directory(host)) {
      mounts.push_back({host, host.native()});
    }
  }
  if (failure) return system_error("make", root, failure.value());
  return Done{};
}

std::string_view what_podman_needs(bool is_root) {
  if (is_root)
    return "podman's boxes need Linux 5.19 and a file system for images that can be id-mapped (ext4, xfs, btrfs)";
  return "podman's boxes of a server that is not root need user namespaces and Linux 5.11";
}

Result<std::unique_ptr<BoxedProcess>> PodmanRunner::start_in(const Box& box, RootOf root) {
  Result<std::shared_ptr<const Here>> here = find_here();
  if (!here) return std::move(here).error();
  if (Result<Done> done = make_scratch(box); !done) return std::move(done).error();
  PodmanPlaces places{box.scratch / kOwn, (*here)->images.folder, (*here)->images.driver, {},
                      mounts_of(box),     (*here)->runtime};
  Process::Start start;
  fs::path place;
  if (is_root_) {
    Result<Process::Unprivileged> unprivileged = carry(box, **here, places);
    if (!unprivileged) return std::move(unprivileged).error();
    start.unprivileged = *std::move(unprivileged);
  } else {
    place = short_place(places);
  }
  start.working_folder = places.own;
  if (!place.empty()) places.own = place;
  if (Result<Done> done = make_own_folder(box, places); !done) return std::move(done).error();
  if (root == RootOf::kHost) {
    places.root = places.own / "root";
    if (Result<Done> done = make_root_of_host(box.scratch / kOwn / "root", places.mounts); !done)
      return std::move(done).error();
  }
  Result<std::vector<std::string>> words = podman_words(box, places);
  if (!words) return std::move(words).error();
  set_command(start, box.scratch / kOwn, place, *std::move(words));
  start.environment = podman_environment(places, is_root_ ? kBoxOwner : ::geteuid());
  Result<FileDescriptor> ready = listen_at(box.scratch / kOwn);
  if (!ready) return std::move(ready).error();
  if (is_root_) {
    if (Result<Done> given = give_to(box.scratch, kBoxOwner); !given) return std::move(given).error();
  }
  Result<Lifeline> lifeline = Lifeline::make();
  if (!lifeline) return std::move(lifeline).error();
  start.descriptors = {lifeline->inner_end()};
  Result<Process> process = starter_->start(start);
  if (!process) return std::move(process).error().in("start a box");
  auto boxed = std::make_unique<PodmanProcess>(starter_, *std::move(process));
  Result<Done> done = boxed->go_through(*std::move(lifeline), *ready, box);
  remove_variables(box);
  if (!done) return std::move(done).error();
  return Result<std::unique_ptr<BoxedProcess>>(std::move(boxed));
}

Result<std::unique_ptr<BoxedProcess>> PodmanRunner::start(const Box& box) {
  if (Result<Done> done = check_image_name(box.image); !done) return std::move(done).error();
  if (Result<Done> done = check_box(box); !done) return std::move(done).error();
  return start_in(box, RootOf::kImage);
}

// Whether or not there is an image: with the host's own programs.
Result<Done> PodmanRunner::check() {
  return trial_box([this](const Box& box) { return start_in(box, RootOf::kHost); }, what_podman_needs(is_root_));
}

}  // namespace

std::unique_ptr<BoxRunner> podman() { return std::make_unique<PodmanRunner>(); }

}  // namespace chiliad::process
