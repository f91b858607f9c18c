#include "job/pipe_feed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/hash.h"
#include "job/augmented_manifest.h"
#include "job/contract.h"
#include "job/location.h"
#include "job/object_stream.h"
#include "job/pipe_epoch.h"
#include "store/beneath.h"

namespace chiliad::job {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{20};  // At a pipe that nobody has opened.

Error gone(std::string_view name) {
  return {ErrorCode::kNotFound, "the pipe " + std::string(name) + " is no longer there"};
}

// The objects in the order of an epoch: as planned, or by the hashes of their keys under the seed and the epoch, which
// all instances agree on.
std::vector<const PlannedObject*> order_of(const PlannedInput& input, int number) {
  std::vector<std::pair<std::uint64_t, const PlannedObject*>> hashed;
  hashed.reserve(input.objects.size());
  const std::uint64_t seed = content_hash(fmt::format("{} {}", input.shuffle_seed.value_or(0), number));
  for (const PlannedObject& object : input.objects)
    hashed.emplace_back(input.shuffle_seed ? content_hash(object.key, seed) : 0, &object);
  std::ranges::stable_sort(hashed, {}, &std::pair<std::uint64_t, const PlannedObject*>::first);
  std::vector<const PlannedObject*> out;
  out.reserve(hashed.size());
  for (const auto& [hash, object] : hashed) out.push_back(object);
  return out;
}

// The instance's share of the objects.
Result<bool> send_objects(PipeEpoch& epoch, int number, const PlannedInput& input, int index, int count) {
  const std::vector<const PlannedObject*> objects = order_of(input, number);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!input.goes_to(i, index, count)) continue;
    Result<bool> sent = epoch.send_object(*input.store, objects[i]->key, objects[i]->size_bytes);
    if (!sent) return std::move(sent).error().in(fmt::format("'{}'", shown(objects[i]->key)));
    if (!*sent) return false;
  }
  return true;
}

Result<bool> send_line(PipeEpoch& epoch, std::string_view line, const PlannedInput& input, store::Buckets& buckets) {
  Result<std::vector<AugmentedValue>> values = parse_augmented_line(line, input.attributes);
  if (!values) return std::move(values).error();
  for (const AugmentedValue& value : *values) {
    Result<bool> sent = true;
    if (value.is_object) {
      Result<std::shared_ptr<store::ObjectStore>> store = buckets.open(value.object.bucket);
      if (!store) return std::move(store).error();
      sent = epoch.send_object(**store, value.object.key, PlannedObject::kUnknown);
    } else {
      sent = epoch.send_value(value.bytes);
    }
    if (!sent || !*sent) return sent;
  }
  return true;
}

// Of an augmented manifest the lines are dealt, not the one object.
Result<bool> send_lines(PipeEpoch& epoch, const PlannedInput& input, int index, int count, store::Buckets& buckets) {
  const PlannedObject& manifest = input.objects.front();
  ObjectStream object(*input.store, manifest.key, manifest.size_bytes);
  std::string rest;
  std::size_t number = 0;
  const auto line_done = [&](std::string_view line) -> Result<bool> {
    const std::size_t i = number++;
    if (line.find_first_not_of(" \t\r") == line.npos || !input.goes_to(i, index, count)) return true;
    Result<bool> sent = send_line(epoch, line, input, buckets);
    if (!sent) return std::move(sent).error().in(fmt::format("manifest '{}' line {}", shown(manifest.key), i + 1));
    return sent;
  };
  while (true) {
    Result<std::string> piece = object.next();
    if (!piece) return std::move(piece).error().in("manifest '" + shown(manifest.key) + "'");
    if (piece->empty()) return rest.empty() ? Result<bool>(true) : line_done(rest);
    rest += *piece;
    std::size_t at = 0;
    for (std::size_t end = 0; (end = rest.find('\n', at)) != rest.npos; at = end + 1) {
      Result<bool> sent = line_done(std::string_view(rest).substr(at, end - at));
      if (!sent || !*sent) return sent;
    }
    rest.erase(0, at);
    if (rest.size() > kMaxManifestLine)
      return Error{ErrorCode::kTooLarge, "manifest '" + shown(manifest.key) + "': a line of more than 1 MiB"};
  }
}

}  // namespace

