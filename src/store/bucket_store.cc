#include "store/bucket_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "store/bucket_store_state.h"
#include "store/key.h"

namespace chiliad::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostDocumentBytes = 64 << 10;
constexpr std::int64_t kMostDocuments = 32;

// A change that is a function.
class BodyChange final : public Change {
 public:
  using Body = std::function<Result<Outcome<Done>>(sql::Database&)>;
  BodyChange(Body body, std::function<void()> after, std::function<void(Outcome<Done>)> answer)
      : body_(std::move(body)), after_(std::move(after)), answer_(std::move(answer)) {}

  Result<Done> apply(sql::Database& index) override {
    Result<Outcome<Done>> verdict = body_(index);
    if (!verdict) return std::move(verdict).error();
    verdict_ = *std::move(verdict);
    return Done{};
  }
  Result<Done> settle(sql::Database&) override {
    if (verdict_ && after_) after_();
    return Done{};
  }
  void answer(const Result<Done>& committed) override {
    answer_(committed ? std::move(verdict_) : Outcome<Done>(committed.error()));
  }

 private:
  Body body_;
  std::function<void()> after_;
  std::function<void(Outcome<Done>)> answer_;
  Outcome<Done> verdict_ = Done{};
};

Failure no_such_bucket() { return refuse(Refusal::kNoSuchBucket, "there is no such bucket"); }

Result<FileDescriptor> lock_home(const fs::path& home) {
  const fs::path path = home / "state" / "objects.lock";
  Result<FileDescriptor> lock = open_file(path, O_RDWR | O_CREAT);
  if (!lock) return lock;
  // A process that was just killed may have been about to start another, which holds the lock a moment longer.
  const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
  while (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock", path, errno);
    if (std::chrono::steady_clock::now() >= deadline)
      return Error{ErrorCode::kConflict,
                   home.string() + ": another process has its store open; stop it, or use another folder"};
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return lock;
}

}  // namespace

Result<IndexReaders::Borrowed> IndexReaders::borrow() {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<sql::Database> index = std::move(idle_.back());
      idle_.pop_back();
      return Borrowed(*this, std::move(index));
    }
  }
  Result<sql::Database> opened = sql::Database::open(path_, index_migrations(), {.read_only = true});
  if (!opened) return std::move(opened).error();
  return Borrowed(*this, std::make_unique<sql::Database>(*std::move(opened)));
}

void IndexReaders::give_back(std::unique_ptr<sql::Database> index) {
  constexpr std::size_t kMostIdle = 32;
  MutexLock lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(index));
}

Outcome<std::int64_t> BucketStoreState::bucket_id(sql::Database& index, std::string_view bucket) const {
  Result<std::optional<std::int64_t>> id = find_bucket(index, bucket);
  if (!id) return about(bucket, "", {Refusal::kNone, std::move(id).error()});
  if (!*id) return about(bucket, "", no_such_bucket());
  return **id;
}

Outcome<Done> BucketStoreState::check_bucket_and_key(std::string_view bucket, std::string_view key) {
  // Before the key: a name that is no bucket's may not become a path.
  if (!wrong_with_bucket_name(bucket).empty()) return about(bucket, "", no_such_bucket());
  const std::string_view wrong = wrong_with_s3_key(key);
  if (wrong.empty()) return Done{};
  return about(bucket, key,
               refuse(key.size() > kMostKeyBytes ? Refusal::kKeyTooLong : Refusal::kInvalidArgument,
                      "a key that is " + std::string(wrong)));
}

Failure BucketStoreState::about(std::string_view bucket, std::string_view key, Failure failure) const {
  failure.error = about_key("s3://" + std::string(bucket), key, std::move(failure.error));
  return failure;
}

Outcome<Done> BucketStoreState::change(std::function<Result<Outcome<Done>>(sql::Database&)> body,
                                       std::function<void()> after) {
  Awaited<Done> answer;
  queue->submit(std::make_unique<BodyChange>(std::move(body), std::move(after), answer.callback()));
  return answer.wait();
}

BucketStore::BucketStore(std::unique_ptr<BucketStoreState> state) : state_(std::move(state)) {}

BucketStore::~BucketStore() {
  state_->ending = true;
  if (state_->scanner.joinable()) state_->scanner.join();
}

