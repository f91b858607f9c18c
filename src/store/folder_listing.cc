#include "store/folder_listing.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/utf8.h"
#include "store/folder_file.h"
#include "store/key.h"

namespace chiliad::store {
namespace {

constexpr std::string_view kTokenStart = "f1";
constexpr std::size_t kMostWalksKept = 2;
constexpr std::size_t kMostNamesKept = 1'000'000;

}  // namespace

std::optional<FolderListing::Paused> FolderListing::take_paused(const ListRequest& request) {
  MutexLock lock(mutex_);
  for (auto it = paused_.begin(); it != paused_.end(); ++it) {
    if (it->token != request.token || it->prefix != request.prefix || it->delimiter != request.delimiter) continue;
    std::optional<Paused> found(std::move(*it));
    paused_.erase(it);
    return found;
  }
  return std::nullopt;
}

void FolderListing::pause(Paused paused) {
  if (paused.walk.names_held() > kMostNamesKept) return;
  MutexLock lock(mutex_);
  paused_.push_front(std::move(paused));
  if (paused_.size() > kMostWalksKept) paused_.pop_back();
}

// The least key that the page may hold. Errors: kInvalid.
Result<std::string> FolderListing::first_key(const ListRequest& request) const {
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorCode::kInvalid, root_.string() + ": list: " + std::string(why)};
  };
  if (request.max_keys < 1 || request.max_keys > 1000) return refuse("max_keys has to be 1 to 1000");
  std::string bound = request.start_after.empty() ? "" : request.start_after + '\0';
  if (request.token.empty()) return bound;
  const std::string_view token = request.token;
  const std::string_view last = token.substr(std::min<std::size_t>(3, token.size()));
  if (last.empty() || !token.starts_with(kTokenStart) || (token[2] != 'k' && token[2] != 'g') || !is_utf8(last))
    return refuse("the token is not one of this store");
  return std::max(bound, token[2] == 'k' ? std::string(last) + '\0' : after_all_with(last));
}

Result<ListPage> FolderListing::list(const ListRequest& request, Deadline deadline) {
  Result<std::string> bound = first_key(request);
  if (!bound) return std::move(bound).error();
  std::optional<Paused> paused = request.token.empty() ? std::nullopt : take_paused(request);
  FolderWalk walk = paused ? std::move(paused->walk) : FolderWalk(root_, request.prefix);
  std::optional<std::string> key;
  if (paused) {
    key = std::move(paused->ahead);
  } else {
    walk.skip_to(std::move(*bound));
  }
  ListPage page;
  std::string last;
  for (int count = 0;;) {
    Result<Done> time_left = in_time(deadline);
    if (!time_left) return std::move(time_left).error().in(root_.string() + ": list");
    if (!key) {
      Result<std::optional<std::string>> next = walk.next();
      if (!next) return std::move(next).error().in(root_.string() + ": list");
      if (!*next) break;
      key = std::move(**next);
    }
    if (count == request.max_keys) {
      page.next_token = last;
      pause({last, request.prefix, request.delimiter, std::move(walk), std::move(*key)});
      break;
    }
    const std::size_t end =
        request.delimiter.empty() ? std::string::npos : key->find(request.delimiter, request.prefix.size());
    if (end != std::string::npos) {
      std::string group = key->substr(0, end + request.delimiter.size());
      walk.skip_to(after_all_with(group));
      last = std::string(kTokenStart) + 'g' + group;
      page.prefixes.push_back(std::move(group));
      ++count;
    } else {
      struct stat info {};
      if (::lstat((root_ / *key).c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
        page.objects.push_back(info_of(*key, info));
        last = std::string(kTokenStart) + 'k' + *key;
        ++count;
      }
    }
    key.reset();
  }
  return page;
}

}  // namespace chiliad::store
