#include "process/nested_process.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "process/lifeline.h"
#include "process/process_tree.h"

namespace chiliad::process {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kUnkillable{10};
constexpr std::size_t kMaxComplaint = 4000;

}  // namespace

NestedProcess::~NestedProcess() {
  NestedProcess::kill();
  // The watch's thread must not outlive what it ends.
  watch_.reset();
  if (outer_) readable_before(outer_.get(), steady_clock::now() + kUnkillable);
}

void NestedProcess::terminate() {
  program_.send(SIGTERM);
  program_.send(SIGCONT);
}

void NestedProcess::kill() {
  // unshare first: it would print how its child died.
  ProcessHandle::send_to(process_.ended(), SIGKILL);
  outer_.send(SIGKILL);
}

std::optional<Exit> NestedProcess::exit() {
  if (exit_) return exit_;
  if (!outer_.has_ended()) return std::nullopt;
  // unshare hears of it now.
  readable_before(process_.ended(), steady_clock::now() + kUnkillable);
  exit_ = process_.exit();
  if (exit_ && exit_->signal == 0) exit_ = as_shells_tell(exit_->code);
  return exit_;
}

Exit NestedProcess::as_shells_tell(int code) { return {code, code > 128 && code <= 128 + SIGRTMAX ? code - 128 : 0}; }

std::optional<Exceeded> NestedProcess::exceeded() const { return watch_ ? watch_->exceeded() : std::nullopt; }

std::vector<pid_t> NestedProcess::pids() const {
  return outer_.has_ended() ? std::vector<pid_t>() : descendants(first_);
}

std::uint64_t NestedProcess::resident_bytes() const { return proportional_memory(pids()).bytes; }

Result<Done> NestedProcess::watch(const Box& box) {
  const BoxLimits& limits = box.limits;
  if (limits.memory_bytes == 0 && limits.disk_bytes == 0 && limits.processes == 0) return Done{};
  LimitWatch::Watched watched;
  watched.root = first_;
  watched.ended = outer_.get();
  watched.folders = {box.scratch};
  for (const Mount& mount : box.mounts) {
    if (mount.writable) watched.folders.push_back(mount.host);
  }
  watched.limits = limits;
  watched.end = [this] { NestedProcess::kill(); };
  Result<std::unique_ptr<LimitWatch>> started = LimitWatch::start(std::move(watched));
  if (!started) return std::move(started).error();
  watch_ = *std::move(started);
  return Done{};
}

std::string NestedProcess::last_words() {
  // They come before the end.
  readable_before(process_.ended(), steady_clock::now() + std::chrono::seconds(1));
  std::string words(kMaxComplaint, '\0');
  const ssize_t got = ::read(process_.output(), words.data(), words.size());
  words.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (words.ends_with('\n')) words.pop_back();
  std::replace(words.begin(), words.end(), '\n', ' ');
  return words;
}

}  // namespace chiliad::process