Result<std::shared_ptr<BucketStore>> BucketStore::open(const fs::path& home, const Options& options) {
  std::error_code failed;
  fs::create_directories(home / "state", failed);
  if (failed) return system_error("make folder", home / "state", failed.value());
  FileDescriptor lock;
  if (!options.beside_server) {
    Result<FileDescriptor> locked = lock_home(home);
    if (!locked) return std::move(locked).error();
    lock = *std::move(locked);
  }
  Result<BucketFiles> files = BucketFiles::open(home / "store");
  if (!files) return std::move(files).error();
  Result<sql::Database> index =
      sql::Database::open(home / "state" / "objects.db", index_migrations(), {.sync = options.sync});
  if (!index) return std::move(index).error();
  auto state = std::make_unique<BucketStoreState>(home, options, *std::move(files));
  state->lock = std::move(lock);
  Result<bool> some_stay = options.beside_server ? Result<bool>(false) : state->recover(*index);
  if (!some_stay) return std::move(some_stay).error();
  Result<std::vector<std::string>> folders = state->files.list_bucket_folders();
  if (!folders) return std::move(folders).error();
  Result<Done> adopted = index->transaction([&] { return insert_missing_buckets(*index, *folders); });
  if (!adopted) return std::move(adopted).error();
  state->queue = std::make_unique<ChangeQueue>(*std::move(index), state->files,
                                               ChangeQueue::Settings{options.sync, options.beside_server, *some_stay});
  std::shared_ptr<BucketStore> store(new BucketStore(std::move(state)));
  if (options.scan_at_open)
    store->state_->scanner = std::thread([raw = store.get()] {
      const auto& tell = raw->state_->options.on_scan;
      // What fails is found again by the next scan, and told by `chiliad store check`.
      const Outcome<ScanReport> report = raw->scan("", [raw, &tell](const ScanReport& so_far) {
        if (tell) tell(so_far, nullptr);
        return !raw->state_->ending.load();
      });
      const Result<Done> end = report ? Result<Done>(Done{}) : Result<Done>(report.failure().error);
      if (tell && !raw->state_->ending.load()) tell(report ? *report : ScanReport{}, &end);
    });
  return store;
}

Outcome<Done> BucketStore::create_bucket(std::string_view bucket) {
  const std::string name(bucket);
  const std::string_view wrong = wrong_with_bucket_name(bucket);
  if (!wrong.empty())
    return state_->about("", "",
                         refuse(Refusal::kInvalidBucketName,
                                "no name for a bucket: '" + name.substr(0, 64) + "': " + std::string(wrong)));
  const int most = state_->options.most_buckets;
  return state_->change(
      [this, name, most](sql::Database& index) -> Result<Outcome<Done>> {
        Result<std::optional<std::int64_t>> found = find_bucket(index, name);
        if (!found) return std::move(found).error();
        if (*found)
          return Outcome<Done>(
              state_->about(name, "", refuse(Refusal::kBucketAlreadyOwnedByYou, "the bucket exists already")));
        Result<std::int64_t> count = count_buckets(index);
        if (!count) return std::move(count).error();
        if (*count >= most)
          return Outcome<Done>(state_->about(
              name, "", refuse(Refusal::kTooManyBuckets, "there are " + std::to_string(most) + " buckets already")));
        Result<Done> inserted = insert_bucket(index, {name, std::chrono::system_clock::now()});
        if (!inserted) return std::move(inserted).error();
        return Outcome<Done>(Done{});
      },
      // For people to see; a put would make it too.
      [this, name] { static_cast<void>(state_->files.make_bucket_folder(name)); });
}

