#include "job/folder_sync.h"

#include <unordered_set>

#include "job/location.h"
#include "job/open_files.h"
#include "job/parallel.h"

namespace chiliad::job {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxTold = 1000;

std::string without_slashes(std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix;
}

}  // namespace

FolderSync::FolderSync(fs::path root, std::string folder, std::shared_ptr<store::ObjectStore> store, std::string prefix,
                       int volume_size_gb)
    : root_(std::move(root)),
      folder_(std::move(folder)),
      store_(std::move(store)),
      prefix_(without_slashes(std::move(prefix))),
      volume_size_gb_(volume_size_gb) {}

std::string FolderSync::key_of(std::string_view name) const { return join_key(prefix_, name); }

Result<Done> FolderSync::restore(const TransferLimits& limits, const std::atomic<bool>& cancel) {
  PlannedInput plan;
  plan.name = folder_;
  plan.folder = folder_;
  plan.store = store_;
  const std::size_t skip = prefix_.empty() ? 0 : prefix_.size() + 1;
  store::ListRequest request;
  request.prefix = prefix_.empty() ? "" : prefix_ + "/";
  while (true) {
    if (cancel.load()) return Error{ErrorCode::kUnavailable, "the job is being stopped"};
    Result<store::ListPage> page = store_->list(request, limits.deadline);
    if (!page) return std::move(page).error().in("checkpoints");
    for (store::ObjectInfo& object : page->objects) {
      if (object.key.ends_with('/')) continue;
      if (const std::string_view wrong = wrong_with_file_name(std::string_view(object.key).substr(skip));
          !wrong.empty()) {
        return Error{ErrorCode::kInvalid, "checkpoints: key '" + shown(object.key) + "': " + std::string(wrong)};
      }
      if (plan.objects.size() >= kMaxFolderFiles)
        return Error{ErrorCode::kTooLarge, "checkpoints: more than " + std::to_string(kMaxFolderFiles) + " objects"};
      plan.objects.push_back({std::move(object.key), static_cast<std::uint32_t>(skip), object.size_bytes});
    }
    if (!page->next_token) break;
    request.token = *page->next_token;
  }
  if (Result<Done> done = download_share(plan, 0, 1, root_, limits, cancel); !done) return done;
  Result<FolderFiles> found = scan_folder(root_, folder_);
  if (!found) return std::move(found).error();
  for (FoundFile& file : found->files) known_[std::move(file.name)] = {file.stamp, file.stamp, true};
  return Done{};
}

void FolderSync::forget_gone(const std::vector<FoundFile>& files) {
  std::unordered_set<std::string_view> there;
  for (const FoundFile& file : files) there.insert(file.name);
  std::erase_if(known_, [&](const auto& known) { return !there.contains(known.first); });
}

FolderSync::Due FolderSync::find_due(FolderFiles& found, bool last, Pass& pass) {
  for (std::string& message : found.left_out) {
    if (told_.size() < kMaxTold && told_.emplace(message, true).second) pass.left_out.push_back(std::move(message));
  }
  Due due;
  for (const FoundFile& file : found.files) {
    Known& known = known_[file.name];
    const bool settled = last || known.seen == file.stamp;
    known.seen = file.stamp;
    if (settled && !(known.is_stored && known.stored == file.stamp)) due.emplace_back(&file, &known);
  }
  if (known_.size() > 2 * found.files.size() + kMaxTold) forget_gone(found.files);
  return due;
}

Result<Done> FolderSync::store(const FoundFile& file, Known& known, const std::function<std::vector<pid_t>()>* pids,
                               Deadline deadline, std::atomic<std::uint64_t>& stored) {
  Result<OpenedFile> opened = open_found(root_, folder_, file.name);
  if (!opened) {
    if (opened.error().code == ErrorCode::kNotFound) return Done{};  // Gone again: the job's right.
    return std::move(opened).error();
  }
  if (pids != nullptr && (!(opened->stamp == file.stamp) || is_written(opened->file, *pids))) return Done{};
  Result<store::ObjectInfo> info = store_->upload(opened->path(), key_of(file.name), deadline);
  if (!info) {
    // It grew while it was read: the next pass has it, unless there is none.
    Result<OpenedFile> again = open_found(root_, folder_, file.name);
    if (pids != nullptr && again && !(again->stamp == opened->stamp)) return Done{};
    return std::move(info).error();
  }
  known.stored = opened->stamp;
  known.is_stored = true;
  stored.fetch_add(1);
  return Done{};
}

Result<FolderSync::Pass> FolderSync::pass_over(const std::function<std::vector<pid_t>()>* pids, int threads,
                                               Deadline deadline) {
  Result<FolderFiles> found = scan_folder(root_, folder_);
  if (!found) return std::move(found).error();
  if (Result<Done> size = check_size_to_store(found->size_bytes, volume_size_gb_); !size)
    return std::move(size).error().in(folder_);
  Pass pass;
  const Due due = find_due(*found, pids == nullptr, pass);
  std::atomic<std::uint64_t> stored{0};
  Result<Done> done = each_in_parallel(
      due.size(), threads, [&](std::size_t i) { return store(*due[i].first, *due[i].second, pids, deadline, stored); });
  if (!done) return std::move(done).error().in(folder_);
  pass.stored = stored.load();
  return pass;
}

Result<FolderSync::Pass> FolderSync::pass(const std::function<std::vector<pid_t>()>& pids, int threads,
                                          Deadline deadline) {
  return pass_over(&pids, threads, deadline);
}

Result<FolderSync::Pass> FolderSync::last_pass(int threads, Deadline deadline) {
  return pass_over(nullptr, threads, deadline);
}

}  // namespace chiliad::job
