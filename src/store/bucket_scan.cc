// Files that were put, changed or removed by hand, and the index brought in line with them.
//
// Two passes over a bucket, neither of which holds more than 256 keys: the files, each compared with its row by size
// and modification time; then the rows, each looked for in the folder. What differs is looked at again inside the
// writer's transaction (by the server's or by this process beside it), where no row can change, with three rules that
// tell a hand's work from a change that is still under way:
//   - the row's bytes are still among the new ones: the writer is about to move them; leave it.
//   - there is no row, but an intent with the file's modification time: the writer is about to remove it; leave it.
//   - the file has the row's time but not its size: that is damage and no hand's work; complain, change nothing.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "store/bucket_store_state.h"
#include "store/key.h"
#include "store/tree_walk.h"

namespace chiliad::store {
namespace {

constexpr std::size_t kMostCandidates = 256;
constexpr std::size_t kMostComplaints = 100;

// A key whose row and file differ. `stamp` and `etag`: of the file as it was read, if there is one.
struct Candidate {
  std::string key;
  Place place = Place::kPlain;
  std::optional<FileStamp> stamp = {};
  std::string etag = {};
};

enum class Finding { kNothing, kUnchanged, kAdded, kUpdated, kRemoved, kDamaged };

// The MD5 of a file that nobody writes to meanwhile. Errors: kUnavailable: somebody does; kNotFound.
Result<Candidate> read_candidate(const BucketFiles& files, std::string_view bucket, std::string key, Place place) {
  const std::filesystem::path path = files.object_path(bucket, key, place);
  Result<FileDescriptor> file = files.open_object(bucket, key, place);
  if (!file) return std::move(file).error();
  Result<FileStamp> before = stamp_of(*file, path);
  if (!before) return std::move(before).error();
  Checksum md5(ChecksumKind::kMd5);
  std::string piece(std::min<std::size_t>(kCopyPiece, before->size_bytes + 1), '\0');
  while (true) {
    const ssize_t got = ::read(file->get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path, errno);
    if (got == 0) break;
    md5.update(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
  }
  Result<FileStamp> after = stamp_of(*file, path);
  if (!after) return std::move(after).error();
  if (*before != *after) return Error{ErrorCode::kUnavailable, "read " + path.string() + ": it is being written to"};
  return Candidate{std::move(key), place, *after, md5.finish().hex()};
}

// What is to be done about a candidate, by the index and the folder as they are now.
Result<Finding> judge(sql::Database& index, const BucketFiles& files, std::string_view bucket,
                      const Candidate& candidate, const std::optional<ObjectRow>& row) {
  if (row && (row->place != candidate.place || files.has_new(row->generation))) return Finding::kNothing;
  Result<FileStamp> stamp = files.stat_object(bucket, candidate.key, candidate.place);
  if (!stamp && stamp.error().code != ErrorCode::kNotFound) return Finding::kNothing;
  if (!stamp) return row ? Finding::kRemoved : Finding::kNothing;
  if (row && *stamp == row->stamp()) return Finding::kUnchanged;
  if (row && stamp->modified_ns == row->stamp().modified_ns) return Finding::kDamaged;
  if (!row) {
    Result<bool> going = is_going(index, bucket, candidate.key, stamp->modified_ns);
    if (!going) return std::move(going).error();
    if (*going) return Finding::kNothing;
  }
  // It changed again since it was read.
  if (!candidate.stamp || *candidate.stamp != *stamp) return Finding::kNothing;
  return row ? Finding::kUpdated : Finding::kAdded;
}

class AdoptChange final : public Change {
 public:
  using Findings = std::vector<Finding>;
  AdoptChange(BucketStoreState& store, std::string bucket, std::vector<Candidate> candidates,
              std::function<void(Outcome<Findings>)> callback)
      : store_(store), bucket_(std::move(bucket)), candidates_(std::move(candidates)), callback_(std::move(callback)) {}

  Result<Done> apply(sql::Database& index) override {
    findings_.clear();
    Result<std::optional<std::int64_t>> bucket = find_bucket(index, bucket_);
    if (!bucket) return std::move(bucket).error();
    for (const Candidate& candidate : candidates_) {
      findings_.push_back(Finding::kNothing);
      if (!*bucket) continue;
      Result<Done> adopted = adopt(index, **bucket, candidate);
      if (!adopted) return adopted;
    }
    return Done{};
  }

  void answer(const Result<Done>& committed) override {
    if (!committed) return callback_(committed.error());
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      if (findings_[i] >= Finding::kAdded && findings_[i] <= Finding::kRemoved)
        store_.listeners.tell(bucket_, candidates_[i].key);
    callback_(std::move(findings_));
  }

 private:
  Result<Done> adopt(sql::Database& index, std::int64_t bucket, const Candidate& candidate) {
    Result<std::optional<ObjectRow>> before = find_object(index, bucket, candidate.key);
    if (!before) return std::move(before).error();
    Result<Finding> finding = judge(index, store_.files, bucket_, candidate, *before);
    if (!finding) return std::move(finding).error();
    findings_.back() = *finding;
    if (*finding == Finding::kRemoved) return delete_object(index, bucket, **before);
    if (*finding != Finding::kAdded && *finding != Finding::kUpdated) return Done{};
    ObjectRow row;
    row.meta = {candidate.key, candidate.stamp->size_bytes,
                Instant(std::chrono::nanoseconds(candidate.stamp->modified_ns)), candidate.etag};
    row.generation = BucketFiles::new_generation();
    row.place = candidate.place;
    if (*before) {
      // Its type and tags are most likely those of before.
      row.meta.headers = (*before)->meta.headers;
      row.tags = (*before)->tags;
    }
    return write_object(index, bucket, row, *before);
  }

  BucketStoreState& store_;
  const std::string bucket_;
  const std::vector<Candidate> candidates_;
  std::function<void(Outcome<Findings>)> callback_;
  Findings findings_;
};

// One scan or check of one bucket.
class BucketScan {
 public:
  enum class Mode { kScan, kCheck, kCheckBytes };
  BucketScan(BucketStoreState& store, std::string bucket, Mode mode, const ScanProgress& progress, ScanReport& report)
      : store_(store), bucket_(std::move(bucket)), mode_(mode), progress_(progress), report_(report) {}

  // False: the progress function wants no more.
  Outcome<bool> run() {
    Outcome<bool> goes_on = exists();
    if (goes_on) goes_on = walk_files();
    if (goes_on && *goes_on) goes_on = flush();
    if (goes_on && *goes_on) goes_on = walk_rows();
    if (goes_on && *goes_on) goes_on = flush();
    return goes_on;
  }

 private:
  void complain(const std::string& what, std::string_view why) {
    if (report_.complaints.size() < kMostComplaints)
      report_.complaints.push_back(
          about_key((store_.files.root() / bucket_).string(), what, {ErrorCode::kInvalid, std::string(why)}).message);
  }
  void ignore(const std::string& path, std::string_view why) {
    ++report_.ignored;
    complain(path, why);
  }
  void count(Finding finding, const Candidate& candidate) {
    switch (finding) {
      case Finding::kNothing: break;
      case Finding::kUnchanged: ++report_.unchanged; break;
      case Finding::kAdded: ++report_.added; break;
      case Finding::kUpdated: ++report_.updated; break;
      case Finding::kRemoved: ++report_.removed; break;
      case Finding::kDamaged:
        complain(candidate.key, "its file has another size than was written: damaged");
        ++report_.ignored;
        break;
    }
  }

  Outcome<bool> exists() {
    Result<IndexReaders::Borrowed> reader = store_.readers.borrow();
    if (!reader) return std::move(reader).error();
    Outcome<std::int64_t> id = store_.bucket_id(**reader, bucket_);
    if (!id) return std::move(id).failure();
    return true;
  }
  Outcome<bool> walk_files();
  Outcome<Done> look_at(const std::string& path);
  Outcome<bool> walk_rows();
  Outcome<bool> flush();

  BucketStoreState& store_;
  const std::string bucket_;
  const Mode mode_;
  const ScanProgress& progress_;
  ScanReport& report_;
  std::vector<Candidate> candidates_;
};

Outcome<bool> BucketScan::walk_files() {
  TreeWalk walk(store_.files.root() / bucket_);
  for (std::uint64_t count = 1;; ++count) {
    Result<std::optional<TreeWalk::Entry>> entry = walk.next();
    if (!entry && entry.error().code == ErrorCode::kNotFound) {
      // Never filled, or not mounted: in no case are its objects gone.
      complain("", "it has no folder");
      return false;
    }
    if (!entry) return std::move(entry).error();
    if (!*entry) return true;
    if (!(*entry)->trouble.empty()) {
      ignore((*entry)->path, (*entry)->trouble);
    } else {
      Outcome<Done> looked = look_at((*entry)->path);
      if (!looked) return std::move(looked).failure();
    }
    if (candidates_.size() >= kMostCandidates || count % 1024 == 0) {
      Outcome<bool> goes_on = flush();
      if (!goes_on || !*goes_on) return goes_on;
    }
  }
}

Outcome<Done> BucketScan::look_at(const std::string& path) {
  ++report_.files;
  std::optional<KeyAndPlace> found = key_of_path(path);
  if (!found) {
    ignore(path, "no key has this path");
    return Done{};
  }
  Result<IndexReaders::Borrowed> reader = store_.readers.borrow();
  if (!reader) return std::move(reader).error();
  Outcome<std::int64_t> id = store_.bucket_id(**reader, bucket_);
  if (!id) return std::move(id).failure();
  Result<std::optional<ObjectRow>> row = find_object(**reader, *id, found->key);
  if (!row) return std::move(row).error();
  if (*row && (*row)->place != found->place) {
    ignore(path, "the key's object is in another file");
    return Done{};
  }
  Result<FileStamp> stamp = store_.files.stat_object(bucket_, found->key, found->place);
  const bool same = *row && stamp && *stamp == (*row)->stamp();
  if (same && mode_ != Mode::kCheckBytes) {
    ++report_.unchanged;
    return Done{};
  }
  Result<Candidate> candidate = read_candidate(store_.files, bucket_, found->key, found->place);
  if (!candidate) {
    if (candidate.error().code != ErrorCode::kNotFound) ignore(path, candidate.error().message);
    return Done{};
  }
  if (same && candidate->stamp == (*row)->stamp() && (*row)->meta.part_count == 0 &&
      candidate->etag != (*row)->meta.etag) {
    ignore(path, "its bytes have another MD5 than its ETag: damaged");
    return Done{};
  }
  candidates_.push_back(*std::move(candidate));
  return Done{};
}

Outcome<bool> BucketScan::walk_rows() {
  std::string after;
  while (true) {
    std::vector<KeyAndPlace> places;
    {
      Result<IndexReaders::Borrowed> reader = store_.readers.borrow();
      if (!reader) return std::move(reader).error();
      Outcome<std::int64_t> id = store_.bucket_id(**reader, bucket_);
      if (!id) return std::move(id).failure();
      Result<std::vector<KeyAndPlace>> page = list_places(**reader, *id, after, 512);
      if (!page) return std::move(page).error();
      places = *std::move(page);
    }
    if (places.empty()) return true;
    after = places.back().key;
    for (KeyAndPlace& place : places) {
      if (place.place == Place::kPlain && !has_plain_path(place.key)) continue;
      Result<FileStamp> stamp = store_.files.stat_object(bucket_, place.key, place.place);
      if (!stamp && stamp.error().code == ErrorCode::kNotFound)
        candidates_.push_back({std::move(place.key), place.place});
    }
    Outcome<bool> goes_on = flush();
    if (!goes_on || !*goes_on) return goes_on;
  }
}

Outcome<bool> BucketScan::flush() {
  if (!candidates_.empty() && mode_ == Mode::kScan) {
    Awaited<AdoptChange::Findings> answer;
    store_.queue->submit(std::make_unique<AdoptChange>(store_, bucket_, candidates_, answer.callback()));
    Outcome<AdoptChange::Findings> findings = answer.wait();
    if (!findings) return std::move(findings).failure();
    for (std::size_t i = 0; i < candidates_.size(); ++i) count((*findings)[i], candidates_[i]);
  } else if (!candidates_.empty()) {
    Result<IndexReaders::Borrowed> reader = store_.readers.borrow();
    if (!reader) return std::move(reader).error();
    Outcome<std::int64_t> id = store_.bucket_id(**reader, bucket_);
    if (!id) return std::move(id).failure();
    for (const Candidate& candidate : candidates_) {
      Result<std::optional<ObjectRow>> row = find_object(**reader, *id, candidate.key);
      if (!row) return std::move(row).error();
      Result<Finding> finding = judge(**reader, store_.files, bucket_, candidate, *row);
      if (!finding) return std::move(finding).error();
      count(*finding, candidate);
    }
  }
  candidates_.clear();
  return !progress_ || progress_(report_);
}

// All buckets, or the one named.
Outcome<ScanReport> scan_buckets(BucketStoreState& store, std::vector<std::string> buckets, BucketScan::Mode mode,
                                 const ScanProgress& progress) {
  ScanReport report;
  for (std::string& bucket : buckets) {
    Outcome<bool> goes_on = BucketScan(store, bucket, mode, progress, report).run();
    if (!goes_on && goes_on.failure().refusal == Refusal::kNoSuchBucket && buckets.size() > 1) continue;
    if (!goes_on) return std::move(goes_on).failure();
    if (!*goes_on && progress && !progress(report)) break;
  }
  return report;
}

}  // namespace

Outcome<Done> BucketStoreState::adopt(std::string_view bucket, std::string_view key, Place place) {
  Result<Candidate> candidate = read_candidate(files, bucket, std::string(key), place);
  if (!candidate) return about(bucket, key, {Refusal::kNone, std::move(candidate).error()});
  Awaited<AdoptChange::Findings> answer;
  queue->submit(
      std::make_unique<AdoptChange>(*this, std::string(bucket), std::vector{*std::move(candidate)}, answer.callback()));
  Outcome<AdoptChange::Findings> findings = answer.wait();
  if (!findings) return std::move(findings).failure();
  return Done{};
}

Outcome<ScanReport> BucketStore::scan(std::string_view bucket, const ScanProgress& progress) {
  Result<std::vector<std::string>> folders = state_->files.list_bucket_folders();
  if (!folders) return std::move(folders).error();
  if (!bucket.empty()) std::erase_if(*folders, [&](const std::string& name) { return name != bucket; });
  Outcome<Done> known = state_->change([&](sql::Database& index) -> Result<Outcome<Done>> {
    Result<Done> inserted = insert_missing_buckets(index, *folders);
    if (!inserted) return std::move(inserted).error();
    return Outcome<Done>(Done{});
  });
  if (!known) return std::move(known).failure();
  if (!bucket.empty()) return scan_buckets(*state_, {std::string(bucket)}, BucketScan::Mode::kScan, progress);
  return scan_buckets(*state_, *std::move(folders), BucketScan::Mode::kScan, progress);
}

Outcome<ScanReport> BucketStore::check(std::string_view bucket, bool read_bytes, const ScanProgress& progress) {
  const BucketScan::Mode mode = read_bytes ? BucketScan::Mode::kCheckBytes : BucketScan::Mode::kCheck;
  if (!bucket.empty()) return scan_buckets(*state_, {std::string(bucket)}, mode, progress);
  Outcome<std::vector<BucketInfo>> buckets = list_buckets();
  if (!buckets) return std::move(buckets).failure();
  std::vector<std::string> names;
  for (BucketInfo& info : *buckets) names.push_back(std::move(info.name));
  return scan_buckets(*state_, std::move(names), mode, progress);
}

}  // namespace chiliad::store