Outcome<Done> BucketStore::delete_bucket(std::string_view bucket) {
  const std::string name(bucket);
  if (!wrong_with_bucket_name(bucket).empty()) return state_->about(bucket, "", no_such_bucket());
  auto parts = std::make_shared<std::vector<std::uint64_t>>();
  return state_->change(
      [this, name, parts](sql::Database& index) -> Result<Outcome<Done>> {
        Outcome<std::int64_t> id = state_->bucket_id(index, name);
        if (!id) return Outcome<Done>(std::move(id).failure());
        Result<bool> any = has_objects(index, *id);
        if (!any) return std::move(any).error();
        if (*any)
          return Outcome<Done>(state_->about(name, "", refuse(Refusal::kBucketNotEmpty, "there are objects in it")));
        // Before the row goes: files put there by hand would make it a bucket again.
        Result<Done> removed = state_->files.remove_bucket_folder(name);
        if (!removed && removed.error().code != ErrorCode::kConflict) return std::move(removed).error();
        if (!removed)
          return Outcome<Done>(state_->about(name, "",
                                             refuse(Refusal::kBucketNotEmpty,
                                                    "files were put into its folder by hand: "
                                                    "`chiliad store scan` makes objects of them")));
        Result<std::vector<std::uint64_t>> generations = part_generations_of_bucket(index, *id);
        if (!generations) return std::move(generations).error();
        *parts = *std::move(generations);
        Result<Done> deleted = delete_bucket_row(index, *id);
        if (!deleted) return std::move(deleted).error();
        return Outcome<Done>(Done{});
      },
      [this, parts] {
        for (const std::uint64_t generation : *parts) state_->files.remove_part(generation);
      });
}

Outcome<BucketInfo> BucketStore::head_bucket(std::string_view bucket) {
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Result<std::optional<BucketInfo>> info = read_bucket(**reader, bucket);
  if (!info) return std::move(info).error();
  if (!*info) return state_->about(bucket, "", no_such_bucket());
  return std::move(**info);
}

Outcome<std::vector<BucketInfo>> BucketStore::list_buckets(std::string_view prefix, std::string_view after,
                                                           int max_buckets) {
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Result<std::vector<BucketInfo>> buckets = read_buckets(**reader, prefix, after, max_buckets);
  if (!buckets) return std::move(buckets).error();
  return *std::move(buckets);
}

Outcome<std::string> BucketStore::bucket_document(std::string_view bucket, std::string_view name) {
  Result<IndexReaders::Borrowed> reader = state_->readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = state_->bucket_id(**reader, bucket);
  if (!id) return std::move(id).failure();
  Result<std::optional<std::string>> text = read_document(**reader, *id, name);
  if (!text) return std::move(text).error();
  if (!*text)
    return state_->about(bucket, "",
                         refuse(Refusal::kNoSuchDocument, "it has no document '" + std::string(name) + "'"));
  return std::move(**text);
}

Outcome<Done> BucketStore::put_bucket_document(std::string_view bucket, std::string_view name, std::string_view text) {
  if (name.empty() || name.size() > 64 || text.size() > kMostDocumentBytes)
    return state_->about(bucket, "",
                         refuse(Refusal::kInvalidArgument, "a bucket's document has at most 64 KiB and a name of 64"));
  return state_->change([this, bucket = std::string(bucket), name = std::string(name),
                         text = std::string(text)](sql::Database& index) -> Result<Outcome<Done>> {
    Outcome<std::int64_t> id = state_->bucket_id(index, bucket);
    if (!id) return Outcome<Done>(std::move(id).failure());
    Result<std::optional<std::string>> before = read_document(index, *id, name);
    if (!before) return std::move(before).error();
    Result<std::int64_t> count = count_documents(index, *id);
    if (!count) return std::move(count).error();
    if (!*before && *count >= kMostDocuments)
      return Outcome<Done>(state_->about(bucket, "", refuse(Refusal::kInvalidArgument, "it has 32 documents already")));
    Result<Done> written = write_document(index, *id, name, text);
    if (!written) return std::move(written).error();
    return Outcome<Done>(Done{});
  });
}

Outcome<Done> BucketStore::delete_bucket_document(std::string_view bucket, std::string_view name) {
  return state_->change(
      [this, bucket = std::string(bucket), name = std::string(name)](sql::Database& index) -> Result<Outcome<Done>> {
        Outcome<std::int64_t> id = state_->bucket_id(index, bucket);
        if (!id) return Outcome<Done>(std::move(id).failure());
        Result<Done> deleted = delete_document(index, *id, name);
        if (!deleted) return std::move(deleted).error();
        return Outcome<Done>(Done{});
      });
}

Subscription BucketStore::subscribe(BucketListener listener) { return state_->listeners.add(std::move(listener)); }

Result<Done> BucketStore::sync() {
  Result<Done> synced = sync_file_system(state_->files.root());
  if (!synced) return synced;
  return sync_file_system(state_->files.root().parent_path() / "state");
}

const fs::path& BucketStore::folder() const { return state_->files.root(); }

}  // namespace chiliad::store