struct PipeFeeds::Feed {
  const PlannedInput* input;
  FileDescriptor folder;  // Where its pipes lie.
  std::string name;       // "training"
  std::filesystem::path work;

  std::string pipe_name(int epoch) const { return fmt::format("{}_{}", name, epoch); }
  // For whoever may read the folder, whatever the server's umask.
  Result<Done> make(int epoch) const {
    const std::string pipe = pipe_name(epoch);
    if (::mkfifoat(folder.get(), pipe.c_str(), 0644) != 0 && errno != EEXIST) return system_error("make", pipe, errno);
    const FileDescriptor made(::openat(folder.get(), pipe.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!made || ::fstat(made.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) return gone(pipe);
    if (::fchmod(made.get(), 0644) != 0) return system_error("change", pipe, errno);
    return Done{};
  }
};

PipeFeeds::PipeFeeds(const JobRun& job, int index, std::uint64_t free_bytes, std::function<void(std::string)> failed)
    : job_(job), index_(index), free_bytes_(free_bytes), failed_(std::move(failed)) {}

PipeFeeds::~PipeFeeds() { stop(); }

Result<Done> PipeFeeds::open() {
  const std::filesystem::path root = job_.root_of(index_);
  for (const PlannedInput& input : job_.inputs) {
    if (input.mode != InputMode::kPipe) continue;
    if (Result<Done> made = store::make_folders_beneath(root, input.folder); !made) return made;
    const std::size_t slash = input.folder.rfind('/');
    auto feed = std::make_unique<Feed>();
    feed->input = &input;
    feed->name = input.folder.substr(slash + 1);
    feed->work = job_.folder / "records" / host_name(index_) / std::to_string(feeds_.size());
    Result<FileDescriptor> folder =
        store::open_beneath(root, input.folder.substr(0, slash), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!folder) return std::move(folder).error();
    feed->folder = *std::move(folder);
    if (Result<Done> made = feed->make(0); !made) return made;
    feeds_.push_back(std::move(feed));
  }
  for (const auto& feed : feeds_) threads_.emplace_back([this, &one = *feed] { run(one); });
  return Done{};
}

void PipeFeeds::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_.store(true);
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool PipeFeeds::pause() {
  const MutexLock lock(mutex_);
  const auto until = steady_clock::now() + kLook;
  while (!stopped_.load() && steady_clock::now() < until) changed_.wait_until(mutex_, until);
  return !stopped_.load();
}

// Without blocking in open(2): a program may never read, and may put anything in the pipe's place.
Result<FileDescriptor> PipeFeeds::wait_for_reader(const Feed& feed, int epoch) {
  const std::string name = feed.pipe_name(epoch);
  while (!stopped_.load()) {
    FileDescriptor pipe(::openat(feed.folder.get(), name.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (pipe)
      return ::fstat(pipe.get(), &info) == 0 && S_ISFIFO(info.st_mode) ? Result<FileDescriptor>(std::move(pipe))
                                                                       : Result<FileDescriptor>(gone(name));
    if (errno != ENXIO && errno != EINTR) return gone(name);
    pause();
  }
  return Error{ErrorCode::kUnavailable, "it is over"};
}

void PipeFeeds::run(const Feed& feed) {
  // A reader that goes is told by EPIPE.
  sigset_t pipe;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  const PlannedInput& input = *feed.input;
  const int count = job_.spec.instance_count;
  for (int number = 0;; ++number) {
    Result<FileDescriptor> writer = wait_for_reader(feed, number);
    // What the program removed it does not want.
    if (!writer || !feed.make(number + 1)) return;
    PipeEpoch epoch(*writer, input, feed.work, free_bytes_, stopped_);
    Result<bool> sent = input.attributes.empty() ? send_objects(epoch, number, input, index_, count)
                                                 : send_lines(epoch, input, index_, count, *job_.buckets);
    if (!sent) return failed_(std::move(sent).error().in("input " + shown(input.name)).message);
  }
}

}  // namespace chiliad::job
