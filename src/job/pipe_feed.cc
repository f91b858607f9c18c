#include "job/pipe_feed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "job/augmented_manifest.h"
#include "job/contract.h"
#include "job/download.h"
#include "job/location.h"
#include "job/object_stream.h"
#include "store/beneath.h"
#include "table/gunzip.h"

namespace chiliad::job {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{20};  // At a pipe that nobody has opened.
constexpr int kLookWhileWriting = 100;          // At whether it is over, in milliseconds.
constexpr std::uint64_t kMaxRecord = (std::uint64_t{1} << 29) - 1;
constexpr std::chrono::minutes kUnpack{10};  // One object that is to become a record.
constexpr std::size_t kPortion = std::size_t{256} << 10;

Error gone(std::string_view name) {
  return {ErrorCode::kNotFound, "the pipe " + std::string(name) + " is no longer there"};
}

// Reads what next() gives as a stream of any portions.
table::PullBytes pull(ObjectStream& object) {
  return [&object, piece = std::string(), at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    if (at == piece.size()) {
      Result<std::string> next = object.next();
      if (!next) return std::move(next).error();
      piece = *std::move(next);
      at = 0;
    }
    const std::size_t count = std::min(into.size(), piece.size() - at);
    std::memcpy(into.data(), piece.data() + at, count);
    at += count;
    return count;
  };
}

// An epoch on its way through a pipe. Each send() says whether to go on: false when the reader has gone or it is over.
class Epoch {
 public:
  // What has to be unpacked to a file lies below `work`.
  Epoch(const FileDescriptor& pipe, const PlannedInput& input, const std::filesystem::path& work,
        std::uint64_t free_bytes, const std::atomic<bool>& stopped)
      : pipe_(pipe), input_(input), work_(work), free_bytes_(free_bytes), stopped_(stopped) {}

  // `listed_bytes`: as ObjectStream has it.
  Result<bool> send_object(store::ObjectStore& store, const std::string& key, std::uint64_t listed_bytes) {
    if (input_.gzip && input_.record_io) return send_unpacked_record(store, key);
    ObjectStream object(store, key, listed_bytes);
    if (input_.gzip) return send_unpacked(object, key);
    std::uint64_t size = 0;
    if (input_.record_io) {
      Result<std::uint64_t> known = object.size();
      if (!known) return std::move(known).error();
      size = *known;
    }
    if (Result<bool> sent = begin_record(size); !sent || !*sent) return sent;
    while (true) {
      Result<std::string> piece = object.next();
      if (!piece) return std::move(piece).error();
      if (piece->empty()) return end_record(size);
      if (!send(*piece)) return false;
    }
  }

  Result<bool> send_value(std::string_view bytes) {
    if (Result<bool> sent = begin_record(bytes.size()); !sent || !*sent) return sent;
    return send(bytes) && end_record(bytes.size());
  }

 private:
  Result<bool> send_unpacked(ObjectStream& object, const std::string& key) {
    const table::PullBytes bytes = table::gunzip_if_gzip(pull(object), shown(key));
    std::string portion(kPortion, '\0');
    while (true) {
      Result<std::size_t> got = bytes(portion);
      if (!got) return std::move(got).error();
      if (*got == 0) return true;
      if (!send(std::string_view(portion).substr(0, *got))) return false;
    }
  }

  // A record begins with its length, which is known when all is unpacked.
  Result<bool> send_unpacked_record(store::ObjectStore& store, const std::string& key) {
    std::error_code failure;
    std::filesystem::remove_all(work_, failure);
    std::filesystem::create_directories(work_, failure);
    if (failure) return system_error("make", work_, failure.value());
    const std::filesystem::path path = work_ / "record";
    Result<Done> unpacked = download_unpacked(store, key, path, free_bytes_, steady_clock::now() + kUnpack);
    if (!unpacked) return std::move(unpacked).error();
    Result<FileDescriptor> file = open_file(path, O_RDONLY);
    if (!file) return std::move(file).error();
    std::filesystem::remove_all(work_, failure);
    struct stat info {};
    if (::fstat(file->get(), &info) != 0) return system_error("stat", path, errno);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (Result<bool> sent = begin_record(size); !sent || !*sent) return sent;
    std::string portion(kPortion, '\0');
    while (true) {
      const ssize_t got = ::read(file->get(), portion.data(), portion.size());
      if (got < 0) return system_error("read", path, errno);
      if (got == 0) return end_record(size);
      if (!send(std::string_view(portion).substr(0, static_cast<std::size_t>(got)))) return false;
    }
  }

  Result<bool> begin_record(std::uint64_t size) {
    if (!input_.record_io) return true;
    Result<std::string> head = record_head(size);
    if (!head) return std::move(head).error();
    return send(*head);
  }
  bool end_record(std::uint64_t size) { return !input_.record_io || send(record_end(size)); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      if (stopped_.load()) return false;
      const ssize_t written = ::write(pipe_.get(), bytes.data(), bytes.size());
      if (written >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN) {
        ::pollfd polled{pipe_.get(), POLLOUT, 0};
        ::poll(&polled, 1, kLookWhileWriting);
      } else if (errno != EINTR) {
        return false;  // EPIPE: it reads no more of this epoch.
      }
    }
    return true;
  }

  const FileDescriptor& pipe_;
  const PlannedInput& input_;
  const std::filesystem::path& work_;
  const std::uint64_t free_bytes_;
  const std::atomic<bool>& stopped_;
};

// The instance's share of the objects.
Result<bool> send_objects(Epoch& epoch, const PlannedInput& input, int index, int count) {
  for (std::size_t i = 0; i < input.objects.size(); ++i) {
    if (!input.goes_to(i, index, count)) continue;
    Result<bool> sent = epoch.send_object(*input.store, input.objects[i].key, input.objects[i].size_bytes);
    if (!sent) return std::move(sent).error().in(fmt::format("'{}'", shown(input.objects[i].key)));
    if (!*sent) return false;
  }
  return true;
}

Result<bool> send_line(Epoch& epoch, std::string_view line, const PlannedInput& input, store::Buckets& buckets) {
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
Result<bool> send_lines(Epoch& epoch, const PlannedInput& input, int index, int count, store::Buckets& buckets) {
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

Result<std::string> record_head(std::uint64_t size_bytes) {
  if (size_bytes > kMaxRecord)
    return Error{ErrorCode::kTooLarge, fmt::format("{} bytes: a record has less than 512 MiB", size_bytes)};
  constexpr std::uint32_t kMagic = 0xced7230a;
  std::string head;
  for (const std::uint32_t number : {kMagic, static_cast<std::uint32_t>(size_bytes)}) {
    for (unsigned shift = 0; shift < 32; shift += 8) head += static_cast<char>(number >> shift & 0xff);
  }
  return head;
}

std::string_view record_end(std::uint64_t size_bytes) {
  static constexpr std::string_view kZeros("\0\0\0", 3);
  return kZeros.substr(0, (4 - size_bytes % 4) % 4);
}

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
    Epoch epoch(*writer, input, feed.work, free_bytes_, stopped_);
    Result<bool> sent = input.attributes.empty() ? send_objects(epoch, input, index_, count)
                                                 : send_lines(epoch, input, index_, count, *job_.buckets);
    if (!sent) return failed_(std::move(sent).error().in("input " + shown(input.name)).message);
  }
}

}  // namespace chiliad::job
