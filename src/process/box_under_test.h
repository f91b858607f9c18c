// For tests: a box with folders of its own that go away with it, and its program run to the end.
//
// Thread safety: one thread at a time.

#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/file.h"
#include "process/box.h"
#include "process/podman.h"
#include "process/sandbox.h"
#include "process/tree.h"

namespace chiliad::process {

// Waits until the descriptor is readable; false after a minute.
inline bool wait_for(int fd) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  ::pollfd polled{fd, POLLIN, 0};
  while (std::chrono::steady_clock::now() < deadline) {
    if (::poll(&polled, 1, 1000) > 0) return true;
  }
  return false;
}

// What the program has printed and not been asked for yet.
inline std::string read_output(const BoxedProcess& process) {
  std::string all, part(65536, '\0');
  ssize_t got = 0;
  while ((got = ::read(process.output(), part.data(), part.size())) > 0)
    all.append(part, 0, static_cast<std::size_t>(got));
  return all;
}

// Reads until the text contains `words`; what was read, also when the minute is over or the output has ended.
inline std::string read_until(const BoxedProcess& process, std::string_view words) {
  std::string all;
  while (all.find(words) == all.npos && wait_for(process.output())) {
    const std::string more = read_output(process);
    if (more.empty()) break;
    all += more;
  }
  return all;
}

struct Ended {
  Exit exit{-1, -1};
  std::string output;
  std::optional<Exceeded> exceeded;
};

// Reads the output until everything in the box has ended.
inline Ended finish(BoxedProcess& process) {
  Ended ended;
  ::pollfd polled[] = {{process.ended(), POLLIN, 0}, {process.output(), POLLIN, 0}};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::chrono::steady_clock::now() < deadline && polled[0].revents == 0) {
    ::poll(polled, 2, 1000);
    if (polled[1].revents == 0) continue;
    const std::string more = read_output(process);
    ended.output += more;
    if (more.empty()) polled[1].fd = -1;
  }
  ended.exit = process.exit().value_or(ended.exit);
  ended.output += read_output(process);
  ended.exceeded = process.exceeded();
  return ended;
}

// A box for /bin/sh -c `script`, with the folder() of the host's at /opt/ml.
class TestBox {
 public:
  explicit TestBox(std::string script) {
    box.command = {"sh", "-c", std::move(script)};
    box.environment = {"PATH=/usr/bin:/bin"};
    std::filesystem::create_directory(folder());
    std::filesystem::create_directory(home_.path() / "scratch");
    box.scratch = home_.path() / "scratch";
    box.mounts = {{folder(), "/opt/ml", true}};
    box.working_folder = "/opt/ml";
  }
  TestBox(TestBox&&) = default;
  // What the box wrote may be such that TempFolder's own way fails.
  ~TestBox() {
    if (home_.path().empty()) return;
    EXPECT_TRUE(remove_tree(home_.path()));
  }

  std::filesystem::path folder() const { return home_.path() / "ml"; }
  const std::filesystem::path& home() const { return home_.path(); }

  Box box;

 private:
  TempFolder home_ = *TempFolder::make();
};

// Requires: it can be started.
inline std::unique_ptr<BoxedProcess> start(BoxRunner& runner, const Box& box) {
  Result<std::unique_ptr<BoxedProcess>> process = runner.start(box);
  if (!process) {
    ADD_FAILURE() << process.error().message;
    std::abort();
  }
  return *std::move(process);
}

inline Ended run(BoxRunner& runner, const Box& box) { return finish(*start(runner, box)); }

// Images of tests are in a storage of their own, which every podman that is started from here on uses. Empty: none
// could be made; check() says why. `source`: the project's folder.
inline std::string make_test_image(const std::string& source) {
  static const struct Storage {
    ~Storage() { EXPECT_TRUE(remove_tree(folder.path())); }
    TempFolder folder = *TempFolder::make();
  } storage;
  static const std::string image = [&] {
    const std::string folder = storage.folder.path(), file = folder + "/storage.conf";
    const std::string text = "[storage]\ndriver = \"overlay\"\ngraphroot = \"" + folder + "/images\"\nrunroot = \"" +
                             folder + "/run\"\nrootless_storage_path = \"" + folder + "/images\"\n";
    if (!write_file_atomically(file, text, Durability::kNone)) return std::string();
    ::setenv("CONTAINERS_STORAGE_CONF", file.c_str(), 1);
    // In a namespace that podman makes for itself, a process of its own would stay behind.
    const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
    const std::string in_own_namespace = ::geteuid() == 0
                                             ? std::string()
                                             : "_CONTAINERS_USERNS_CONFIGURED=done _CONTAINERS_ROOTLESS_UID=" + user +
                                                   " _CONTAINERS_ROOTLESS_GID=" + group +
                                                   " unshare --user --map-root-user --map-auto --mount -- ";
    // The host's own packages: no registry is needed.
    const std::string make =
        "python3 " + source +
        "/tool/debian_root.py base-files coreutils dash grep hostname libc-bin python3 util-linux | " +
        in_own_namespace +
        "podman --log-level error import --quiet --change ENV=FROM_IMAGE=image --change ENV=FROM_BOTH=image "
        "--change WORKDIR=/srv --change 'ENTRYPOINT=[\"printf\",\"<%s>\",\"entry\"]' "
        "--change 'CMD=[\"image\"]' - localhost/chiliad-box-test >/dev/null";
    return std::system(make.c_str()) == 0 ? std::string("localhost/chiliad-box-test") : std::string();
  }();
  return image;
}

enum class RunnerKind : std::uint8_t { kBubblewrap, kPodman };

// Tests for boxes of every kind; skipped where none of the kind can be started.
class BoxTest : public testing::TestWithParam<RunnerKind> {
 protected:
  explicit BoxTest(std::string source) : source_(std::move(source)) {}

  bool is_podman() const { return GetParam() == RunnerKind::kPodman; }
  std::unique_ptr<BoxRunner> make_runner() const { return is_podman() ? podman() : bubblewrap(); }

  void SetUp() override {
    static std::map<RunnerKind, std::string> why_not;
    if (!why_not.contains(GetParam())) {
      if (is_podman()) make_test_image(source_);  // Else check() says why not.
      const Result<Done> can = make_runner()->check();
      why_not[GetParam()] = can ? std::string() : can.error().message;
    }
    if (const std::string& reason = why_not[GetParam()]; !reason.empty()) GTEST_SKIP() << reason;
    runner_ = make_runner();
  }

  // A box of this kind for /bin/sh -c `script`.
  TestBox make_box(std::string script) const {
    TestBox box(std::move(script));
    if (is_podman()) box.box.image = make_test_image(source_);
    return box;
  }
  Ended run_script(std::string script) {
    const TestBox box = make_box(std::move(script));
    return run(*runner_, box.box);
  }

  const std::string source_;
  std::unique_ptr<BoxRunner> runner_;
};

inline const auto kRunnerKinds = testing::Values(RunnerKind::kBubblewrap, RunnerKind::kPodman);
inline std::string name_of_kind(const testing::TestParamInfo<RunnerKind>& info) {
  return info.param == RunnerKind::kPodman ? "podman" : "bubblewrap";
}

// Tests for what is bubblewrap's alone.
class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    static const std::string why_not = [] {
      const Result<Done> can = bubblewrap()->check();
      return can ? std::string() : can.error().message;
    }();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    runner_ = bubblewrap();
  }

  Ended run_script(std::string script) {
    const TestBox box(std::move(script));
    return run(*runner_, box.box);
  }

  std::unique_ptr<BoxRunner> runner_;
};

}  // namespace chiliad::process
